"""Resample step and the sinc matrix under it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from geoml.errors import OptionError
from geoml.preprocess.resample import Resample

Maker = Callable[..., xr.DataArray]


def ricker(time_s: np.ndarray, centre_s: float, peak_hz: float) -> np.ndarray:
    phase = (np.pi * peak_hz * (time_s - centre_s)) ** 2
    return (1 - 2 * phase) * np.exp(-phase)


def as_gathers(samples: np.ndarray, dt_s: float, start_s: float) -> xr.DataArray:
    time_s = start_s + np.arange(samples.size) * dt_s
    return xr.DataArray(
        samples[None].astype(np.float32), dims=("trace", "time"), coords={"time": time_s}
    )


def test_time_axis_starts_at_zero_and_keeps_the_recorded_end(one_trace: Maker) -> None:
    out = Resample(dt_s=0.008)(one_trace(np.zeros(1501), dt_s=0.002))
    np.testing.assert_allclose(out["time"], np.arange(376) * 0.008)


@settings(max_examples=40, deadline=None)
@given(
    dt_in_s=st.sampled_from([0.001, 0.002, 0.004]),
    dt_out_s=st.floats(0.0015, 0.008),
    start_s=st.floats(-0.4, 0.4),
    centre_s=st.floats(0.8, 1.2),
)
def test_ricker_wavelet_is_read_between_samples(
    dt_in_s: float, dt_out_s: float, start_s: float, centre_s: float
) -> None:
    # A 15 Hz Ricker has no energy above 50 Hz, 80 % of the coarsest Nyquist frequency here.
    time_in_s = start_s + np.arange(round(2.4 / dt_in_s)) * dt_in_s
    out = Resample(dt_s=dt_out_s)(as_gathers(ricker(time_in_s, centre_s, 15), dt_in_s, start_s))
    expected = ricker(out["time"].values, centre_s, 15)
    np.testing.assert_allclose(out.values[0], expected, atol=1e-3)


def test_decimation_agrees_with_scipy_inside_the_band(one_trace: Maker) -> None:
    noise = np.random.default_rng(0).normal(size=3000)
    band = signal.sosfiltfilt(signal.butter(8, [5, 40], "bandpass", fs=500, output="sos"), noise)
    out = Resample(dt_s=0.008)(one_trace(band, dt_s=0.002)).values[0]
    expected = signal.resample_poly(band, 1, 4)
    # 1 %, because scipy's default filter is 6 dB down at the new Nyquist frequency, not 80 dB.
    assert np.abs(out[60:-60] - expected[60:-60]).max() < 0.01 * np.abs(expected).max()


def test_frequency_above_the_new_nyquist_is_gone(one_trace: Maker) -> None:
    time_s = np.arange(2000) * 0.002
    for frequency_hz in (62.5, 80.0, 120.0, 240.0):
        wave = np.cos(2 * np.pi * frequency_hz * time_s)
        out = Resample(dt_s=0.008)(one_trace(wave, dt_s=0.002)).values[0]
        assert np.abs(out[60:-60]).max() < 3e-4


def test_late_start_is_filled_with_zeros(one_trace: Maker) -> None:
    out = Resample(dt_s=0.004)(one_trace(np.arange(1, 6), start_s=0.012))
    np.testing.assert_array_equal(out.values[0], [0, 0, 0, 1, 2, 3, 4, 5])
    np.testing.assert_allclose(out["time"], np.arange(8) * 0.004)


def test_start_before_zero_is_cut(one_trace: Maker) -> None:
    out = Resample(dt_s=0.004)(one_trace(np.arange(1, 6), start_s=-0.008))
    np.testing.assert_array_equal(out.values[0], [3, 4, 5])
    np.testing.assert_allclose(out["time"], [0, 0.004, 0.008])


def test_same_grid_is_copied_exactly(one_trace: Maker) -> None:
    samples = np.random.default_rng(0).normal(size=100).astype(np.float32)
    np.testing.assert_array_equal(Resample(dt_s=0.004)(one_trace(samples)).values[0], samples)


def test_max_time_cuts_or_fills(one_trace: Maker) -> None:
    trace = one_trace(np.arange(1, 6))
    np.testing.assert_array_equal(
        Resample(dt_s=0.004, max_time_s=0.008)(trace).values[0], [1, 2, 3]
    )
    np.testing.assert_array_equal(
        Resample(dt_s=0.004, max_time_s=0.024)(trace).values[0], [1, 2, 3, 4, 5, 0, 0]
    )


def test_event_keeps_its_time_through_a_delay_of_half_samples() -> None:
    time_in_s = 0.101 + np.arange(500) * 0.004
    out = Resample(dt_s=0.008)(as_gathers(ricker(time_in_s, 0.9, 12), 0.004, 0.101))
    peak = int(np.argmax(out.values[0]))
    assert abs(out["time"].values[peak] - 0.9) < 0.005
    np.testing.assert_allclose(out.values[0], ricker(out["time"].values, 0.9, 12), atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt_s": 0}, "dt_s is 0 s; it must be above 0"),
        ({"dt_s": 0.004, "max_time_s": 0}, "at least one sample of 0.004 s"),
        ({"dt_s": 0.004, "pass_fraction": 1}, "pass_fraction is 1; it must be 0.5 to 0.95"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Resample(**options)


def test_recording_that_ends_before_zero_is_refused(one_trace: Maker) -> None:
    with pytest.raises(OptionError, match=r"leaves 0 samples of a recording from -1 to -0\.604 s"):
        Resample(dt_s=0.004)(one_trace(np.ones(100), start_s=-1.0))
