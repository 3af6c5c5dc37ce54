"""The velocity that a stack asks for, from the velocity of the ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import PhysicsError, ShapeError

Floats = NDArray[np.float64]


def stack_velocity(velocity: ArrayLike, spacing_m: float, time_s: ArrayLike) -> Floats:
    """RMS velocity at two-way vertical times: the moveout velocity of short spreads over layers.

    Args:
        velocity: Interval velocity of rows, the first one from depth 0 on [m/s], shape (depth,).
        spacing_m: Thickness of a row [m].
        time_s: Two-way times [s], >= 0, shape (time,).

    Returns:
        [m/s], shape (time,); the first row's at time 0, NaN below the last row.

    Raises:
        PhysicsError: If a velocity is not above 0.
        ShapeError: If the velocity is no profile.

    References:
        Dix (1955), Geophysics 20(1), 68-86.
    """
    rows = np.asarray(velocity, dtype=np.float64)
    if rows.ndim != 1 or not rows.size:
        raise ShapeError(f"Velocity has shape {rows.shape}; needed (depth,).")
    if not (rows > 0).all():
        raise PhysicsError("A profile holds velocities not above 0 m/s; give absolute m/s.")
    thickness_s = 2 * spacing_m / rows
    bottom_s = np.concatenate([[0.0], np.cumsum(thickness_s)])
    # Velocity squared times time grows linearly within a row.
    energy = np.concatenate([[0.0], np.cumsum(rows**2 * thickness_s)])
    times = np.asarray(time_s, dtype=np.float64)
    grown = np.interp(times, bottom_s, energy, right=np.nan)
    safe = np.where(times > 0, times, 1)
    return np.where(times > 0, np.sqrt(grown / safe), rows[0])
