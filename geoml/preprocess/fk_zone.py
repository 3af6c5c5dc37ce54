"""Zones of the frequency-wavenumber plane: fans of apparent velocity, and polygons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def trapezoid(value: Floats, corners: tuple[float, ...]) -> Floats:
    """Weight 0 up to the first corner, 1 from the second to the third, 0 from the fourth on.

    The sides are half cosines; equal corners make a sharp side.

    Args:
        value: Any shape, 0 or more.
        corners: Four numbers that do not fall, or two for a weight of 1 from the second on.
    """
    first, second, third, fourth = (*corners, np.inf, np.inf)[:4]
    rise = (value >= first).astype(np.float64)
    if second > first:
        rise = np.clip((value - first) / (second - first), 0, 1)
    fall = (value <= third).astype(np.float64)
    if fourth > third:
        fall = np.clip((fourth - value) / (fourth - third), 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * rise)) * (0.5 - 0.5 * np.cos(np.pi * fall))


def fan(
    frequency_hz: Floats,
    wavenumber_per_m: Floats,
    velocities_m_s: tuple[float, ...],
    n_aliases: int,
) -> Floats:
    """Weight of each apparent velocity |frequency / wavenumber|, shape (wavenumber, frequency).

    Args:
        frequency_hz: Frequencies, 0 or more, shape (frequency,).
        wavenumber_per_m: Cycles a metre, either sign, shape (wavenumber,), as ``fftfreq`` gives
            them.
        velocities_m_s: Corners of the trapezoid [m/s].
        n_aliases: How often the fan is folded back at the Nyquist wavenumber: an event that is
            too steep for the trace spacing shows there under a wrong dip.
    """
    around = 2 * np.abs(wavenumber_per_m).max()
    zone = np.zeros((wavenumber_per_m.size, frequency_hz.size))
    for alias in range(-n_aliases, n_aliases + 1):
        wavenumber = np.abs(wavenumber_per_m + alias * around)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            velocity = frequency_hz / wavenumber
        # Neither frequency nor wavenumber: a constant is flat.
        velocity = np.where(np.isnan(velocity), np.inf, velocity)
        zone = np.maximum(zone, trapezoid(velocity, velocities_m_s))
    return zone


def polygon_zone(
    frequency_hz: Floats,
    wavenumber_per_m: Floats,
    polygon: tuple[tuple[float, float], ...],
    taper: float,
) -> Floats:
    """Weight 1 inside a polygon, falling to 0 outside it, shape (wavenumber, frequency).

    Args:
        frequency_hz: Frequencies, 0 or more, shape (frequency,).
        wavenumber_per_m: Cycles a metre; their sign does not matter, shape (wavenumber,).
        polygon: Corners (wavenumber [1/m], frequency [Hz]), the last one joined to the first.
        taper: Distance over which the weight falls, as a fraction of the Nyquist frequency and of
            the Nyquist wavenumber.
    """
    nyquist = np.array([np.abs(wavenumber_per_m).max(), frequency_hz.max()])
    across = np.abs(wavenumber_per_m)[:, None] / nyquist[0]
    up = frequency_hz / nyquist[1]
    corners = np.asarray(polygon, dtype=np.float64) / nyquist
    inside = np.zeros((wavenumber_per_m.size, frequency_hz.size), dtype=bool)
    distance = np.full(inside.shape, np.inf)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        # Even-odd rule: a ray along the wavenumber axis changes sides at every edge it crosses.
        if y0 != y1:
            crosses = (y0 > up) != (y1 > up)
            inside ^= crosses & (across < x0 + (up - y0) / (y1 - y0) * (x1 - x0))
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-300)
        share = np.clip(((across - x0) * (x1 - x0) + (up - y0) * (y1 - y0)) / length, 0, 1)
        edge = np.hypot(across - x0 - share * (x1 - x0), up - y0 - share * (y1 - y0))
        distance = np.minimum(distance, edge)
    if taper == 0:
        return inside.astype(np.float64)
    outside = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / taper, 0, 1))
    return np.where(inside, 1, outside)
