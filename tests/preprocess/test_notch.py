"""Notch step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import signal

from geoml.errors import OptionError
from geoml.preprocess.notch import Notch
from geoml.readers.ingest import read_survey

Maker = Callable[..., xr.DataArray]
TIME_S = np.arange(1500) * 0.004


@pytest.mark.parametrize("phase", [0.0, 1.0, 2.5])
def test_pure_hum_is_gone_to_the_ends_of_the_trace(one_trace: Maker, phase: float) -> None:
    hum = np.sin(2 * np.pi * 50 * TIME_S + phase)
    np.testing.assert_allclose(Notch(frequency_hz=50)(one_trace(hum)).values, 0, atol=2e-4)


def test_harmonics_are_gone_and_the_signal_between_them_is_kept(one_trace: Maker) -> None:
    hum = sum(np.cos(2 * np.pi * 30 * k * TIME_S + k) for k in (1, 2, 3))
    ricker = signal.windows.gaussian(1500, 8) * np.cos(2 * np.pi * 45 * (TIME_S - TIME_S[750]))
    clean = Notch(frequency_hz=30, n_harmonics=3)(one_trace(hum + ricker)).values[0]
    # The pulse reaches over the notches, and so loses what it has within a hertz of each.
    assert np.sum((clean - ricker) ** 2) < 0.1 * np.sum(ricker**2)
    one = Notch(frequency_hz=30, n_harmonics=1)(one_trace(hum)).values[0]
    others = hum - np.cos(2 * np.pi * 30 * TIME_S + 1)
    np.testing.assert_allclose(one[30:-30], others[30:-30], atol=0.02)


def test_half_amplitude_is_at_half_the_width(one_trace: Maker) -> None:
    # -3 dB of one pass, by the definition of the bandwidth of iirnotch.
    for shift_hz in (-1.0, 1.0):
        wave = np.sin(2 * np.pi * (50 + shift_hz) * TIME_S)
        notched = Notch(frequency_hz=50, width_hz=2)(one_trace(wave)).values[0]
        np.testing.assert_allclose(notched[500:1000], 0.5 * wave[500:1000], atol=0.02)


def test_interior_agrees_with_scipy_filtfilt(one_trace: Maker) -> None:
    samples = np.random.default_rng(1).normal(size=1500) * np.hanning(1500)
    expected = signal.filtfilt(*signal.iirnotch(60, 60 / 3, fs=250), samples, padlen=0)
    notched = Notch(frequency_hz=60, width_hz=3)(one_trace(samples)).values[0]
    np.testing.assert_allclose(notched[200:-200], expected[200:-200], atol=1e-4)


def test_spike_is_answered_alike_before_and_after(one_trace: Maker) -> None:
    spike = np.zeros(1501)
    spike[750] = 1
    notched = Notch(frequency_hz=50)(one_trace(spike)).values[0]
    np.testing.assert_allclose(notched, notched[::-1], atol=1e-6)


def test_trace_shorter_than_the_ringing_is_filtered(one_trace: Maker) -> None:
    assert np.isfinite(Notch(frequency_hz=50)(one_trace(np.ones(7))).values).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frequency_hz": 0}, "frequency_hz is 0 Hz; it must be above 0"),
        ({"frequency_hz": 50, "width_hz": 60}, "width_hz is 60 Hz"),
        ({"frequency_hz": 50, "n_harmonics": 0}, "n_harmonics is 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Notch(**options)


def test_harmonic_above_nyquist_is_refused_with_the_numbers(one_trace: Maker) -> None:
    with pytest.raises(OptionError, match="at 150 Hz is not under the Nyquist frequency of 125"):
        Notch(frequency_hz=50, n_harmonics=3)(one_trace(np.ones(100)))


@pytest.mark.data
def test_hum_added_to_a_field_gather_is_taken_out(data_dir: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "oz" / "ozdata.1.su")
    gather = survey["amplitude"].load()
    time_s = survey["time"].values
    level = gather.values.std(axis=1, keepdims=True)
    hum = level * np.sin(2 * np.pi * 60 * time_s + np.arange(48)[:, None])
    step = Notch(frequency_hz=60)
    left = step(gather + hum.astype(np.float32)).values - step(gather).values
    assert np.abs(left).max() < 1e-3 * hum.max()
