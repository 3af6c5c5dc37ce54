"""Time against depth in a well: sonic integrated, and bent to check shots.

References:
    Box & Lowrey (2003), Reconciling sonic logs with check-shot surveys, The Leading Edge 22(6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import PhysicsError, ShapeError

Floats = NDArray[np.float64]

_FASTEST_ROCK_US_M = 100.0


@dataclass(frozen=True, eq=False)
class CheckedSonic:
    """A sonic that agrees with its check shots.

    Attributes:
        time_s: Two-way time at each depth [s], shape (depth,).
        slowness_us_m: Sonic with the drift put into it [us/m], shape (depth,).
        drift_s: Two-way time of the check shots less that of the sonic, at each shot [s].
    """

    time_s: Floats
    slowness_us_m: Floats
    drift_s: Floats


def two_way_time(
    depth_m: ArrayLike,
    slowness_us_m: ArrayLike,
    *,
    start_time_s: float | None = None,
    replacement_m_s: float = 1800.0,
) -> Floats:
    """Two-way time at each depth, the sonic integrated by the trapezoidal rule.

    A slowness that is missing is interpolated; at the ends the nearest holds.

    Args:
        depth_m: True vertical depth below the datum [m], increasing, shape (depth,).
        slowness_us_m: [us/m], shape (depth,).
        start_time_s: Two-way time at the first depth [s]; by default that depth is crossed at the
            replacement velocity.
        replacement_m_s: Velocity between datum and log [m/s].

    Raises:
        PhysicsError: If there is no sonic, or depth does not increase.
        ShapeError: If the shapes differ.
    """
    depth, slowness = _checked(depth_m, slowness_us_m)
    start = 2 * depth[0] / replacement_m_s if start_time_s is None else start_time_s
    pieces = 1e-6 * (slowness[1:] + slowness[:-1]) * np.diff(depth)
    return start + np.concatenate([[0.0], np.cumsum(pieces)])


def checked_sonic(
    depth_m: ArrayLike,
    slowness_us_m: ArrayLike,
    shot_depth_m: ArrayLike,
    shot_time_s: ArrayLike,
) -> CheckedSonic:
    """The sonic bent to check shots: between two of them it is too slow or fast by one amount.

    Above the first and below the last shot the drift stays as it is there, so that the sonic keeps
    its own slowness.

    Args:
        depth_m: True vertical depth below the datum [m], increasing, shape (depth,).
        slowness_us_m: [us/m], shape (depth,).
        shot_depth_m: Depths of the check shots [m], increasing, shape (shot,).
        shot_time_s: Their vertical two-way times from the datum [s], shape (shot,).

    Raises:
        PhysicsError: If shots lie outside the log, are not in order, or ask for a slowness that
            no rock has.
        ShapeError: If the shapes differ.
    """
    depth, slowness = _checked(depth_m, slowness_us_m)
    shots, times = (np.asarray(a, np.float64) for a in (shot_depth_m, shot_time_s))
    if shots.shape != times.shape or shots.ndim != 1 or shots.size == 0:
        raise ShapeError(f"{shots.size} check-shot depths and {times.size} times; a pair each.")
    if (np.diff(shots) <= 0).any() or (np.diff(times) <= 0).any():
        raise PhysicsError("Check shots must go down in depth and up in time, each once.")
    if shots[0] < depth[0] - 1e-6 or shots[-1] > depth[-1] + 1e-6:
        raise PhysicsError(
            f"Check shots from {shots[0]:g} to {shots[-1]:g} m, a sonic from {depth[0]:g} to "
            f"{depth[-1]:g} m; leave out the shots beyond the log."
        )
    sonic = two_way_time(depth, slowness, start_time_s=0.0)
    drift = times - np.interp(shots, depth, sonic)
    time = sonic + np.interp(depth, shots, drift)
    # The slope of the drift between two shots [s/m, two-way], nothing beyond them.
    slopes = np.diff(drift) / np.diff(shots) if shots.size > 1 else np.zeros(0)
    place = np.searchsorted(shots, depth, side="right") - 1
    inside = (place >= 0) & (place < slopes.size)
    change = np.where(inside, np.append(slopes, 0.0)[np.clip(place, 0, slopes.size)], 0.0)
    corrected = slowness + 0.5e6 * change
    impossible = inside & (corrected < _FASTEST_ROCK_US_M)
    if impossible.any():
        worst = float(depth[np.argmin(np.where(impossible, corrected, np.inf))])
        raise PhysicsError(
            f"Check shots around {worst:.0f} m ask for a slowness of {corrected.min():.0f} us/m, "
            "faster than any rock; check their times and the datum."
        )
    return CheckedSonic(time, corrected, drift)


def _checked(depth_m: ArrayLike, slowness_us_m: ArrayLike) -> tuple[Floats, Floats]:
    depth = np.asarray(depth_m, np.float64)
    slowness = np.asarray(slowness_us_m, np.float64)
    if depth.shape != slowness.shape or depth.ndim != 1:
        raise ShapeError(f"Depths of shape {depth.shape}, slowness of {slowness.shape}; the same.")
    there = np.isfinite(slowness)
    if depth.size < 2 or not there.any() or (np.diff(depth) <= 0).any():
        raise PhysicsError(
            f"{int(there.sum())} values of slowness over {depth.size} depths; a sonic over "
            "increasing depths is needed."
        )
    return depth, np.interp(depth, depth[there], slowness[there])
