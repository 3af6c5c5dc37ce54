"""The time that neighbouring traces predict: a median line through their picks.

References:
    Theil (1950), Proc. KNAW 53, 386-392.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LEAST_PICKS = 3


def expected_times(distance_m: Floats, times: Floats, n_neighbours: int) -> Floats:
    """Time on every trace by the line through its nearest picks on either side, not its own.

    Args:
        distance_m: Absolute offset, rising [m], shape (trace,).
        times: Picks in any unit, NaN where none, shape (trace,).
        n_neighbours: Most picks used on each side.

    Returns:
        Times in the unit of ``times``, NaN with fewer than three picks around, shape (trace,).
    """
    valid = np.flatnonzero(np.isfinite(times))
    every = np.arange(times.size)
    before = np.searchsorted(valid, every, side="left")[:, None] - 1 - np.arange(n_neighbours)
    after = np.searchsorted(valid, every, side="right")[:, None] + np.arange(n_neighbours)
    place = np.concatenate([before, after], axis=1)
    inside = (place >= 0) & (place < valid.size)
    if valid.size == 0:
        return np.full(times.shape, np.nan)
    near = valid[np.clip(place, 0, valid.size - 1)]
    x = np.where(inside, distance_m[near], np.nan)
    y = np.where(inside, times[near], np.nan)
    return line_at(x, y, distance_m)


def line_at(x: Floats, y: Floats, wanted: Floats) -> Floats:
    """Value of the median line of each row, unmoved by up to a quarter of outliers.

    Args:
        x: NaN where missing, shape (row, point).
        y: NaN where missing, shape (row, point).
        wanted: Where the line is read, shape (row,).

    Returns:
        NaN where a row has fewer than three points, shape (row,).
    """
    result = np.full(wanted.shape, np.nan)
    rows = np.flatnonzero(np.isfinite(x).sum(axis=1) >= _LEAST_PICKS)
    if rows.size == 0:
        return result
    x, y = x[rows], y[rows]
    dx = x[:, :, None] - x[:, None, :]
    dy = y[:, :, None] - y[:, None, :]
    slopes = np.where(dx > 0, dy / np.where(dx > 0, dx, 1.0), np.nan).reshape(rows.size, -1)
    # Traces all at one distance have no slope; their median time is the line.
    flat = ~np.isfinite(slopes).any(axis=1)
    slopes[flat] = 0.0
    slope = np.nanmedian(slopes, axis=1)
    result[rows] = np.nanmedian(y + slope[:, None] * (wanted[rows, None] - x), axis=1)
    return result
