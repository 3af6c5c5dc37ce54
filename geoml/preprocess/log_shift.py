"""Depth shift between two runs of one hole, by the correlation of a curve that both have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError

_LEAST_OVERLAP = 30


def depth_shift(
    reference: xr.Dataset, other: xr.Dataset, curve: str = "GR", max_shift_m: float = 10.0
) -> tuple[float, float]:
    """Shift that brings a run onto another, and the correlation it reaches.

    Args:
        reference: The run whose depths count.
        other: The run to shift.
        curve: A curve of both.
        max_shift_m: Largest shift that is tried [m], > 0.

    Returns:
        Metres to add to the depths of ``other``, to a fraction of the step, and Pearson's
        correlation at the best whole step.

    Raises:
        GeometryError: If a run lacks the curve, or they overlap in under thirty samples.
    """
    for run in (reference, other):
        if curve not in run:
            raise GeometryError(f"Run '{run.attrs.get('name', '')}' has no '{curve}' to shift by.")
    step = float(reference.attrs["step_m"])
    most = int(np.ceil(max_shift_m / step))
    depth = reference["depth"].values
    first = reference[curve].values.astype(np.float64)
    reach = np.arange(-most, most + 1)
    grid = np.concatenate(
        [depth[0] + step * np.arange(-most, 0), depth, depth[-1] + step * (1 + np.arange(most))]
    )
    second = np.interp(
        grid,
        other["depth"].values,
        other[curve].values.astype(np.float64),
        left=np.nan,
        right=np.nan,
    )
    scores = np.array(
        [_correlation(first, second[most - k : most - k + first.size]) for k in reach]
    )
    if not np.isfinite(scores).any():
        raise GeometryError(
            f"The runs overlap in under {_LEAST_OVERLAP} samples of '{curve}' within "
            f"{max_shift_m:g} m; pass a larger max_shift_m, or another curve."
        )
    best = int(np.nanargmax(scores))
    return float((reach[best] + _vertex(scores, best)) * step), float(scores[best])


def shifted(run: xr.Dataset, shift_m: float, curves: Sequence[str] | None = None) -> xr.Dataset:
    """A run with its curves moved down by ``shift_m`` on its own depths.

    Logs are interpolated; classes, words and flags come from the nearest depth.

    Args:
        run: The run.
        shift_m: Metres to add to the depth of every value.
        curves: Curves to move; all by default.
    """
    depth = run["depth"].values
    moved = run.copy()
    for name in [str(n) for n in run.data_vars] if curves is None else curves:
        values = run[name].values.astype(np.float64)
        at = depth - shift_m
        if run[name].attrs.get("kind", "log") == "log":
            found = np.interp(at, depth, values, left=np.nan, right=np.nan)
        else:
            row = np.clip(np.rint((at - depth[0]) / float(run.attrs["step_m"])), 0, depth.size - 1)
            inside = (at >= depth[0]) & (at <= depth[-1])
            found = np.where(inside, values[row.astype(np.int64)], np.nan)
        moved[name] = ("depth", found.astype(np.float32), run[name].attrs)
    return moved


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < _LEAST_OVERLAP:
        return float("nan")
    a, b = first[both] - first[both].mean(), second[both] - second[both].mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else float("nan")


def _vertex(scores: NDArray[np.float64], best: int) -> float:
    """Where the parabola through a peak and its neighbours is highest, in steps from the peak."""
    if best in (0, scores.size - 1):
        return 0.0
    left, middle, right = scores[best - 1 : best + 2]
    bend = left - 2 * middle + right
    if not np.isfinite(bend) or bend >= 0:
        return 0.0
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
