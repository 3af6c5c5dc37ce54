"""Bandpass step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import signal

from geoml.errors import OptionError
from geoml.preprocess.bandpass import Bandpass

Maker = Callable[..., xr.DataArray]
TIME_S = np.arange(2000) * 0.004


def butterworth_squared(step: Bandpass, frequency_hz: np.ndarray) -> np.ndarray:
    """|H|^2 of the analogue band-pass prototype, at the bilinear transform's warped frequencies."""
    warp = lambda hz: np.tan(np.pi * np.asarray(hz) * 0.004)  # noqa: E731
    low, high, centre = warp(step.low_hz), warp(step.high_hz), warp(frequency_hz)
    prototype = (centre**2 - low * high) / (centre * (high - low))
    return 1 / (1 + prototype ** (2 * step.order))


@pytest.mark.parametrize("order", [2, 4])
def test_spectrum_of_a_spike_is_the_squared_butterworth(one_trace: Maker, order: int) -> None:
    step = Bandpass(low_hz=8, high_hz=40, order=order)
    spike = np.zeros(2000)
    spike[1000] = 1
    filtered = step(one_trace(spike)).values[0].astype(float)
    spectrum = np.fft.rfft(np.roll(filtered, -1000))
    frequency_hz = np.fft.rfftfreq(2000, 0.004)[1:-1]
    expected = butterworth_squared(step, frequency_hz)
    np.testing.assert_allclose(spectrum.real[1:-1], expected, atol=2e-4)
    np.testing.assert_allclose(spectrum.imag[1:-1], 0, atol=2e-4)


def test_corners_are_at_half_amplitude(one_trace: Maker) -> None:
    for corner in (8.0, 40.0):
        wave = np.sin(2 * np.pi * corner * TIME_S)
        filtered = Bandpass(low_hz=8, high_hz=40)(one_trace(wave)).values[0]
        np.testing.assert_allclose(filtered[500:1500], 0.5 * wave[500:1500], atol=2e-3)


@pytest.mark.parametrize(
    ("options", "band", "kind"),
    [
        ({"low_hz": 8, "high_hz": 40}, [8, 40], "bandpass"),
        ({"low_hz": 8}, 8, "highpass"),
        ({"high_hz": 40}, 40, "lowpass"),
    ],
)
def test_interior_agrees_with_scipy_transfer_function(
    one_trace: Maker, options: dict[str, Any], band: Any, kind: str
) -> None:
    samples = np.random.default_rng(2).normal(size=2000) * np.hanning(2000)
    b, a = signal.butter(4, band, kind, fs=250)
    expected = signal.filtfilt(b, a, samples, padlen=0)
    filtered = Bandpass(**options)(one_trace(samples)).values[0]
    np.testing.assert_allclose(filtered[300:-300], expected[300:-300], atol=1e-4)


def test_filter_is_linear_over_thirteen_decades(one_trace: Maker) -> None:
    samples = np.random.default_rng(2).normal(size=500)
    step = Bandpass(low_hz=8, high_hz=40)
    small, large = step(one_trace(samples * 1e-6)), step(one_trace(samples * 1e7))
    np.testing.assert_allclose(large.values, small.values * 1e13, rtol=1e-5, atol=10)


def test_constant_offset_is_gone_to_the_ends_of_the_trace(one_trace: Maker) -> None:
    trace = one_trace(np.full(500, 1e6))
    np.testing.assert_allclose(Bandpass(low_hz=4, high_hz=18)(trace).values, 0, atol=1e-3)
    np.testing.assert_allclose(Bandpass(high_hz=18)(trace).values, 1e6, rtol=1e-6)


def test_end_of_a_cut_recording_does_not_ring(one_trace: Maker) -> None:
    samples = np.random.default_rng(0).normal(size=2000)
    step = Bandpass(low_hz=4, high_hz=18)
    whole = step(one_trace(samples)).values[0]
    errors = []
    for end in range(1000, 1500, 10):
        cut = step(one_trace(samples[:end])).values[0]
        errors.append(np.sqrt(np.mean((cut - whole[:end])[-40:] ** 2)))
    # White noise cannot be foreseen; an odd extension is off by 0.9, an even one by 0.3.
    assert np.mean(errors) < 0.26 * whole.std()


def test_short_trace_is_filtered(one_trace: Maker) -> None:
    assert np.isfinite(Bandpass(low_hz=4, high_hz=18)(one_trace(np.ones(5))).values).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no corner"),
        ({"low_hz": 0}, "low_hz is 0 Hz; it must be above 0"),
        ({"high_hz": float("nan")}, "high_hz is nan Hz"),
        ({"low_hz": 40, "high_hz": 8}, "low_hz 40 is not under high_hz 8"),
        ({"low_hz": 4, "order": 11}, "order is 11; it must be 1 to 10"),
    ],
)
def test_impossible_corners_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Bandpass(**options)


def test_corner_above_nyquist_is_refused_with_the_numbers(one_trace: Maker) -> None:
    with pytest.raises(OptionError, match="130 Hz is not under the Nyquist frequency of 125 Hz"):
        Bandpass(low_hz=4, high_hz=130)(one_trace(np.ones(100)))


def ormsby_wavelet(corners_hz: tuple[float, ...], time_s: np.ndarray) -> np.ndarray:
    """Closed form of the inverse transform of a trapezoid [1/s]."""
    term = [f**2 * np.sinc(f * time_s) ** 2 for f in corners_hz]
    first, second, third, fourth = corners_hz
    return (term[3] - term[2]) / (fourth - third) - (term[1] - term[0]) / (second - first)


def test_ormsby_answer_to_a_spike_is_the_closed_form(one_trace: Maker) -> None:
    corners_hz = (4.0, 8.0, 40.0, 60.0)
    spike = np.zeros(2001)
    spike[700] = 1
    filtered = Bandpass(corners_hz=corners_hz)(one_trace(spike)).values[0]
    lag_s = (np.arange(2001) - 700) * 0.004
    expected = ormsby_wavelet(corners_hz, lag_s) * 0.004
    np.testing.assert_allclose(filtered, expected, atol=2e-3 * expected.max())


def test_ormsby_keeps_its_top_and_takes_what_is_beyond_its_feet(one_trace: Maker) -> None:
    window = np.hanning(2000)
    wave = {hz: window * np.sin(2 * np.pi * hz * TIME_S) for hz in (2, 6, 20, 50, 70)}
    step = Bandpass(corners_hz=(4, 8, 40, 60))
    filtered = {hz: step(one_trace(samples)).values[0] for hz, samples in wave.items()}
    for hz, weight in {2: 0, 6: 0.5, 20: 1, 50: 0.5, 70: 0}.items():
        np.testing.assert_allclose(filtered[hz], weight * wave[hz], atol=0.02)


def test_ormsby_takes_a_constant_offset_out_to_the_ends(one_trace: Maker) -> None:
    filtered = Bandpass(corners_hz=(4, 8, 40, 60))(one_trace(np.full(500, 1e6))).values
    np.testing.assert_allclose(filtered, 0, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"corners_hz": (4, 8, 60, 40)}, "4, 8, 60, 40 do not rise"),
        ({"corners_hz": (4, 4, 40, 60)}, "only the middle two may be equal"),
        ({"corners_hz": (4, 8, 40, 60), "low_hz": 4}, "keep one of them"),
    ],
)
def test_corners_that_make_no_trapezoid_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Bandpass(**options)
