"""The earth under the sample line: water over faulted layers, as a function of position."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

WATER_M_S = 1500.0
FAULT_HEAD_M = 2300.0
FAULT_SLOPE = 0.55  # metres sideways for one metre down: a dip of 61 degrees
THROW_M = 70.0

# (depth of the layer's top on the up-thrown side [m], velocity there [m/s], gradient [1/s],
# density [g/cm3], gamma ray [gAPI]); a slow layer lies between 560 and 680 m.
LAYERS = (
    (0.0, 1760.0, 0.70, 1.95, 85.0),
    (330.0, 1980.0, 0.45, 2.05, 60.0),
    (450.0, 2230.0, 0.40, 2.15, 95.0),
    (560.0, 2110.0, 0.30, 2.10, 110.0),
    (680.0, 2450.0, 0.35, 2.25, 45.0),
    (850.0, 2720.0, 0.30, 2.35, 70.0),
    (1020.0, 2950.0, 0.15, 2.42, 30.0),
)


def sea_bottom_m(distance_m: ArrayLike) -> Floats:
    """Water depth [m]: 150 m at the start of the line, 235 m at its end, gently wavy."""
    x = np.asarray(distance_m, dtype=np.float64)
    return 150.0 + 85.0 * x / 4000.0 + 5.0 * np.sin(2 * np.pi * x / 1300.0)


def layer_of(distance_m: ArrayLike, depth_m: ArrayLike) -> NDArray[np.intp]:
    """Number of the layer at each position, counted from 1 below the sea bottom; 0 is water."""
    x, z = np.broadcast_arrays(np.asarray(distance_m, float), np.asarray(depth_m, float))
    number = np.searchsorted([top for top, *_ in LAYERS], _unfaulted_depth(x, z), side="right")
    return np.where(z < sea_bottom_m(x), 0, np.clip(number, 1, len(LAYERS)))


def velocity_m_s(distance_m: ArrayLike, depth_m: ArrayLike) -> Floats:
    """P velocity [m/s] at each position; depth counts down from the sea surface."""
    layer = layer_of(distance_m, depth_m)
    x, z = np.broadcast_arrays(np.asarray(distance_m, float), np.asarray(depth_m, float))
    top, velocity, gradient = (np.array([row[i] for row in LAYERS]) for i in range(3))
    index = np.maximum(layer - 1, 0)
    start = np.where(index == 0, sea_bottom_m(x), top[index])
    inside = velocity[index] + gradient[index] * (_unfaulted_depth(x, z) - start)
    return np.where(layer == 0, WATER_M_S, inside)


def section(n_depth: int, n_distance: int, spacing_m: float, origin_m: float = 0.0) -> Floats:
    """Velocity [m/s] on a grid, shape (depth, distance), the first column at ``origin_m``."""
    distance_m = origin_m + np.arange(n_distance) * spacing_m
    depth_m = np.arange(n_depth) * spacing_m
    return velocity_m_s(distance_m[None, :], depth_m[:, None])


def _unfaulted_depth(x: Floats, z: Floats) -> Floats:
    """Depth [m] at which the rock at a position lay before folding and faulting.

    The block beyond the fault slid down while it was buried: the throw grows from 0 at 250 m to
    its full size at 450 m.
    """
    fold_m = 18.0 * np.sin(2 * np.pi * (x + 400.0) / 3100.0)
    beyond = x > FAULT_HEAD_M + FAULT_SLOPE * (z - 250.0)
    throw_m = THROW_M * np.clip((z - 250.0) / 200.0, 0.0, 1.0)
    return z - fold_m - np.where(beyond, throw_m, 0.0)
