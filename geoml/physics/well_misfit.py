"""An inverted velocity section against a well's sonic, along the well's path."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RegularGridInterpolator

from geoml.errors import PhysicsError
from geoml.physics.upscaling import time_average

Floats = NDArray[np.float64]

_LEAST_SAMPLES = 5


@dataclass(frozen=True, eq=False)
class WellMisfit:
    """How far a section is from a sonic; differences are section less sonic.

    Attributes:
        n_cells: Cells of the section with both.
        top_m: First depth of the comparison [m].
        base_m: Last depth [m].
        bias_m_s: Mean difference [m/s].
        mae_m_s: Mean absolute difference [m/s].
        rms_m_s: Root mean square difference [m/s].
        relative: RMS difference over the mean sonic velocity.
        correlation: Pearson's over depth; the trend with depth alone makes it large.
        trend_rms_m_s: RMS of the best line through the sonic, the trivial row beside ``rms_m_s``.
        time_error_s: Two-way time through the interval in the section less that of the sonic [s].
        within_std: Share of cells where they differ by less than one standard deviation, None
            where the section has no spread.
        depth_m: Depth of each compared cell [m].
        sonic_m_s: Sonic, averaged over a cell in time [m/s].
        section_m_s: Section along the path [m/s].
        section_std_m_s: Its spread there [m/s], empty where it has none.
    """

    n_cells: int
    top_m: float
    base_m: float
    bias_m_s: float
    mae_m_s: float
    rms_m_s: float
    relative: float
    correlation: float
    trend_rms_m_s: float
    time_error_s: float
    within_std: float | None
    depth_m: Floats = field(repr=False)
    sonic_m_s: Floats = field(repr=False)
    section_m_s: Floats = field(repr=False)
    section_std_m_s: Floats = field(repr=False)

    def figures(self) -> dict[str, float | int | None]:
        """The numbers alone, for a report or JSON."""
        return {k: v for k, v in asdict(self).items() if not isinstance(v, np.ndarray)}


def well_misfit(
    velocity_m_s: ArrayLike,
    depth_m: ArrayLike,
    distance_m: ArrayLike,
    path_depth_m: ArrayLike,
    path_distance_m: ArrayLike,
    sonic_m_s: ArrayLike,
    velocity_std_m_s: ArrayLike | None = None,
    *,
    length_m: float | None = None,
) -> WellMisfit:
    """Compare a section with a sonic that was averaged to what the section can resolve.

    The sonic is averaged in time (mean slowness) over the length of a cell or more, and compared at
    the depths of the section's rows, one value each.

    Args:
        velocity_m_s: Section [m/s], shape (depth, distance).
        depth_m: Depth of its rows below its datum [m], shape (depth,).
        distance_m: Distance of its columns along the line [m], shape (distance,).
        path_depth_m: Depth of the well's samples below the same datum [m], increasing.
        path_distance_m: Distance of the samples along the line [m], same shape.
        sonic_m_s: Velocity from the sonic [m/s], NaN where missing, same shape.
        velocity_std_m_s: Spread of the section [m/s], shape (depth, distance).
        length_m: Length of the average [m]; by default a row of the section.

    Raises:
        PhysicsError: If they have fewer than five depths in common.
    """
    rows, columns = (np.asarray(a, np.float64) for a in (depth_m, distance_m))
    depth, distance, sonic = (
        np.asarray(a, np.float64) for a in (path_depth_m, path_distance_m, sonic_m_s)
    )
    spacing = float(np.median(np.diff(rows)))
    step = float(np.median(np.diff(depth)))
    averaged = time_average(sonic, step, max(length_m or spacing, step))
    inside = (rows >= depth[0]) & (rows <= depth[-1])
    at = rows[inside]
    # The average is defined at samples of the log: the nearest stands for the row.
    nearest = np.clip(np.rint(np.interp(at, depth, np.arange(depth.size))), 0, depth.size - 1)
    truth = averaged[nearest.astype(np.int64)]
    where = np.column_stack([at, np.interp(at, depth, distance)])
    found = _sampled(velocity_m_s, rows, columns, where)
    both = np.isfinite(truth) & np.isfinite(found)
    if both.sum() < _LEAST_SAMPLES:
        raise PhysicsError(
            f"Section and sonic have {int(both.sum())} depths in common; at least {_LEAST_SAMPLES} "
            "are needed. Check the well's position, its datum and the line's extent."
        )
    spread = np.zeros(0)
    if velocity_std_m_s is not None:
        spread = _sampled(velocity_std_m_s, rows, columns, where)[both]
    return _misfit(at[both], truth[both], found[both], spread, spacing)


def _misfit(depth: Floats, truth: Floats, found: Floats, std: Floats, spacing: float) -> WellMisfit:
    difference = found - truth
    rms = float(np.sqrt(np.mean(difference**2)))
    line = np.polynomial.Polynomial.fit(depth, truth, 1)(depth)
    varies = truth.std() > 0 and found.std() > 0
    return WellMisfit(
        n_cells=depth.size,
        top_m=float(depth[0]),
        base_m=float(depth[-1]),
        bias_m_s=float(difference.mean()),
        mae_m_s=float(np.abs(difference).mean()),
        rms_m_s=rms,
        relative=rms / float(truth.mean()),
        correlation=float(np.corrcoef(truth, found)[0, 1]) if varies else float("nan"),
        trend_rms_m_s=float(np.sqrt(np.mean((truth - line) ** 2))),
        time_error_s=float(2 * spacing * np.sum(1 / found - 1 / truth)),
        within_std=float(np.mean(np.abs(difference) < std)) if std.size else None,
        depth_m=depth,
        sonic_m_s=truth,
        section_m_s=found,
        section_std_m_s=std,
    )


def _sampled(grid: ArrayLike, rows: Floats, columns: Floats, where: Floats) -> Floats:
    sampler = RegularGridInterpolator(
        (rows, columns), np.asarray(grid, np.float64), bounds_error=False, fill_value=np.nan
    )
    return np.asarray(sampler(where))
