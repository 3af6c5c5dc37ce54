"""Training of denoisers: it learns, starts warm, keeps what prediction needs, samples surveys."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers import GATHER_MODELS
from geoml.network_checkpoint import (
    NetworkCheckpoint,
    load_network_checkpoint,
    save_network_checkpoint,
)
from geoml.synthetic.noise.white import White
from geoml.synthetic.noisy_patches import NoisyPatches
from geoml.synthetic.reflection_section import ReflectionSection
from geoml.tasks.denoise import BlindSpot, BlindTrace, DenoiseTask, Supervised, denoise_task
from geoml.training.denoise import gentler, train_denoiser
from geoml.training.denoise_data import GatherPatches, SyntheticPatches, patch_batches
from geoml.training.denoise_options import DenoiseOptions
from geoml.training.fit_network import FitOptions

PATCH = (16, 32)
SLIM = {"widths": (8, 16), "blocks": 1}
SECTION = ReflectionSection(peak_of_nyquist=(0.2, 0.2), gather_share=0, steepest=0.5)
NOISY = SyntheticPatches(NoisyPatches((White(level=(1, 1)),), SECTION, mute_chance=0))


def quick(**options: object) -> FitOptions:
    usual = {"steps": 30, "batch_size": 8, "validate_every": 30, "accelerator": "cpu"}
    return FitOptions(**{**usual, **options})


def trained(task: DenoiseTask, **options: object) -> NetworkCheckpoint:
    given = {"fit": quick(), "model_options": SLIM, "patch_shape": PATCH, **options}
    return train_denoiser(NOISY, task, given.pop("fit"), **given)


def test_supervised_network_gains_more_than_its_trivial_rows() -> None:
    checkpoint = trained(
        Supervised(), validation=NOISY, fit=quick(steps=80, ema_decay=0.9, learning_rate=3e-3)
    )
    scores = checkpoint.training["scores"]
    assert scores["gain_db/network"] > max(2.0, scores["gain_db/silence"] + 1)


def test_checkpoint_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    task = BlindTrace(every=3)
    save_network_checkpoint(trained(task, dt_s=0.002), tmp_path / "net")
    checkpoint = load_network_checkpoint(tmp_path / "net", "denoise")
    assert denoise_task(checkpoint.settings["task"]) == task
    assert checkpoint.settings["patch_shape"] == list(PATCH)
    assert checkpoint.settings["dt_s"] == 0.002
    signal = checkpoint.network(GATHER_MODELS)(torch.randn(1, *PATCH))["signal"]
    assert signal.shape == (1, *PATCH)


def test_training_comes_again_with_its_seed() -> None:
    first, again, other = (
        trained(BlindSpot(), fit=quick(steps=3, seed=seed)) for seed in (0, 0, 1)
    )
    for name, value in first.state.items():
        torch.testing.assert_close(value, again.state[name])
    assert any(not torch.equal(v, other.state[n]) for n, v in first.state.items())


def test_warm_start_begins_where_the_other_ended() -> None:
    start = trained(Supervised())
    nothing = quick(steps=1, learning_rate=1e-12, muon_learning_rate=1e-12, weight_decay=0.0)
    again = train_denoiser(NOISY, BlindSpot(), nothing, start=start)
    assert again.settings["patch_shape"] == list(PATCH)
    assert again.model == start.model
    for name, value in start.state.items():
        torch.testing.assert_close(again.state[name], value)
    assert gentler(quick()).learning_rate < quick().learning_rate


def test_warm_start_refuses_options_of_the_network() -> None:
    with pytest.raises(OptionError, match="leave them out"):
        trained(Supervised(), start=trained(Supervised(), fit=quick(steps=1)))


def test_batches_have_rms_one_and_their_signal_the_same_scale() -> None:
    batch = next(patch_batches(NOISY, (32, 64), 32, seed=0))
    rms = batch["samples"].square().mean(dim=(1, 2)).sqrt()
    torch.testing.assert_close(rms, torch.ones(32), atol=0.2, rtol=0)
    noise = batch["samples"] - batch["signal"]
    ratio = noise.square().mean() / batch["signal"].square().mean()
    torch.testing.assert_close(ratio, torch.tensor(1.0), atol=0.1, rtol=0)


def test_small_patches_tile_a_larger_cut() -> None:
    gather = np.arange(1, 32 * 64 + 1, dtype=np.float32).reshape(32, 64)
    drawn = GatherPatches([gather], 0.004)
    batch = next(patch_batches(drawn, PATCH, 4, seed=0))["samples"]
    assert batch.shape == (4, *PATCH)
    # Along time every step is the same in all four tiles, and they are four different ones.
    steps = batch.diff(dim=2) / batch.diff(dim=2)[:, :1, :1]
    torch.testing.assert_close(steps, torch.ones_like(steps), atol=0.05, rtol=0)
    assert len({round(float(tile[0, 0] / tile.diff(dim=1)[0, 0])) for tile in batch}) == 4


def test_cuts_of_a_gather_hold_its_samples() -> None:
    gather = np.arange(1, 20 * 50 + 1, dtype=np.float32).reshape(20, 50)
    source = GatherPatches([gather], 0.004)
    rng = np.random.default_rng(0)
    cuts = [np.abs(source.draw(rng, (4, 8))["samples"]) for _ in range(50)]
    assert all(np.isin(cut, gather).all() for cut in cuts)
    assert {int(cut.min() - 1) // 50 for cut in cuts} > set(range(3, 14))
    down = [cut[1, 0] - cut[0, 0] for cut in cuts]
    assert set(down) == {50, -50}


def test_gathers_smaller_than_a_patch_are_mirrored() -> None:
    source = GatherPatches([np.ones((3, 5), np.float32)], 0.004)
    assert source.draw(np.random.default_rng(0), (8, 16))["samples"].shape == (8, 16)


def test_silent_gathers_are_refused() -> None:
    with pytest.raises(ShapeError, match="no live trace"):
        GatherPatches([np.zeros((3, 5), np.float32)], 0.004)


def test_silent_places_are_passed_over() -> None:
    gather = np.zeros((100, 100), np.float32)
    gather[40:60] = 1
    source, rng = GatherPatches([gather], 0.004), np.random.default_rng(0)
    assert all(source.draw(rng, (8, 8))["samples"].any() for _ in range(20))


def test_noises_of_a_patch_source_are_drawn_afresh() -> None:
    first, second = itertools.islice(patch_batches(NOISY, PATCH, 2, seed=0), 2)
    assert not torch.equal(first["samples"], second["samples"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_shape": (4, 64)}, "patch_shape"),
        ({"survey_noise": 2.0}, "survey_noise"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        DenoiseOptions(**options)


def test_noise_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(OptionError, match="Did you mean 'white'"):
        DenoiseOptions(noises=("whit",)).built_noises()
