"""Traces moved by shifts of their own."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.preprocess.trace_shift import shifted

TIME = np.arange(600)


def wave(late: np.ndarray) -> np.ndarray:
    """A Ricker wavelet with its peak at half the Nyquist frequency / 2, around ``late`` = 0."""
    phase = (np.pi * 0.125 * late) ** 2
    return (1 - 2 * phase) * np.exp(-phase)


@settings(max_examples=25, deadline=None)
@given(shift=st.lists(st.floats(-150, 150), min_size=1, max_size=8))
def test_wavelet_moves_by_any_fraction_of_a_sample(shift: list[float]) -> None:
    late = np.array(shift)
    samples = np.tile(wave(TIME - 300), (late.size, 1)).astype(np.float32)
    expected = wave(TIME - 300 - late[:, None])
    np.testing.assert_allclose(shifted(samples, late), expected, atol=2e-5)


@settings(max_examples=25, deadline=None)
@given(shift=st.integers(-700, 700), seed=st.integers(0, 99))
def test_whole_samples_are_moved_as_they_are(shift: int, seed: int) -> None:
    samples = np.random.default_rng(seed).normal(size=(3, 600)).astype(np.float32)
    expected = np.zeros_like(samples)
    if abs(shift) < 600:
        expected[:, max(shift, 0) : 600 + shift] = samples[:, max(-shift, 0) : 600 - shift]
    np.testing.assert_allclose(shifted(samples, np.full(3, float(shift))), expected, atol=1e-5)


def test_shift_there_and_back_is_the_trace_inside_its_ends() -> None:
    samples = np.random.default_rng(1).normal(size=(4, 600))
    smooth = np.apply_along_axis(np.convolve, 1, samples, np.hanning(9), "same").astype(np.float32)
    shift = np.array([0.3, -7.71, 12.5, 40.25])
    back = shifted(shifted(smooth, shift), -shift)
    np.testing.assert_allclose(back[:, 60:-60], smooth[:, 60:-60], atol=0.01)


def test_end_of_the_recording_does_not_ring_into_it() -> None:
    ones = np.ones((1, 600), dtype=np.float32)
    np.testing.assert_allclose(shifted(ones, np.array([0.5]))[0, 1:], 1, atol=2e-3)
    np.testing.assert_allclose(shifted(ones, np.array([-0.5]))[0, :-1], 1, atol=2e-3)


def test_shift_is_the_adjoint_of_the_shift_back_inside() -> None:
    rng = np.random.default_rng(2)
    one, other = np.zeros((2, 600)), np.zeros((2, 600))
    one[:, 100:500], other[:, 100:500] = rng.normal(size=(2, 2, 400))
    shift = np.array([3.4, -8.2])
    left = (shifted(one.astype(np.float32), shift) * other).sum()
    right = (one * shifted(other.astype(np.float32), -shift)).sum()
    np.testing.assert_allclose(left, right, rtol=1e-4)
