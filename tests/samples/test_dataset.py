"""Batches are the stored pairs, scaled; randomness depends on (seed, epoch, index) alone."""

from __future__ import annotations

import dataclasses
import pickle
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError, StoreError
from geoml.physics.edges import velocity_edges
from geoml.samples import Augmentation, Scaling
from geoml.samples.dataset import PairDataset, fit_pair_scaling
from geoml.samples.loader import pair_loader
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs

COUNT = 12
ACQUISITION = Acquisition(
    source_distance_m=np.array([0.0, 100.0]),
    source_depth_m=np.zeros(2),
    receiver_distance_m=np.array([[0.0, 50.0, 100.0]] * 2),
    receiver_depth_m=np.zeros((2, 3)),
    dt_s=0.008,
    n_samples=20,
    spacing_m=20.0,
    n_depth=4,
    n_distance=6,
    wavelet=np.ones(3),
    wavelet_start_s=0.0,
    max_frequency_hz=20.0,
    free_surface=False,
)
SCALING = Scaling(amplitude=2.0, velocity_centre_m_s=2000.0, velocity_scale_m_s=500.0)


def write_pairs(
    path: Path, steps: list[Any] | None = None, acquisition: Acquisition = ACQUISITION
) -> tuple[np.ndarray, np.ndarray]:
    """A store of random pairs; its amplitude and velocity."""
    rng = np.random.default_rng(0)
    amplitude = rng.standard_normal((COUNT, 2, 3, 20)).astype(np.float32)
    amplitude[..., :5] = 0
    velocity = rng.uniform(1500, 3500, (COUNT, 4, 6)).astype(np.float32)
    attrs = {"families": ["flat_layers"], "steps": steps or [], "provenance": {}}
    writer = create_pairs(path, acquisition, COUNT, attrs)
    writer.write(0, amplitude, velocity, np.zeros(COUNT, np.int32))
    writer.finish()
    return amplitude, velocity


@pytest.fixture
def pairs(tmp_path: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    return tmp_path / "pairs.zarr", *write_pairs(tmp_path / "pairs.zarr")


def as_numpy(batch: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: values.numpy() for name, values in batch.items()}


@pytest.mark.parametrize("memory_limit_gb", [4.0, 0.0])
def test_samples_are_the_stored_pairs_scaled(pairs: Any, memory_limit_gb: float) -> None:
    path, amplitude, velocity = pairs
    dataset = PairDataset(path, [7, 2, 9], SCALING, memory_limit_gb=memory_limit_gb)
    assert dataset.in_memory == (memory_limit_gb > 0)
    assert len(dataset) == 3
    for position, index in enumerate([7, 2, 9]):
        sample = as_numpy(dataset[position])
        assert {name: v.dtype for name, v in sample.items()} == dict.fromkeys(sample, np.float32)
        # Stored (shot, receiver, time), batched (shot, time, receiver).
        assert np.allclose(sample["shots"], amplitude[index].transpose(0, 2, 1) / 2)
        assert np.allclose(sample["velocity"], (velocity[index] - 2000) / 500, atol=1e-5)
        assert np.array_equal(sample["edges"], velocity_edges(velocity[index]))


@pytest.mark.parametrize("memory_limit_gb", [4.0, 0.0])
@pytest.mark.parametrize("workers", [0, 1])
def test_loader_gives_every_pair_once(pairs: Any, memory_limit_gb: float, workers: int) -> None:
    path, amplitude, _ = pairs
    dataset = PairDataset(path, np.arange(COUNT), SCALING, memory_limit_gb=memory_limit_gb)
    batches = list(pair_loader(dataset, 5, shuffle=True, workers=workers))
    assert [tuple(batch["shots"].shape) for batch in batches] == [
        (5, 2, 20, 3), (5, 2, 20, 3), (2, 2, 20, 3),
    ]  # fmt: skip
    shots = torch.cat([batch["shots"] for batch in batches]).numpy()
    expected = amplitude.transpose(0, 1, 3, 2) / 2
    order = [int(np.abs(expected - shot).max(axis=(1, 2, 3)).argmin()) for shot in shots]
    assert sorted(order) == list(range(COUNT))
    assert order != list(range(COUNT))
    assert np.allclose(shots, expected[order])


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


@cache
def half_dataset() -> PairDataset:
    with tempfile.TemporaryDirectory() as folder:
        write_pairs(Path(folder) / "pairs")
        return PairDataset(Path(folder) / "pairs", [0], SCALING, memory_dtype="float16")


@settings(deadline=None, max_examples=50)
@given(st.floats(-6, 6), st.integers(0, 1000))
def test_half_precision_in_memory_is_66_db_under_the_gathers(magnitude: float, seed: int) -> None:
    # Field amplitudes have any unit and span many decades within a record.
    rng = np.random.default_rng(seed)
    decades = rng.uniform(-4, 2, (1, 2, 20, 3))
    shots = (10**magnitude * 10**decades * rng.standard_normal((1, 2, 20, 3))).astype(np.float32)
    rms = float(np.sqrt(np.mean(np.square(shots, dtype=np.float64))))
    half = half_dataset()
    half.scaling = dataclasses.replace(SCALING, amplitude=rms)
    error = half.unpacked(half.packed(shots)) - shots
    assert np.sqrt(np.mean(error**2)) < 10 ** (-66 / 20) * rms
    # No sample is lost but those 120 dB under the rest.
    assert (np.abs(error) <= np.maximum(np.abs(shots) / 2000, 1e-6 * rms)).all()


def test_half_precision_holds_the_same_pairs_in_half_the_memory(pairs: Any) -> None:
    path, amplitude, velocity = pairs
    whole_bytes = amplitude.nbytes + velocity.nbytes
    half = PairDataset(
        path, np.arange(COUNT), SCALING, memory_dtype="float16",
        memory_limit_gb=(amplitude.nbytes / 2 + velocity.nbytes + 1) / 1e9,
    )  # fmt: skip
    assert half.in_memory
    limit = (whole_bytes - 1) / 1e9
    assert not PairDataset(path, np.arange(COUNT), SCALING, memory_limit_gb=limit).in_memory
    sample = as_numpy(half[3])
    assert sample["shots"].dtype == np.float32
    assert np.allclose(sample["shots"], amplitude[3].transpose(0, 2, 1) / 2, rtol=1e-3, atol=1e-6)
    assert np.allclose(sample["velocity"], (velocity[3] - 2000) / 500, atol=1e-5)
    assert not np.array_equal(sample["shots"], amplitude[3].transpose(0, 2, 1) / 2)


def test_gathers_beyond_half_precision_are_refused(pairs: Any) -> None:
    faint = dataclasses.replace(SCALING, amplitude=1e-5)
    with pytest.raises(OptionError, match=r"times their RMS amplitude, float16 holds 65000; keep"):
        PairDataset(pairs[0], [0], faint, memory_dtype="float16")


@pytest.mark.parametrize("memory_limit_gb", [4.0, 0.0])
def test_dataset_survives_pickling(pairs: Any, memory_limit_gb: float) -> None:
    dataset = PairDataset(pairs[0], [1, 2], SCALING, memory_limit_gb=memory_limit_gb)
    before = dataset[1]["shots"]
    copy = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copy[1]["shots"], before)


