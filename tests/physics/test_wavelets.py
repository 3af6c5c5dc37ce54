from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import segyio

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.wavelet_shapes import half_derivative, minimum_phase, ormsby, ricker
from geoml.physics.wavelets import estimate_from_first_arrivals, estimate_statistical

DT = 0.004


def pulse(t: np.ndarray) -> np.ndarray:
    """A causal wavelet: nothing before time 0, 12 Hz."""
    return np.where(t > 0, np.sin(2 * np.pi * 12 * t) * np.exp(-25 * t), 0.0)


def shifted_pulses(noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Forty traces of the pulse at onsets between samples, of any strength."""
    rng = np.random.default_rng(5)
    onsets = rng.uniform(0.3, 0.6, 40)
    t = np.arange(300) * DT
    traces = rng.uniform(0.1, 50, (40, 1)) * pulse(t - onsets[:, None])
    return traces + noise * traces.std(axis=1, keepdims=True) * rng.normal(size=(40, 300)), onsets


def match(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_first_arrivals_between_samples_give_their_common_wavelet() -> None:
    traces, onsets = shifted_pulses(noise=0.2)
    wavelet = estimate_from_first_arrivals(
        traces, onsets, np.linspace(-900, 900, 40), DT, point_source=False, length_s=0.2
    )
    t = wavelet.start_s + DT * np.arange(wavelet.samples.size)
    middle = t < 0.14
    assert match(wavelet.samples[middle], pulse(t)[middle]) > 0.99
    assert np.abs(wavelet.samples).max() == 1.0
    assert 20 < wavelet.max_frequency_hz < 125


def test_point_source_takes_the_half_derivative() -> None:
    traces, onsets = shifted_pulses(noise=0.0)
    offsets = np.full(40, 500.0)
    plain, half = (
        estimate_from_first_arrivals(traces, onsets, offsets, DT, point_source=flag)
        for flag in (False, True)
    )
    inside = plain.samples.size * 3 // 4
    expected = half_derivative(plain.samples, DT)
    assert match(half.samples[:inside], expected[:inside]) > 0.9999


def test_alignment_between_samples_keeps_the_high_frequencies() -> None:
    # Rounding onsets to samples of a 40 Hz wavelet would change its shape by 5 %.
    rng = np.random.default_rng(1)
    onsets = rng.uniform(0.3, 0.6, 200)
    t = np.arange(300) * DT

    def short(time: np.ndarray) -> np.ndarray:
        squared = (np.pi * 40 * (time - 0.03)) ** 2
        return (1 - 2 * squared) * np.exp(-squared)

    wavelet = estimate_from_first_arrivals(
        short(t - onsets[:, None]), onsets, np.zeros(200), DT, point_source=False
    )
    t = wavelet.start_s + DT * np.arange(wavelet.samples.size)
    middle = (t > -0.01) & (t < 0.1)
    assert match(wavelet.samples[middle], short(t)[middle]) > 0.9999


def test_noisy_dead_and_reversed_traces_stay_out_of_the_stack() -> None:
    traces, onsets = shifted_pulses(noise=0.1)
    traces[[0, 7, 14]] *= -1
    traces[20:32] = np.random.default_rng(0).normal(size=(12, 300)) * 1e6
    traces[5] = 0.0
    traces[6, 10] = np.nan
    offsets = np.full(40, 500.0)
    wavelet = estimate_from_first_arrivals(traces, onsets, offsets, DT, point_source=False)
    assert wavelet.note.startswith("38 first arrivals stacked, 23 alike")
    t = wavelet.start_s + DT * np.arange(wavelet.samples.size)
    middle = t < 0.1
    assert match(wavelet.samples[middle], pulse(t)[middle]) > 0.997


def test_offsets_choose_the_traces() -> None:
    traces, onsets = shifted_pulses(noise=0.0)
    offsets = np.linspace(-1000, 1000, 40)
    wavelet = estimate_from_first_arrivals(traces, onsets, offsets, DT, max_offset_m=200.0)
    assert wavelet.note.startswith(f"{int((np.abs(offsets) <= 200).sum())} first arrivals")


@pytest.mark.parametrize("phase", ["minimum", "zero"])
def test_statistical_wavelet_of_white_reflectivity(phase: str) -> None:
    true = ormsby((6.0, 12.0, 30.0, 45.0), DT, 41)
    if phase == "minimum":
        true = minimum_phase(true)
    rng = np.random.default_rng(2)
    reflectivity = rng.normal(size=(60, 500)) * (rng.random((60, 500)) < 0.2)
    traces = np.array([np.convolve(r, true) for r in reflectivity])
    wavelet = estimate_statistical(traces, DT, phase=phase, point_source=False, length_s=0.2)
    onset = round(-wavelet.start_s / DT) - (20 if phase == "zero" else 0)
    found = wavelet.samples[max(onset, 0) : max(onset, 0) + true.size]
    assert match(found, true[: found.size]) > 0.95


def test_too_little_to_estimate_from_is_refused() -> None:
    traces, onsets = shifted_pulses(noise=0.0)
    with pytest.raises(PhysicsError, match="0 traces with a first break"):
        estimate_from_first_arrivals(traces, np.full(40, np.nan), np.zeros(40), DT)
    with pytest.raises(ShapeError, match=r"\(40, 300\)"):
        estimate_from_first_arrivals(traces, onsets[:3], np.zeros(40), DT)
    with pytest.raises(PhysicsError, match="dead"):
        estimate_statistical(np.zeros((3, 200)), DT)
    with pytest.raises(OptionError, match="'maximum'"):
        estimate_statistical(traces, DT, phase="maximum")  # type: ignore[arg-type]


@pytest.mark.data
def test_marine_wavelet_holds_the_band_of_the_line(data_dir: Path) -> None:
    with segyio.open(data_dir / "seismic" / "viking_small.segy", ignore_geometry=True) as file:
        traces = file.trace.raw[:]
    wavelet = estimate_statistical(traces, DT, length_s=0.3)
    spectrum = np.abs(np.fft.rfft(wavelet.samples, 1024))
    frequency = np.fft.rfftfreq(1024, DT)
    peak = frequency[spectrum.argmax()]
    assert 8 < peak < 60
    assert wavelet.start_s == 0.0


def test_shifts_onto_the_pilot_bring_back_what_scattered_picks_stack_away() -> None:
    rng = np.random.default_rng(8)
    dt_s = 0.004
    true = ricker(20.0, dt_s, 41)
    traces, picks = np.zeros((60, 400)), np.empty(60)
    for row, first in enumerate(rng.integers(60, 250, 60)):
        traces[row, first : first + 41] = true
        picks[row] = (first + rng.integers(-4, 5)) * dt_s
    offset = np.linspace(100, 1000, 60)
    options = {"length_s": 0.2, "lead_s": 0.04, "point_source": False}
    plain = estimate_from_first_arrivals(traces, picks, offset, dt_s, **options)
    aligned = estimate_from_first_arrivals(traces, picks, offset, dt_s, **options, max_shift_s=0.02)
    target = np.pad(true, (10, 10))

    def likeness(samples: np.ndarray) -> float:
        unit = samples / np.linalg.norm(samples)
        return float(np.correlate(unit, target / np.linalg.norm(target), "full").max())

    assert likeness(aligned.samples) > 0.99
    # Without the shifts most traces disagree with the pilot and are left out of the stack.
    assert "60 alike" in aligned.note
    assert int(plain.note.split()[4]) < 30
    # Time 0 stays where the picks have it on the whole.
    peak_s = aligned.start_s + dt_s * int(aligned.samples.argmax())
    assert peak_s == pytest.approx(20 * dt_s, abs=1.01 * dt_s)
