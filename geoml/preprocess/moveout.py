"""Hyperbolic moveout: times along reflections, and how much they stretch a wavelet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def moveout_s(zero_offset_s: Floats, offset_m: Floats, velocity_m_s: Floats) -> Floats:
    """Arrival time of a reflection at an offset [s], shape (trace, time).

    Args:
        zero_offset_s: Two-way time at offset 0 [s]; where it is under 0 the result has no
            meaning, shape (time,).
        offset_m: Source-receiver distance [m], shape (trace,).
        velocity_m_s: Stacking velocity at each time [m/s], shape (1 or trace, time).

    References:
        Dix (1955), Geophysics 20(1), 68-86.
    """
    # Offset 0 stays where it is to the last bit, also before time 0.
    delay = offset_m[:, None] / velocity_m_s
    return np.where(delay == 0, zero_offset_s, np.sqrt(zero_offset_s**2 + delay**2))


def moveout_stretch(time_s: Floats, dt_s: float) -> Floats:
    """Share by which moveout correction draws out a wavelet, shape (trace, time).

    ``dt0 / dt - 1``, which for a constant velocity is ``(t - t0) / t0``; infinite where the curves
    of neighbouring times cross.

    Args:
        time_s: Arrival times of regular zero-offset times [s], shape (trace, time).
        dt_s: Interval of the zero-offset times [s].

    References:
        Dunkin & Levin (1973), Geophysics 38(4), 635-642.
    """
    if time_s.shape[1] < 2:
        return np.zeros_like(time_s)
    slope = np.gradient(time_s, dt_s, axis=1)
    return np.where(slope > 0, 1 / np.where(slope > 0, slope, 1) - 1, np.inf)


def first_kept(stretch: Floats, max_stretch: float) -> NDArray[np.intp]:
    """First sample after the last one that stretches too much, shape (trace,).

    From there on arrival times rise with zero-offset times, so that the correction can be undone.

    Args:
        stretch: Shape (trace, time).
        max_stretch: Largest share kept.
    """
    # Not even an unlimited stretch keeps times that cross; those before the shot always do.
    bad = (stretch > max_stretch) | np.isinf(stretch)
    last = stretch.shape[1] - 1 - np.argmax(bad[:, ::-1], axis=1)
    return np.where(bad.any(axis=1), last + 1, 0).astype(np.intp)
