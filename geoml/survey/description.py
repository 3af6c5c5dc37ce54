"""What a survey's traces are and where they lie, in lines for people."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.survey.cdp_position import is_stacked
from geoml.survey.gathers import GatherKind, gather_index
from geoml.survey.geometry import line_coordinates
from geoml.survey.line_distance import line_distance

Fact = tuple[str, str]


def geometry_facts(survey: xr.Dataset) -> list[Fact]:
    """Label and text of each line about gathers, grid and positions.

    Args:
        survey: Dataset with every trace variable.
    """
    facts = _stack_facts(survey) if is_stacked(survey) else _prestack_facts(survey)
    return [*_grid_facts(survey), *facts]


def counted(number: int, what: str) -> str:
    """A number with its noun, in the plural where it is not one."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _grid_facts(survey: xr.Dataset) -> list[Fact]:
    """Inlines and crosslines, or CDPs of stacked traces."""
    inline, crossline, cdp = (survey[axis].values for axis in ("inline", "crossline", "cdp"))
    if np.ptp(inline) or np.ptp(crossline):
        numbers = f"{_numbers('inline', inline)} x {_numbers('crossline', crossline)}"
        return [("grid", f"{numbers}{_bin_size(survey)}")]
    if is_stacked(survey) and np.ptp(cdp):
        return [("grid", f"stacked, {_numbers('CDP', cdp)}")]
    return []


def _numbers(what: str, numbers: NDArray[np.integer[Any]]) -> str:
    low, high = int(numbers.min()), int(numbers.max())
    if low == high:
        return f"{what} {low}"
    return f"{np.unique(numbers).size} {what}s {low} to {high}"


def _bin_size(survey: xr.Dataset) -> str:
    """Distance between neighbouring inlines and crosslines of a regular 3-D stack."""
    axes = [survey[axis].values.astype(np.float64) for axis in ("inline", "crossline")]
    if not is_stacked(survey) or not all(np.ptp(axis) for axis in axes):
        return ""
    known = np.column_stack([*(axis - axis.mean() for axis in axes), np.ones(axes[0].size)])
    x, y = (survey[f"source_{axis}"].values for axis in "xy")
    if not (np.isfinite(x) & np.isfinite(y)).all():
        return ""
    slopes = np.linalg.lstsq(known, np.column_stack([x, y]), rcond=None)[0][:2]
    apart = [
        float(np.hypot(*slope)) * float(np.median(np.diff(np.unique(axis))))
        for slope, axis in zip(slopes, axes, strict=True)
    ]
    return f", {apart[0]:.4g} m and {apart[1]:.4g} m apart"


def _stack_facts(survey: xr.Dataset) -> list[Fact]:
    """Where stacked traces are."""
    where = f"x {_extent(survey['source_x'].values)} m, y {_extent(survey['source_y'].values)} m"
    try:
        line = line_distance(survey)
    except GeometryError:
        return [("positions", where)]
    legs = len(line.path.vertices) - 1
    shape = "straight" if legs == 1 else f"in {legs} legs"
    return [("positions", f"{where}, a line of {line.cdp_distance_m.max():.0f} m, {shape}")]


def _prestack_facts(survey: xr.Dataset) -> list[Fact]:
    kinds: tuple[GatherKind, ...] = ("shot", "receiver", "cdp")
    facts = []
    for kind in kinds:
        sizes = gather_index(survey, kind).sizes
        # One gather of all traces is a number that nobody filled in.
        if sizes.size > 1 or kind == "shot":
            low, high = int(sizes.min()), int(sizes.max())
            each = counted(low, "trace") if low == high else f"{low} to {high} traces"
            facts.append((f"by {kind}", f"{counted(sizes.size, 'gather')} of {each}"))
    try:
        line = line_coordinates(survey)
    except GeometryError:
        return [*facts, ("geometry", "none that can be used")]
    offset = line.receiver_distance_m - line.source_distance_m
    kind_of_line = "marine" if line.is_marine else "land"
    facts += [
        (
            "geometry",
            f"{kind_of_line}, sources {_extent(line.source_distance_m)} m and receivers "
            f"{_extent(line.receiver_distance_m)} m along a line of azimuth "
            f"{line.azimuth_deg:.1f} degrees, offsets {_extent(offset)} m",
        ),
        (
            "depths",
            f"sources {_extent(line.source_depth_m)} m, receivers "
            f"{_extent(line.receiver_depth_m)} m below the datum at elevation "
            f"{line.datum_elevation_m:.1f} m",
        ),
    ]
    return facts


def _extent(values: NDArray[np.float64]) -> str:
    low, high = (round(float(value), 1) + 0.0 for value in (values.min(), values.max()))
    return f"{low:.10g}" if low == high else f"{low:.10g} to {high:.10g}"
