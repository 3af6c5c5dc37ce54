"""Classical attributes of a section: RMS amplitude, instantaneous frequency, coherence.

What an interpreter maps seismic facies with where there is no network.

References:
    Taner, Koehler and Sheriff (1979), Complex seismic trace analysis, Geophysics 44(6), 1041-1063.
    Marfurt et al. (1998), 3-D seismic attributes using a semblance-based coherency algorithm,
    Geophysics 63(4), 1150-1165.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from geoml.errors import OptionError, ShapeError

Floats = NDArray[np.float64]

ATTRIBUTES = ("rms_amplitude", "instantaneous_frequency", "coherence")

_TINY = 1e-30


def section_attributes(
    samples: NDArray[np.floating], dt_s: float, window: tuple[int, int] = (9, 17)
) -> Floats:
    """The attributes around every sample, in the order of ``ATTRIBUTES``.

    Args:
        samples: Amplitude of a section, shape (trace, time).
        dt_s: Sample interval [s].
        window: Traces and samples, odd, over which each is measured.

    Returns:
        Amplitude as the samples', [Hz], and 0 to 1; shape (trace, time, attribute).

    Raises:
        ShapeError: If the section is empty or of another dimension.
        OptionError: If the window is even or the interval not above 0.
    """
    if samples.ndim != 2 or 0 in samples.shape:
        raise ShapeError(f"A section of shape {samples.shape}; needed (trace, time), filled.")
    if any(size < 1 or size % 2 == 0 for size in window) or not dt_s > 0:
        raise OptionError(f"A window of {window} at {dt_s:g} s; take odd sizes and time above 0.")
    values = samples.astype(np.float64)
    power = _mean(values**2, window)
    analytic = signal.hilbert(values, axis=1)
    return np.stack(
        [np.sqrt(power), _frequency(analytic, dt_s, window), _coherence(analytic, window)], axis=2
    )


def _mean(values: Floats, window: tuple[int, int]) -> Floats:
    """Mean over the window, mirrored at the ends, never below 0 by rounding."""
    return np.maximum(ndimage.uniform_filter(values, window, mode="reflect"), 0)


def _frequency(analytic: NDArray[np.complex128], dt_s: float, window: tuple[int, int]) -> Floats:
    """Phase advance from sample to sample, weighted by the envelope's power [Hz]."""
    step = analytic[:, 1:] * analytic[:, :-1].conj()
    step = np.concatenate([step, step[:, -1:]], axis=1)
    real, imaginary = (
        ndimage.uniform_filter(part, window, mode="reflect") for part in (step.real, step.imag)
    )
    return np.angle(real + 1j * imaginary) / (2 * np.pi * dt_s)


def _coherence(analytic: NDArray[np.complex128], window: tuple[int, int]) -> Floats:
    """Semblance of the traces in the window, along times without dip, 0 to 1."""
    n_traces = window[0]
    stacked = np.zeros(analytic.shape)
    for part in (analytic.real, analytic.imag):
        stacked += ndimage.uniform_filter1d(part, n_traces, axis=0, mode="reflect") ** 2
    above = _mean_time(stacked, window[1])
    below = _mean(np.abs(analytic) ** 2, window)
    return np.clip(above / np.maximum(below, _TINY), 0, 1)


def _mean_time(values: Floats, size: int) -> Floats:
    return ndimage.uniform_filter1d(values, size, axis=1, mode="reflect")
