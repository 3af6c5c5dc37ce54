"""Automatic gain control step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.agc import Agc, without_gain

Maker = Callable[..., xr.DataArray]


def slow_agc(samples: np.ndarray, half: int) -> np.ndarray:
    """The definition, one window at a time."""
    out = np.zeros(samples.size)
    for i, value in enumerate(samples):
        window = samples[max(0, i - half) : i + half + 1]
        out[i] = value / np.sqrt(np.mean(window**2))
    return out


def test_constant_becomes_one(one_trace: Maker) -> None:
    out = Agc(window_s=0.02)(one_trace(np.full(50, -7.0))).values
    np.testing.assert_allclose(out, -1, rtol=1e-6)


@settings(max_examples=50, deadline=None)
@given(n_time=st.integers(3, 90), half=st.integers(1, 60), seed=st.integers(0, 99))
def test_every_window_is_its_own_rms(n_time: int, half: int, seed: int) -> None:
    # Fifteen decades along the trace: a running sum would lose the weak end.
    samples = np.random.default_rng(seed).normal(size=n_time) * np.geomspace(1e7, 1e-8, n_time)
    samples = samples.astype(np.float32).astype(np.float64)
    gathers = xr.DataArray(
        samples[None].astype(np.float32),
        dims=("trace", "time"),
        coords={"time": np.arange(n_time) * 0.004},
    )
    out = Agc(window_s=(2 * half + 1) * 0.004, floor=0)(gathers).values[0]
    np.testing.assert_allclose(out, slow_agc(samples, half), rtol=1e-5)


def test_scale_of_the_input_does_not_matter(one_trace: Maker) -> None:
    samples = np.random.default_rng(0).normal(size=200)
    step = Agc(window_s=0.1)
    small, large = step(one_trace(samples * 1e-9)), step(one_trace(samples * 1e12))
    np.testing.assert_allclose(small.values, large.values, rtol=1e-4)


def test_quiet_before_the_first_arrival_stays_quiet(one_trace: Maker) -> None:
    samples = np.where(np.arange(400) < 200, 1e-8, 1.0) * np.random.default_rng(0).normal(size=400)
    out = Agc(window_s=0.1)(one_trace(samples)).values[0]
    assert np.abs(out[:180]).max() < 1e-3
    assert np.abs(out[220:]).mean() > 0.5


def test_window_under_two_samples_is_refused_with_the_numbers(one_trace: Maker) -> None:
    with pytest.raises(
        OptionError, match=r"^AGC window of 0\.005 s is under two samples of 0\.004 s\.$"
    ):
        Agc(window_s=0.005)(one_trace(np.ones(50)))


def test_impossible_options_are_refused() -> None:
    with pytest.raises(OptionError, match="window_s is 0 s; it must be above 0"):
        Agc(window_s=0)
    with pytest.raises(OptionError, match=r"floor is 1; it must be in \[0, 1\)"):
        Agc(window_s=0.5, floor=1)


def test_dividing_by_the_gain_restores_the_input(gathers: xr.DataArray) -> None:
    step = Agc(window_s=0.2)
    gain = step.gain(gathers)
    levelled = step(gathers)
    np.testing.assert_allclose(levelled.values, gathers.values * gain.values, rtol=1e-6)
    back = without_gain(levelled, gain)
    np.testing.assert_allclose(back.values, gathers.values, rtol=3e-7)
    assert back.dtype == np.float32
    assert gain.attrs["units"] == ""
    assert (gain.values[5] == 1).all()


def test_linear_step_between_gain_and_its_removal_is_kept(gathers: xr.DataArray) -> None:
    step = Agc(window_s=0.2)
    muted = step(gathers) * (gathers["time"] > 0.4)
    back = without_gain(muted.astype(np.float32), step.gain(gathers)).values
    late = gathers["time"].values > 0.4
    np.testing.assert_allclose(back[:, late], gathers.values[:, late], rtol=3e-7)
    assert not back[:, ~late].any()


def test_gain_of_other_gathers_is_refused(gathers: xr.DataArray) -> None:
    gain = Agc(window_s=0.2).gain(gathers)
    with pytest.raises(ShapeError, match=r"gain has shape \(36, 300\), the gathers \(12, 300\)"):
        without_gain(gathers[:12], gain)
    with pytest.raises(OptionError, match="what it silenced is lost"):
        without_gain(gathers, 0 * gain)
