"""Another wavelet in a record: its spectrum times the ratio of the new wavelet to the old."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Spectrum = NDArray[np.complex128]

_FLOOR = 0.01  # share of the peak amplitude under which a wavelet is no longer divided out


@dataclass(frozen=True, eq=False)
class Wavelet:
    """The wavelet in the gathers.

    Attributes:
        samples: Amplitude, shape (time,).
        dt_s: Sample interval [s].
        start_s: Time of the first sample [s].
    """

    samples: NDArray[np.floating]
    dt_s: float
    start_s: float

    def spectrum(self, frequency_hz: NDArray[np.float64]) -> Spectrum:
        """Its Fourier transform, 0 above the Nyquist frequency, shape (frequency,)."""
        time_s = self.start_s + self.dt_s * np.arange(self.samples.size)
        values: Spectrum = np.exp(-2j * np.pi * np.outer(frequency_hz, time_s)) @ self.samples
        return np.where(frequency_hz * self.dt_s <= 0.5, values, 0)


def spectral_ratio(
    wavelet: Wavelet,
    n_fft: int,
    *,
    peak_factor: float = 1.0,
    sharpness: float = 1.0,
    time_factor: float = 1.0,
    keep_time: bool = False,
) -> NDArray[np.complex64]:
    """Factor of each frequency that turns the wavelet of a record into another.

    The new amplitude spectrum is that of ``wavelet`` stretched along frequency by ``peak_factor``
    and raised to the power ``sharpness``, with its energy and its phase. Where the record's own
    wavelet has under 1 % of its peak amplitude there is nothing to multiply: the factor falls to 0.

    Args:
        wavelet: Sampled like the record.
        n_fft: Length of the transform that the factors are for.
        peak_factor: New peak frequency over the old one, > 0.
        sharpness: Above 1 narrows the band, below 1 widens it, > 0.
        time_factor: The record holds ``wavelet`` at this factor times t, > 0.
        keep_time: Whether the new wavelet is to be at that factor times t, too.

    Returns:
        Factor [1], shape (frequency,).
    """
    frequency_hz = scipy.fft.rfftfreq(n_fft, wavelet.dt_s)
    old = wavelet.spectrum(frequency_hz / time_factor) / time_factor
    plain = old if keep_time else wavelet.spectrum(frequency_hz)
    new = plain
    if peak_factor != 1 or sharpness != 1:
        stretch = peak_factor * (time_factor if keep_time else 1)
        shape = np.abs(wavelet.spectrum(frequency_hz / stretch))
        shape = (shape / max(shape.max(), _TINY)) ** sharpness
        level = np.sqrt(np.sum(np.abs(plain) ** 2) / max(np.sum(shape**2), _TINY))
        new = level * shape * np.exp(1j * np.angle(plain))
    power = np.abs(old) ** 2
    ratio = new * old.conj() / np.maximum(power + _FLOOR**2 * power.max(), _TINY)
    return ratio.astype(np.complex64)


def shape_wavelet(shots: Floats, ratio: NDArray[np.complex64], n_fft: int) -> Floats:
    """Records with every frequency multiplied by its factor.

    Args:
        shots: Shape (shot, time, receiver).
        ratio: Factor of each frequency of an ``n_fft``-point transform, shape (frequency,).
        n_fft: At least the samples of a trace.

    Returns:
        Same shape.
    """
    spectrum = scipy.fft.rfft(shots, n_fft, axis=1) * ratio[:, None]
    shaped: Floats = scipy.fft.irfft(spectrum, n_fft, axis=1)[:, : shots.shape[1]]
    return shaped


def padded_length(n_samples: int) -> int:
    """Length of a transform that keeps what a filter moves over one end from the other."""
    return int(scipy.fft.next_fast_len(n_samples + n_samples // 8, real=True))


_TINY = np.finfo(np.float64).tiny
