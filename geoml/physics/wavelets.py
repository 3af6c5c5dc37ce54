"""Source wavelets: named shapes, and what turns a field record's wavelet into a 2-D source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError

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
