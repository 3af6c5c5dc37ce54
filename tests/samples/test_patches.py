"""Patches cover a gather, come at RMS 1 and blend back to what was cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError, ShapeError
from geoml.samples.patches import cut_patches, patch_scale


def test_two_patches_by_hand() -> None:
    gather = np.array([[3.0, 3, 3, 6, 6, 6]], np.float32)
    patches = cut_patches(gather, (1, 4), overlap=0.5)
    np.testing.assert_array_equal(patches.time_starts, [0, 2])
    np.testing.assert_allclose(patches.scale, np.sqrt([(27 + 36) / 4, (9 + 108) / 4]), rtol=1e-6)
    np.testing.assert_allclose(patches.samples[0, 0, 3] * patches.scale[0], 6, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    n_traces=st.integers(1, 40),
    n_times=st.integers(1, 70),
    width=st.integers(1, 20),
    length=st.integers(1, 30),
    overlap=st.floats(0, 0.9),
    seed=st.integers(0, 99),
)
def test_unchanged_patches_give_the_gather_back(
    n_traces: int, n_times: int, width: int, length: int, overlap: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    gather = rng.normal(size=(n_traces, n_times)) * 10.0 ** rng.uniform(-6, 6, (n_traces, 1))
    gather = gather.astype(np.float32)
    patches = cut_patches(gather, (width, length), overlap)
    assert patches.samples.shape[1:] == (width, length)
    np.testing.assert_allclose(patches.blend(patches.samples), gather, rtol=2e-6)


def test_neighbouring_patches_fade_into_each_other() -> None:
    patches = cut_patches(np.ones((8, 64), np.float32), (8, 32), overlap=0.5)
    steps = np.zeros_like(patches.samples)
    steps[1] = 1  # the middle one of three
    trace = patches.blend(steps)[0]
    assert trace[0] == 0
    assert trace.max() > 0.99
    assert np.abs(np.diff(trace)).max() < 0.15


def test_patches_have_rms_one() -> None:
    gather = np.random.default_rng(0).normal(0, 7, (60, 200)).astype(np.float32)
    rms = np.sqrt(np.mean(np.square(cut_patches(gather, (16, 64)).samples), axis=(1, 2)))
    np.testing.assert_allclose(rms, 1, atol=0.1)


@pytest.mark.parametrize("bad", [0.0, 1e6])
def test_bad_traces_do_not_change_the_scale(bad: float) -> None:
    patch = np.random.default_rng(0).normal(size=(20, 64))
    usual = patch_scale(patch)
    patch[[2, 9, 13]] *= bad
    np.testing.assert_allclose(patch_scale(patch), usual, rtol=0.1)


def test_mostly_muted_patch_is_scaled_by_its_live_traces() -> None:
    patch = np.zeros((3, 10, 16))
    patch[1, 4], patch[2, :2] = 5.0, [[2.0], [2.0]]
    np.testing.assert_allclose(patch_scale(patch), [1, 5, 2])


def test_loud_block_behind_the_first_arrivals_counts_in_full() -> None:
    """Traces with the arrivals, fewer than half, must not come out a thousand times too big."""
    patch = np.full((20, 16), 1e-3)
    patch[12:] = 1.0
    assert 0.5 < patch_scale(patch) < 1


def test_other_patches_than_those_cut_are_refused() -> None:
    patches = cut_patches(np.ones((8, 64), np.float32), (8, 32))
    with pytest.raises(ShapeError, match=r"needed \(3, 8, 32\)"):
        patches.blend(patches.samples[:2])


@pytest.mark.parametrize(
    ("shape", "patch", "overlap", "error", "message"),
    [
        ((0, 5), (2, 2), 0.5, ShapeError, "filled"),
        ((5,), (2, 2), 0.5, ShapeError, "needed"),
        ((5, 5), (0, 2), 0.5, OptionError, "empty"),
        ((5, 5), (2, 2), 1.0, OptionError, "between 0 and 0.9"),
    ],
)
def test_impossible_patches_are_refused(
    shape: tuple[int, ...],
    patch: tuple[int, int],
    overlap: float,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        cut_patches(np.ones(shape, np.float32), patch, overlap)
