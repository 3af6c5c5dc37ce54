"""Vibroseis correlation step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import signal

from geoml.errors import FileFormatError, OptionError, ShapeError
from geoml.preprocess.recipe import build_steps
from geoml.preprocess.vibroseis_correlation import LinearSweep, VibroseisCorrelation

Maker = Callable[..., xr.DataArray]
DT_S = 0.004
SWEEP = LinearSweep(start_hz=10, end_hz=70, length_s=8, taper_s=0)


def recording(sweep: np.ndarray, strengths: dict[int, float], listen: int = 500) -> np.ndarray:
    """The sweep, returned with a strength from each sample number."""
    reflectivity = np.zeros(listen)
    for sample, strength in strengths.items():
        reflectivity[sample] = strength
    return np.convolve(reflectivity, sweep)


def klauder(lag_s: np.ndarray, sweep: LinearSweep) -> np.ndarray:
    """Autocorrelation of a linear sweep in closed form, without the sum of frequencies."""
    lag = np.abs(lag_s) + 1e-12
    rate = (sweep.end_hz - sweep.start_hz) / sweep.length_s
    middle_hz = (sweep.start_hz + sweep.end_hz) / 2
    envelope = np.sin(np.pi * rate * lag * (sweep.length_s - lag)) / (
        np.pi * rate * lag * sweep.length_s
    )
    return envelope * np.cos(2 * np.pi * middle_hz * lag)


def test_sweep_of_one_reflection_becomes_the_klauder_wavelet(one_trace: Maker) -> None:
    trace = one_trace(recording(SWEEP.samples(DT_S), {200: 0.7}))
    out = VibroseisCorrelation(SWEEP)(trace)
    lag_s = (np.arange(500) - 200) * DT_S
    np.testing.assert_allclose(out.values[0], 0.7 * klauder(lag_s, SWEEP), atol=0.004)
    assert out.sizes["time"] == 500
    assert out["time"].values[-1] == pytest.approx(499 * DT_S)


def test_later_part_of_the_wavelet_is_not_on_the_wrong_side(one_trace: Maker) -> None:
    # A sweep is not its own mirror image: convolution in place of correlation would smear it.
    trace = one_trace(recording(SWEEP.samples(DT_S), {100: 1.0, 160: -0.5, 420: 0.2}))
    out = VibroseisCorrelation(SWEEP)(trace).values[0]
    for sample, strength in ((100, 1.0), (160, -0.5), (420, 0.2)):
        assert out[sample] == pytest.approx(strength, abs=0.03)


def test_every_lag_is_numpys_correlation(one_trace: Maker) -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(size=900)
    sweep = LinearSweep(70, 10, 1.2, 0.1)
    known = sweep.samples(DT_S)
    expected = np.correlate(samples, known, mode="valid") / (known**2).sum()
    out = VibroseisCorrelation(sweep)(one_trace(samples, start_s=-0.1))
    np.testing.assert_allclose(out.values[0], expected, atol=1e-5)
    assert out["time"].values[0] == pytest.approx(-0.1)


@pytest.mark.parametrize(("start_hz", "end_hz"), [(10, 70), (70, 10)])
def test_frequency_runs_as_scipys_chirp(start_hz: float, end_hz: float) -> None:
    time_s = np.arange(2001) * DT_S
    # Of scipy a cosine, so a quarter of a turn behind.
    expected = signal.chirp(time_s, start_hz, 8.0, end_hz, phi=-90)
    found = LinearSweep(start_hz, end_hz, 8.0, 0).samples(DT_S)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_tapers_rise_and_fall_over_their_length() -> None:
    tapered = LinearSweep(10, 70, 8, 0.5).samples(DT_S)
    ratio = tapered[1:-1] / SWEEP.samples(DT_S)[1:-1]
    np.testing.assert_allclose(ratio[125:-125], 1, atol=1e-9)
    assert ratio[61] == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(ratio, ratio[::-1], atol=1e-6)


def test_sweep_from_a_file_is_the_same_sweep(tmp_path: Path, one_trace: Maker) -> None:
    path = tmp_path / "sweep.csv"
    rows = [f"{i * DT_S:.4f},{value:.9f}" for i, value in enumerate(SWEEP.samples(DT_S))]
    path.write_text("\n".join(["time_s,amplitude", *rows]))
    trace = one_trace(recording(SWEEP.samples(DT_S), {200: 0.7}))
    by_file = build_steps([{"vibroseis_correlation": {"sweep": str(path)}}])[0]
    np.testing.assert_allclose(
        by_file(trace).values, VibroseisCorrelation(SWEEP)(trace).values, atol=1e-6
    )
    with pytest.raises(OptionError, match="every 4 ms, the survey every 2 ms"):
        by_file(one_trace(np.ones(5000), dt_s=0.002))
    path.write_text("time_s,amplitude\n0,0\n0.004,0\n0.008,0\n")
    with pytest.raises(OptionError, match="silent"):
        by_file(trace)
    with pytest.raises(FileFormatError, match="cannot be read"):
        VibroseisCorrelation(str(tmp_path / "none.csv"))(trace)


def test_impossible_sweeps_are_refused(one_trace: Maker) -> None:
    with pytest.raises(ShapeError, match="has 300 samples, the sweep 2001: it is correlated"):
        VibroseisCorrelation(SWEEP)(one_trace(np.ones(300)))
    with pytest.raises(OptionError, match="130 Hz, not under the Nyquist frequency of 125 Hz"):
        LinearSweep(10, 130, 8).samples(DT_S)
    with pytest.raises(OptionError, match="two different frequencies"):
        LinearSweep(10, 10, 8)
    with pytest.raises(OptionError, match="do not fit a sweep of 1 s"):
        LinearSweep(10, 70, 1, 0.6)
