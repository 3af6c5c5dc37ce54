"""Traces read between their samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.preprocess.trace_reading import read_at

TIME = np.arange(400)


@pytest.mark.parametrize(
    ("of_nyquist", "worst"), [(0.1, 0.002), (0.3, 0.002), (0.5, 0.003), (0.7, 0.008)]
)
def test_sine_is_read_between_its_samples(of_nyquist: float, worst: float) -> None:
    place = np.random.default_rng(0).uniform(20, 380, (1, 1000))
    wave = np.sin(np.pi * of_nyquist * TIME + 0.3)[None]
    expected = np.sin(np.pi * of_nyquist * place + 0.3)
    np.testing.assert_allclose(read_at(wave, place), expected, atol=worst)


@settings(max_examples=20, deadline=None)
@given(n_traces=st.integers(1, 70), n_time=st.integers(1, 900), seed=st.integers(0, 99))
def test_samples_themselves_come_back_to_the_last_one(
    n_traces: int, n_time: int, seed: int
) -> None:
    samples = np.random.default_rng(seed).normal(size=(n_traces, n_time)).astype(np.float32)
    place = np.broadcast_to(np.arange(n_time) + 1e-9, samples.shape)
    np.testing.assert_allclose(read_at(samples, place), samples, atol=1e-6)


def test_each_trace_is_read_at_its_own_places() -> None:
    samples = np.arange(60.0).reshape(3, 20)
    place = np.array([[5.0], [np.nan], [7.0]])
    np.testing.assert_allclose(read_at(samples, place)[:, 0], [5, 0, 47], rtol=1e-6)


def test_nothing_is_beyond_the_ends() -> None:
    ones = np.ones((1, 30))
    assert not read_at(ones, np.array([[-0.5, -1000.0, 29.01, 30.0, 1e9, np.nan, np.inf]])).any()
