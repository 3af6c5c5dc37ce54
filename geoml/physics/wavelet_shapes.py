"""Source wavelets with a name, and what turns one into a source for 2-D modelling."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import OptionError, PhysicsError, ShapeError

Floats = NDArray[np.float64]


def ricker(peak_frequency_hz: float, dt_s: float, n_samples: int) -> Floats:
    """Zero-phase Ricker wavelet with amplitude 1 at its centre sample.

    Args:
        peak_frequency_hz: Peak of the amplitude spectrum [Hz], > 0.
        dt_s: Sample interval [s], > 0.
        n_samples: Length, odd, so that one sample falls on t = 0.

    Returns:
        Amplitude [1], shape (time,).

    Raises:
        OptionError: If frequency or interval is not above 0.
        ShapeError: If ``n_samples`` is even.

    References:
        Ricker (1953), Geophysics 18(1), 10-40.
    """
    if peak_frequency_hz <= 0 or dt_s <= 0:
        raise OptionError(
            f"Ricker wavelet of {peak_frequency_hz} Hz at {dt_s} s: both must be above 0."
        )
    squared = (np.pi * peak_frequency_hz * _centred_time(dt_s, n_samples)) ** 2
    return (1 - 2 * squared) * np.exp(-squared)


def _centred_time(dt_s: float, n_samples: int) -> Floats:
    """Times with 0 on the middle sample [s], shape (time,)."""
    if n_samples < 1 or n_samples % 2 == 0:
        raise ShapeError(
            f"Zero-phase wavelet of {n_samples} samples has no middle; use {n_samples + 1}."
        )
    return np.asarray((np.arange(n_samples) - n_samples // 2) * dt_s, dtype=np.float64)


def ormsby(corners_hz: tuple[float, float, float, float], dt_s: float, n_samples: int) -> Floats:
    """Zero-phase wavelet with a trapezoid spectrum and amplitude 1 at its centre sample.

    Args:
        corners_hz: Low cut, low pass, high pass, high cut [Hz], rising.
        dt_s: Sample interval [s], > 0.
        n_samples: Length, odd.

    Returns:
        Amplitude [1], shape (time,).

    Raises:
        OptionError: If the corners do not rise from 0 to Nyquist.
        ShapeError: If ``n_samples`` is even.

    References:
        Ryan (1994), CSEG Recorder 19(7).
    """
    f1, f2, f3, f4 = corners_hz
    if not 0 <= f1 < f2 <= f3 < f4 <= 0.5 / dt_s:
        raise OptionError(
            f"Ormsby corners {corners_hz} Hz must rise from 0 to the Nyquist of {0.5 / dt_s:g} Hz."
        )
    t = _centred_time(dt_s, n_samples)

    def ramp(corner: float) -> Floats:
        return np.pi * corner**2 * np.sinc(corner * t) ** 2

    wave = (ramp(f4) - ramp(f3)) / (f4 - f3) - (ramp(f2) - ramp(f1)) / (f2 - f1)
    return wave / wave[n_samples // 2]


def minimum_phase(wavelet: ArrayLike, floor: float = 1e-4) -> Floats:
    """The causal wavelet of the same amplitude spectrum with its energy earliest.

    Args:
        wavelet: Any phase, shape (time,).
        floor: Least amplitude, as a share of the greatest; a spectrum with zeros has none.

    Returns:
        Onset on the first sample, shape of ``wavelet``.

    References:
        Claerbout (1976), Fundamentals of Geophysical Data Processing, 3-4 (Kolmogorov).
    """
    w = np.asarray(wavelet, dtype=np.float64)
    n = 8 * 2 ** int(np.ceil(np.log2(w.size)))
    spectrum = np.abs(np.fft.fft(w, n))
    cepstrum = np.fft.ifft(np.log(np.maximum(spectrum, floor * spectrum.max()))).real
    # Fold negative quefrencies onto positive ones: the exponential is then causal.
    cepstrum[1 : n // 2] *= 2
    cepstrum[n // 2 + 1 :] = 0
    return np.fft.ifft(np.exp(np.fft.fft(cepstrum))).real[: w.size]


def half_derivative(wavelet: ArrayLike, dt_s: float) -> Floats:
    """The 2-D source whose far field has the shape of a given wavelet.

    A line source in 2-D leaves a tail: its far field is the half integral of its wavelet. What a
    3-D point source sends out unchanged therefore needs the half derivative as 2-D source.

    Args:
        wavelet: Far-field shape, ending in zeros or near it, shape (time,).
        dt_s: Sample interval [s].

    Returns:
        Source time function [1/sqrt(s)], shape of ``wavelet``.

    References:
        Deregowski & Brown (1983), Geophysical Prospecting 31(2), 293-333.
    """
    w = np.asarray(wavelet, dtype=np.float64)
    n = 4 * w.size
    spectrum = np.fft.rfft(w, n) * np.sqrt(2j * np.pi * np.fft.rfftfreq(n, dt_s))
    return np.fft.irfft(spectrum, n)[: w.size]


def bandwidth(wavelet: ArrayLike, dt_s: float, level: float = 0.05) -> tuple[float, float]:
    """Lowest and highest frequency above a share of the spectrum's peak [Hz].

    Args:
        wavelet: Shape (time,).
        dt_s: Sample interval [s].
        level: Share of the peak amplitude; 0.05 is -26 dB.
    """
    w = np.asarray(wavelet, dtype=np.float64)
    n = 8 * w.size
    spectrum = np.abs(np.fft.rfft(w, n))
    inside = np.flatnonzero(spectrum > level * spectrum.max())
    if inside.size == 0:
        raise PhysicsError("The wavelet is zero everywhere; it has no band.")
    frequency = np.fft.rfftfreq(n, dt_s)
    return float(frequency[inside[0]]), float(frequency[inside[-1]])
