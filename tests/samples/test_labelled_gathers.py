"""Gathers with labels: from pairs, split by group, scaled trace by trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from judged_pairs import make_pairs, window
from moveout_gathers import moveout_gathers

from geoml.errors import OptionError, ShapeError
from geoml.samples.augment import Augmentation
from geoml.samples.labelled_gathers import (
    LabelledGathers,
    gather_batch,
    labelled_pairs,
    noisy_batches,
    with_noise,
)
from geoml.survey.pairs import open_pairs

NOISE = Augmentation(snr_db=(0, 10), noise_probability=1.0, dead_fraction=0.3)


def test_first_arrivals_of_uniform_ground_are_distance_over_velocity(tmp_path: Path) -> None:
    pairs = open_pairs(make_pairs(tmp_path / "pairs.zarr", 0, 32)).load()
    pairs["velocity"][:] = 2000.0
    gathers = labelled_pairs(pairs, count=3)
    assert gathers.samples.shape == (6, 10, 48)
    assert gathers.group.tolist() == [0, 0, 1, 1, 2, 2]
    wanted_s = np.abs(window().offset_m) / 2000
    wanted_s[wanted_s > 47 * 0.004] = np.nan
    np.testing.assert_allclose(gathers.first_break_s[:2], wanted_s, atol=1e-6)
    np.testing.assert_allclose(gathers.offset_m[:2], window().offset_m)
    # 14 rows of 10 m are crossed down and up in 140 ms.
    np.testing.assert_allclose(gathers.stack_m_s[0, :35], 2000, rtol=1e-6)
    assert np.isnan(gathers.stack_m_s[0, 36:]).all()


def test_shots_that_are_left_out_change_none_of_the_others(tmp_path: Path) -> None:
    pairs = open_pairs(make_pairs(tmp_path / "pairs.zarr", 1, 32))
    whole, part = labelled_pairs(pairs, 2), labelled_pairs(pairs, 2, shots=1)
    np.testing.assert_array_equal(part.samples, whole.samples[::2])
    np.testing.assert_array_equal(part.first_break_s, whole.first_break_s[::2])


@pytest.mark.parametrize("seed", range(4))
def test_split_parts_no_group_and_loses_no_gather(seed: int) -> None:
    gathers = moveout_gathers()
    training, held = gathers.split(0.3, seed)
    assert not set(training.group) & set(held.group)
    assert len(training) + len(held) == len(gathers)
    assert len(held) == 6


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(OptionError, match="of one group leave nothing"):
        moveout_gathers(3).split(0.2)


def test_traces_come_at_rms_one_and_their_scale_gives_them_back() -> None:
    gathers = moveout_gathers()
    gathers.samples[0, 2] = 0
    batch = gather_batch(gathers)
    rms = batch["samples"].square().mean(dim=2).sqrt().numpy()
    assert rms[0, 2] == 0
    rms[0, 2] = 1
    np.testing.assert_allclose(rms, 1, atol=1e-5)
    back = batch["samples"] * batch["scale"][..., None]
    np.testing.assert_allclose(back.numpy(), gathers.samples, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(batch["first_break"] * batch["dt_s"], gathers.first_break_s)


def test_noise_leaves_labels_and_clean_gathers_alone() -> None:
    gathers = moveout_gathers()
    before = gathers.samples.copy()
    batch = next(noisy_batches(gathers, NOISE, 24, 0))
    np.testing.assert_array_equal(gathers.samples, before)
    noisy = batch["samples"] * batch["scale"][..., None]
    clean = (batch["clean"] * batch["scale"][..., None]).numpy()
    order = [int(np.abs(before - one).sum(axis=(1, 2)).argmin()) for one in clean]
    assert sorted(order) == list(range(24))
    np.testing.assert_allclose(clean, before[order], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        batch["first_break"], gathers.first_break_s[order] / gathers.dt_s, rtol=1e-6
    )
    assert np.abs(noisy.numpy() - clean).max() > 0.1


def test_every_gather_comes_once_before_any_comes_twice() -> None:
    gathers = moveout_gathers(12)
    batches = noisy_batches(gathers, None, 5, 3)
    drawn = np.concatenate([next(batches)["first_break"][:, 0].numpy() for _ in range(5)])
    for first in range(0, 24, 12):
        assert np.unique(drawn[first : first + 12]).size == 12


def test_same_seed_gives_the_same_batches() -> None:
    first, second = (next(noisy_batches(moveout_gathers(), NOISE, 8, 5)) for _ in range(2))
    np.testing.assert_array_equal(first["samples"], second["samples"])
    other = next(noisy_batches(moveout_gathers(), NOISE, 8, 6))
    assert not np.array_equal(first["samples"], other["samples"])


@pytest.mark.parametrize(
    "moving",
    [{"trace_shift_s": 0.004}, {"mirror_probability": 0.5}, {"velocity_factor": (0.9, 1.1)}],
)
def test_noise_that_moves_arrivals_is_refused(moving: dict) -> None:
    with pytest.raises(OptionError, match="moves arrivals away from their labels"):
        next(noisy_batches(moveout_gathers(), Augmentation(**moving), 4, 0))


def test_shapes_that_do_not_fit_are_refused() -> None:
    gathers = moveout_gathers(3)
    with pytest.raises(ShapeError, match="first breaks \\(2, 9\\)"):
        LabelledGathers(
            gathers.samples, gathers.offset_m, gathers.first_break_s[:2], gathers.stack_m_s,
            gathers.group, gathers.dt_s,
        )  # fmt: skip


def test_with_noise_takes_other_noise_for_each_gather() -> None:
    gathers = moveout_gathers(2)
    gathers.samples[1] = gathers.samples[0]
    noisy = with_noise(gathers, NOISE, np.random.default_rng(0))
    assert not np.allclose(noisy.samples[0], noisy.samples[1])
