"""Random changes depend on (seed, epoch, index) alone and leave the stored pairs alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stored_pairs import ACQUISITION, COUNT, SCALING, as_numpy, write_pairs

from geoml.errors import OptionError, StoreError
from geoml.physics.edges import velocity_edges
from geoml.preprocess.recipe import build_steps, step_specs
from geoml.samples import Augmentation
from geoml.samples.dataset import PairDataset
from geoml.samples.loader import pair_loader
from geoml.samples.wavelet_change import Wavelet
from geoml.survey.noise_bank import NoiseBank


def test_augmentation_depends_on_epoch_and_index_not_on_the_batch(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], [3, 5, 8], SCALING, Augmentation(), seed=1)
    together = dataset.__getitems__([0, 1, 2])["shots"]
    single = torch.stack([dataset[i]["shots"] for i in (0, 1, 2)])
    assert torch.equal(together, single)
    other_order = PairDataset(pairs[0], [8, 3], SCALING, Augmentation(), seed=1)
    assert torch.equal(other_order[1]["shots"], together[0])
    dataset.set_epoch(1)
    assert not torch.equal(dataset[0]["shots"], together[0])
    dataset.set_epoch(0)
    assert torch.equal(dataset[0]["shots"], together[0])
    other_seed = PairDataset(pairs[0], [3], SCALING, Augmentation(), seed=2)
    assert not torch.equal(other_seed[0]["shots"], together[0])


def test_epochs_reach_workers_that_live_on(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], np.arange(4), SCALING, Augmentation())
    loader = pair_loader(dataset, 4, workers=1)
    here = pair_loader(PairDataset(pairs[0], np.arange(4), SCALING, Augmentation()), 4)
    seen = []
    for epoch in range(3):
        for each in (loader, here):
            each.sampler.set_epoch(epoch)
        shots = next(iter(loader))["shots"]
        assert torch.equal(shots, next(iter(here))["shots"])
        seen.append(shots)
    assert not torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[1], seen[2])


def test_augmenting_leaves_the_stored_pairs_alone(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], [0], SCALING, Augmentation(mirror_probability=1.0))
    first = dataset[0]["shots"]
    for _ in range(3):
        assert torch.equal(dataset[0]["shots"], first)


def test_mirrored_sample_flips_edges_with_the_section(pairs: Any) -> None:
    path, _, velocity = pairs
    flip = Augmentation(snr_db=None, dead_fraction=0, trace_gain_db=0, mirror_probability=1.0)
    sample = as_numpy(PairDataset(path, [4], SCALING, flip)[0])
    flipped = velocity[4][:, ::-1]
    assert np.allclose(sample["velocity"], (flipped - 2000) / 500, atol=1e-5)
    assert np.array_equal(sample["edges"], velocity_edges(flipped))


def test_window_that_is_not_its_mirror_image_gets_a_channel_a_position(tmp_path: Path) -> None:
    path = tmp_path / "pairs.zarr"
    source_m = np.array([0.0, 40.0])  # mirrored: 100 and 60 m
    amplitude, velocity = write_pairs(
        path, acquisition=dataclasses.replace(ACQUISITION, source_distance_m=source_m)
    )
    still = Augmentation(snr_db=None, dead_fraction=0, trace_gain_db=0, mirror_probability=0.5)
    dataset = PairDataset(path, np.arange(COUNT), SCALING, still)
    assert dataset.input_acquisition.source_distance_m.tolist() == [0, 40, 60, 100]
    flipped = 0
    for index in range(COUNT):
        sample = as_numpy(dataset[index])
        assert sample["shots"].shape == (4, 20, 3)
        record = amplitude[index].transpose(0, 2, 1) / 2
        if sample["shots"][:2].any():
            assert np.allclose(sample["shots"][:2], record)
            assert not sample["shots"][2:].any()
        else:
            flipped += 1
            assert np.allclose(sample["shots"][2:], record[::-1, :, ::-1])
            assert np.allclose(sample["velocity"], (velocity[index][:, ::-1] - 2000) / 500)
    assert 0 < flipped < COUNT
    # Without augmentation the channels can be asked for: that is how such a network is scored.
    plain = PairDataset(path, [1], SCALING, mirror=dataset.mirror)
    assert np.allclose(plain[0]["shots"][:2], amplitude[1].transpose(0, 2, 1) / 2)


def test_noise_spares_the_mute_and_nothing_else(tmp_path: Path) -> None:
    noisy = Augmentation(snr_db=(0.0, 0.0), noise_probability=1.0, dead_fraction=0.0)
    for name, steps in (("muted", [{"mute_top": {}}]), ("open", [{"agc": {"window_s": 0.5}}])):
        write_pairs(tmp_path / name, steps)
        shots = PairDataset(tmp_path / name, [0], SCALING, noisy)[0]["shots"]
        assert bool(shots[:, :5].any()) == (name == "open")
        assert shots[:, 5:].all()


def test_trace_gain_is_left_out_where_the_processing_levels_traces(tmp_path: Path) -> None:
    gain = Augmentation(snr_db=None, dead_fraction=0, trace_gain_db=6.0)
    by_trace: list[Any] = [{"bandpass": {"low_hz": 3}}, {"normalise": {"by": "trace"}}]
    for number, (steps, levelled) in enumerate(
        [(by_trace, True), (["agc"], True), ([{"normalise": {"by": "gather"}}], False)]
    ):
        path = tmp_path / str(number)
        amplitude, _ = write_pairs(path, steps)
        dataset = PairDataset(path, [0], SCALING, gain)
        same = np.allclose(dataset[0]["shots"], amplitude[0].transpose(0, 2, 1) / 2)
        assert same == levelled
        assert (len(dataset.notes) == 1) == levelled
    assert (
        "Step 'normalise' levels the traces"
        in PairDataset(tmp_path / "0", [0], SCALING, gain).notes[0]
    )


def test_scaled_velocities_stay_in_the_range_of_the_chosen_pairs(pairs: Any) -> None:
    path, _, velocity = pairs
    scaling = Augmentation(
        snr_db=None, dead_fraction=0, trace_gain_db=0, velocity_factor=(0.5, 2.0)
    )
    chosen = [2, 5, 7]
    dataset = PairDataset(path, chosen, SCALING, scaling)
    scaled = SCALING.unscale_velocity(
        np.concatenate([dataset.__getitems__([0, 1, 2])["velocity"] for _ in range(3)])
    )
    assert not np.allclose(scaled[:3], velocity[chosen])
    assert scaled.min() >= velocity[chosen].min() - 0.1
    assert scaled.max() <= velocity[chosen].max() + 0.1


def test_velocity_of_muted_gathers_cannot_be_scaled(tmp_path: Path) -> None:
    write_pairs(tmp_path / "muted", [{"mute_top": {"velocity_m_s": 1500}}])
    with pytest.raises(OptionError, match=r"moves the arrivals but not the mute .*mute_top"):
        PairDataset(tmp_path / "muted", [0], SCALING, Augmentation(velocity_factor=(0.9, 1.0)))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([{"nmo": {"velocity_m_s": 2000}}], "'nmo' has velocities of its own"),
        ([{"gain_time_power": {"power": 2.0}}], "nothing levels the gathers after 'gain_time_po"),
        ([{"normalise": {}}, {"time_power": {"power": 1.0}}], "put normalise behind it"),
    ],
)
def test_velocity_is_not_scaled_under_what_goes_by_time(
    tmp_path: Path, steps: list[Any], said: str
) -> None:
    write_pairs(tmp_path / "pairs", step_specs(build_steps(steps)))
    scaling = Augmentation(velocity_factor=(0.9, 1.0))
    with pytest.raises(OptionError, match=said):
        PairDataset(tmp_path / "pairs", [0], SCALING, scaling)
    write_pairs(tmp_path / "levelled", [{"gain_time_power": {"power": 2.0}}, {"normalise": {}}])
    PairDataset(tmp_path / "levelled", [0], SCALING, scaling)


def test_noise_that_does_not_fit_is_refused_before_a_pair_is_drawn(
    pairs: Any, tmp_path: Path
) -> None:
    bank = tmp_path / "noise.npz"
    patches = np.random.default_rng(0).standard_normal((4, 8, 2)).astype(np.float32)
    NoiseBank(patches, ACQUISITION.dt_s).save(bank)
    augment = Augmentation(noise_bank=str(bank))
    assert len(PairDataset(pairs[0], [0], SCALING, augment)) == 1
    slow, cut = tmp_path / "slow.npz", tmp_path / "cut.npz"
    NoiseBank(patches, 2 * ACQUISITION.dt_s).save(slow)
    cut.write_bytes(bank.read_bytes()[:-40])
    for path, error, message in (
        (slow, OptionError, "samples of 0.016 s, the gathers of 0.008 s"),
        (cut, StoreError, "cut.npz: not a noise bank"),
        (tmp_path / "none.npz", StoreError, "none.npz: not a noise bank"),
    ):
        with pytest.raises(error, match=message):
            PairDataset(pairs[0], [0], SCALING, Augmentation(noise_bank=str(path)))


def test_changes_are_those_of_the_wavelet_of_the_store(pairs: Any) -> None:
    path, amplitude, velocity = pairs
    augment = Augmentation(snr_db=None, dead_fraction=0.0, trace_gain_db=0.0, peak_octaves=0.5)
    shots = PairDataset(path, [4], SCALING, augment, seed=7)[0]["shots"].numpy()
    wavelet = Wavelet(ACQUISITION.wavelet, ACQUISITION.dt_s, ACQUISITION.wavelet_start_s)
    given = np.swapaxes(amplitude[4], 1, 2)
    expected, _ = augment(
        given,
        velocity[4],
        np.random.default_rng([7, 0, 4]),
        dt_s=ACQUISITION.dt_s,
        wavelet=wavelet,
    )
    np.testing.assert_allclose(shots, SCALING.scale_shots(expected), rtol=1e-6)
    assert np.abs(expected - given).max() > 0.1
