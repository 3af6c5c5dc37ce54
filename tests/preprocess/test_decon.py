"""Deconvolution step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import linalg, signal

from geoml.errors import OptionError
from geoml.preprocess.decon import Decon

Maker = Callable[..., xr.DataArray]
DT_S = 0.004


def spikes(seed: int = 5, n_time: int = 3000) -> np.ndarray:
    """A sparse, white reflectivity that starts with a spike."""
    rng = np.random.default_rng(seed)
    series = rng.normal(size=n_time) * (rng.random(n_time) < 0.1)
    series[0] = 1
    return series


def minimum_phase(n_time: int = 80) -> np.ndarray:
    """Wavelet of two damped resonances: all of its poles are inside the unit circle."""
    poles = np.array([0.9 * np.exp(0.5j), 0.8 * np.exp(1.1j)])
    return signal.lfilter([1], np.poly([*poles, *poles.conj()]).real, np.eye(1, n_time)[0])


def test_spikes_under_a_minimum_phase_wavelet_come_back(one_trace: Maker) -> None:
    reflectivity = spikes()
    trace = np.convolve(reflectivity, minimum_phase())[: reflectivity.size]
    found = Decon(operator_s=0.1, prewhitening=1e-6)(one_trace(trace)).values[0]
    assert np.corrcoef(trace, reflectivity)[0, 1] < 0.6
    assert np.corrcoef(found, reflectivity)[0, 1] > 0.99
    large = np.abs(reflectivity) > 0.5
    np.testing.assert_allclose(found[large], reflectivity[large], atol=0.25)


def test_reverse_of_the_wavelet_does_not_come_back(one_trace: Maker) -> None:
    # A maximum-phase wavelet has the same autocorrelation: nothing tells it from the other.
    reflectivity = spikes()
    trace = np.convolve(reflectivity, minimum_phase()[::-1])[: reflectivity.size]
    found = Decon(operator_s=0.1)(one_trace(trace)).values[0]
    lagged = [np.corrcoef(np.roll(found, -lag), reflectivity)[0, 1] for lag in range(80)]
    assert max(lagged) < 0.9


def test_water_layer_multiples_are_predicted_from_their_gap(one_trace: Maker) -> None:
    period, strength = 50, 0.6
    wavelet = signal.windows.gaussian(21, 3) * np.cos(0.6 * np.arange(-10, 11))
    primaries = np.convolve(spikes(8), wavelet)[:3000]
    reverberation = np.eye(1, 3000)[0]
    reverberation[period::period] = (-strength) ** np.arange(1, 60)
    trace = np.convolve(primaries, reverberation)[:3000]
    step = Decon(operator_s=0.08, gap_s=0.16, prewhitening=1e-4)
    found = step(one_trace(trace)).values[0]
    before, after = np.std(trace - primaries), np.std(found - primaries)
    assert after < 0.25 * before
    assert np.corrcoef(found, primaries)[0, 1] > 0.97


def test_filter_is_the_solution_of_the_full_toeplitz_system(one_trace: Maker) -> None:
    samples = np.random.default_rng(3).normal(size=400).cumsum()
    n_filter, gap, prewhitening = 12, 5, 0.01
    lags = np.correlate(samples, samples, "full")[399:]
    matrix = linalg.toeplitz(lags[:n_filter]) + prewhitening * lags[0] * np.eye(n_filter)
    prediction = np.linalg.solve(matrix, lags[gap : gap + n_filter])
    operator = np.concatenate([[1], np.zeros(gap - 1), -prediction])
    expected = np.convolve(samples, operator)[:400]
    step = Decon(operator_s=n_filter * DT_S, gap_s=gap * DT_S, prewhitening=prewhitening)
    np.testing.assert_allclose(step(one_trace(samples)).values[0], expected, rtol=1e-4, atol=1e-3)


def test_only_the_design_window_shapes_the_filter(one_trace: Maker) -> None:
    rng = np.random.default_rng(9)
    samples = rng.normal(size=600)
    step = Decon(operator_s=0.08, window_s=(0.4, 1.2))
    changed = samples.copy()
    changed[400:] = 50 * rng.normal(size=200).cumsum()
    one, other = step(one_trace(samples)).values[0], step(one_trace(changed)).values[0]
    np.testing.assert_allclose(other[:400], one[:400], atol=1e-5)
    whole = Decon(operator_s=0.08)
    assert np.abs(whole(one_trace(changed)).values[0] - other).max() > 1


def test_strength_of_a_trace_does_not_matter(one_trace: Maker) -> None:
    samples = np.random.default_rng(2).normal(size=500)
    step = Decon(operator_s=0.1)
    small, large = step(one_trace(samples * 1e-12)), step(one_trace(samples * 1e12))
    np.testing.assert_allclose(large.values, small.values * 1e24, rtol=1e-3, atol=1e8)


def test_long_operator_on_a_smooth_trace_does_not_blow_up(one_trace: Maker) -> None:
    sample = np.arange(2000) - 1000
    for trace in (np.hanning(2000), np.exp(-((sample / 100) ** 2))):
        out = Decon(operator_s=2, prewhitening=1e-8)(one_trace(trace)).values
        assert np.abs(out).max() < 1


def test_trace_that_is_silent_in_the_window_stays(one_trace: Maker) -> None:
    samples = np.zeros(500)
    samples[300:] = np.random.default_rng(2).normal(size=200)
    trace = one_trace(samples)
    out = Decon(operator_s=0.1, window_s=(0.0, 1.0))(trace)
    np.testing.assert_array_equal(out.values, trace.values)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"operator_s": 0}, "operator_s is 0 s"),
        ({"operator_s": 0.1, "gap_s": -1}, "gap_s is -1 s"),
        ({"operator_s": 0.1, "prewhitening": 2}, "prewhitening is 2"),
        ({"operator_s": 0.1, "prewhitening": 0}, "prewhitening is 0; it must be 1e-08 to 1"),
        ({"operator_s": 0.1, "window_s": (1, 0.5)}, "starts at 1 s and ends at 0.5 s"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Decon(**options)


def test_operator_longer_than_its_window_is_refused_with_the_numbers(one_trace: Maker) -> None:
    with pytest.raises(OptionError, match=r"of 0.504 s are longer than the design window of 0.4"):
        Decon(operator_s=0.5)(one_trace(np.ones(100)))
    with pytest.raises(OptionError, match=r"at least one sample of 0\.004 s"):
        Decon(operator_s=0.001)(one_trace(np.ones(100)))