def test_order_depends_on_seed_and_epoch_alone(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], np.arange(COUNT), SCALING)

    def order(seed: int, epoch: int, shuffle: bool = True) -> list[int]:
        sampler = pair_loader(dataset, 4, shuffle=shuffle, seed=seed).sampler
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(0, 3) == order(0, 3)
    assert order(0, 3) != order(0, 4)
    assert order(0, 3) != order(1, 3)
    assert order(0, 3, shuffle=False) == list(range(COUNT))


def test_scaling_is_fitted_on_the_chosen_pairs_only(pairs: Any) -> None:
    path, amplitude, velocity = pairs
    chosen = np.array([1, 4, 6])
    scaling = fit_pair_scaling(path, chosen)
    rms = np.sqrt(np.mean(amplitude[chosen].astype(float) ** 2))
    assert scaling.amplitude == pytest.approx(rms, rel=1e-6)
    assert scaling.velocity_centre_m_s == pytest.approx(velocity[chosen].mean(dtype=float))
    assert scaling.velocity_scale_m_s == pytest.approx(velocity[chosen].std(dtype=float))


@pytest.mark.parametrize(("drop_last", "batches"), [(False, 3), (True, 2)])
def test_last_batch_is_dropped_on_request(pairs: Any, drop_last: bool, batches: int) -> None:
    dataset = PairDataset(pairs[0], np.arange(COUNT), SCALING)
    assert len(list(pair_loader(dataset, 5, drop_last=drop_last))) == batches


def test_small_part_gives_a_batch_even_when_the_last_is_dropped(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], np.arange(3), SCALING)
    assert len(list(pair_loader(dataset, 5, drop_last=True))) == 1


@pytest.mark.parametrize("indices", [[COUNT], [-1], []])
def test_pairs_that_are_not_there_are_refused(pairs: Any, indices: list[int]) -> None:
    with pytest.raises(OptionError, match=f"holds {COUNT} pairs; asked for {len(indices)}"):
        PairDataset(pairs[0], indices, SCALING)


def test_missing_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        PairDataset(tmp_path / "nothing.zarr", [0], SCALING)


def test_empty_batches_are_refused(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], [0], SCALING)
    with pytest.raises(OptionError, match="Batches of 0 by 0 workers"):
        pair_loader(dataset, 0)


def test_acquisition_comes_with_the_pairs(pairs: Any) -> None:
    dataset = PairDataset(pairs[0], [0], SCALING)
    assert dataset.acquisition.to_dict() == ACQUISITION.to_dict()
    assert dataset.input_acquisition is dataset.acquisition
    assert dataclasses.astuple(dataset.scaling) == (2.0, 2000.0, 500.0)
