"""Spectral matching step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import signal

from geoml.errors import OptionError
from geoml.preprocess.spectral_match import SpectralMatch

Maker = Callable[..., xr.DataArray]
DT_S = 0.004
TABLE = {"frequency_hz": (5, 15, 45, 60), "amplitude": (0, 1, 1, 0)}


def coloured(seed: int, n_time: int = 4000) -> np.ndarray:
    """Noise that falls off towards high frequencies."""
    noise = np.random.default_rng(seed).normal(size=n_time)
    return signal.lfilter([1], [1, -1.5, 0.7], noise)


def level_db(samples: np.ndarray, frequency_hz: list[float]) -> np.ndarray:
    """Welch's estimate of the amplitude spectrum at some frequencies [dB]."""
    frequency, power = signal.welch(samples, 1 / DT_S, nperseg=200)
    return 10 * np.log10(np.interp(frequency_hz, frequency, power))


def test_spectrum_of_noise_becomes_the_table(one_trace: Maker) -> None:
    trace = one_trace(coloured(1))
    matched = SpectralMatch(**TABLE)(trace).values[0]
    inside = level_db(matched, [18, 24, 30, 36, 42])
    assert np.ptp(level_db(trace.values[0], [18, 24, 30, 36, 42])) > 8
    assert np.ptp(inside) < 1.5
    # Half way up the slopes the table says 0.5, which is -6 dB.
    np.testing.assert_allclose(level_db(matched, [10, 52.5]), inside.mean() - 6, atol=1.5)
    assert level_db(matched, [80])[0] < inside.mean() - 40


def test_phase_is_kept(one_trace: Maker) -> None:
    pulse = signal.windows.gaussian(801, 12) * np.cos(2 * np.pi * 20 * DT_S * np.arange(-400, 401))
    matched = SpectralMatch(**TABLE)(one_trace(pulse)).values[0]
    np.testing.assert_allclose(matched, matched[::-1], atol=1e-3 * matched.max())
    assert np.argmax(matched) == 400


def test_energy_of_a_trace_is_kept(one_trace: Maker) -> None:
    samples = 1e-5 * coloured(3)
    matched = SpectralMatch(**TABLE)(one_trace(samples)).values[0]
    np.testing.assert_allclose(np.std(matched), np.std(samples), rtol=1e-2)


def test_traces_of_a_gather_get_its_mean_spectrum() -> None:
    noise = np.random.default_rng(5).normal(size=(3, 4000))
    poles = (0, 0.5, -0.5)
    rows = [signal.lfilter([1], [1, -pole], noise[i]) for i, pole in enumerate(poles)]
    gather = xr.DataArray(
        (np.array(rows) * [[1], [100], [0.01]]).astype(np.float32),
        dims=("trace", "time"),
        coords={"time": np.arange(4000) * DT_S},
    )
    matched = SpectralMatch(band_hz=(10, 80))(gather).values
    band = [20, 40, 60, 75]
    before = [level_db(row, band) - level_db(row, [20]) for row in gather.values]
    after = np.array([level_db(row, band) - level_db(row, [20]) for row in matched])
    assert np.ptp(before, axis=0).max() > 6
    assert np.ptp(after, axis=0).max() < 1.5
    np.testing.assert_allclose(matched.std(axis=1), gather.values.std(axis=1), rtol=1e-3)


def test_killed_trace_has_no_part_in_the_mean(gathers: xr.DataArray) -> None:
    step = SpectralMatch(band_hz=(8, 40))
    wild = gathers.copy(deep=True)
    wild.values[2] = np.random.default_rng(1).normal(size=300)
    live = np.arange(36) != 2
    alone = step(wild.assign_coords(live=("trace", live))).values
    without = step(gathers.isel(trace=live)).values
    np.testing.assert_allclose(alone[live], without, rtol=1e-4, atol=1e-6)


def test_frequency_that_is_missing_is_raised_no_further_than_allowed(one_trace: Maker) -> None:
    samples = signal.sosfiltfilt(
        signal.butter(8, [28, 32], "bandstop", fs=250, output="sos"), coloured(7)
    )
    hole = []
    for max_gain_db in (3, 40):
        matched = SpectralMatch(**TABLE, smoothing_hz=1, max_gain_db=max_gain_db)(
            one_trace(samples)
        ).values[0]
        hole.append(level_db(matched, [30])[0] - level_db(matched, [20])[0])
    assert hole[0] < -15
    assert hole[1] > hole[0] + 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs a table of frequency_hz and amplitude, or band_hz"),
        ({**TABLE, "band_hz": (5, 9)}, "not both"),
        ({"frequency_hz": (5, 9), "amplitude": (1,)}, "2 frequencies and 1 amplitudes"),
        ({"frequency_hz": (9, 5), "amplitude": (1, 1)}, "must rise from 0 Hz"),
        ({"frequency_hz": (5, 9), "amplitude": (0, 0)}, "are all 0"),
        ({"frequency_hz": (5, 9), "amplitude": (0, -1)}, "must be 0 or more"),
        ({**TABLE, "smoothing_hz": 0}, "smoothing_hz 0 must be above 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SpectralMatch(**options)


def test_band_above_nyquist_is_refused_with_the_numbers(one_trace: Maker) -> None:
    with pytest.raises(OptionError, match=r"starts at 130 Hz, which is not under .* of 125 Hz"):
        SpectralMatch(band_hz=(130, 140))(one_trace(np.ones(100)))
