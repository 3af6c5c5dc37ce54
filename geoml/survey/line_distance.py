"""Distances along a crooked 2-D line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.survey.cdp_position import cdp_positions, is_stacked
from geoml.survey.geometry import LineCoordinates, line_coordinates
from geoml.survey.line_path import LinePath, line_path

Floats = NDArray[np.float64]

_CROOKED_FRACTION = 0.05
_MOST = 0.9
# As much of a velocity as an offset lacks is lost: 40 m/s of 2000 m/s.
_SHORTENED = 0.02
_LEAST_STEP_M = 1e-6


@dataclass(frozen=True, eq=False)
class LineDistance:
    """Where traces are along a crooked line.

    Attributes:
        path: The path; its distances count from its first corner, those below from ``start_m``.
        start_m: Distance along the path of the line's first position [m].
        cdp_distance_m: Distance of each trace's CDP along the line [m], shape (trace,).
        source_distance_m: The same for sources; the CDP's on stacked traces, shape (trace,).
        receiver_distance_m: The same for receivers, shape (trace,).
        off_line_m: Distance of each trace's CDP from the path [m], shape (trace,).
    """

    path: LinePath
    start_m: float
    cdp_distance_m: Floats
    source_distance_m: Floats
    receiver_distance_m: Floats
    off_line_m: Floats

    def xy_of(self, distance_m: float | Floats) -> tuple[Floats, Floats]:
        """Positions x and y [m] of distances along the line [m]."""
        return self.path.xy_of(self.start_m + np.asarray(distance_m, dtype=np.float64))


def line_distance(survey: xr.Dataset, *, tolerance_m: float | None = None) -> LineDistance:
    """Distances along the path on which a 2-D survey's positions lie.

    The path goes through the CDPs in the order of their numbers; of shot gathers without CDP
    numbers, through sources and receivers. ``line_path`` says how. The line starts at the position
    that comes first, as ``line_coordinates`` starts at the end of small x.

    Args:
        survey: Dataset with the trace variables in metres.
        tolerance_m: How far the path may pass a corner by [m]; by default half a station step.

    Raises:
        GeometryError: If the survey holds no positions, one position, or a 3-D grid.
    """
    path = survey_path(survey, tolerance_m)
    cdp, off_line = path.locate(*cdp_positions(survey))
    source, receiver = cdp, cdp
    if not is_stacked(survey):
        source, receiver = (
            path.locate(survey[f"{who}_x"].values, survey[f"{who}_y"].values)[0]
            for who in ("source", "receiver")
        )
    start_m = float(min(cdp.min(), source.min(), receiver.min()))
    return LineDistance(
        path, start_m, cdp - start_m, source - start_m, receiver - start_m, off_line
    )


def survey_path(survey: xr.Dataset, tolerance_m: float | None = None) -> LinePath:
    """The path of ``line_distance``, from the end of smaller x (smaller y where x is the same).

    Raises:
        GeometryError: As ``line_distance``.
    """
    stacked = is_stacked(survey)
    if not stacked:
        line_coordinates(survey)  # refuses missing positions with their reason
    elif _fills_grid(survey):
        raise GeometryError(
            "Traces fill a grid of inlines and crosslines: a 3-D stack has no line distance. Take "
            "one inline or crossline."
        )
    x, y = cdp_positions(survey)
    cdp = survey["cdp"].values
    numbers = cdp if np.ptp(cdp) else np.arange(cdp.size) if stacked else None
    if numbers is None:
        x, y = (
            np.concatenate([survey[f"source_{axis}"].values, survey[f"receiver_{axis}"].values])
            for axis in "xy"
        )
    path = line_path(x, y, _step_m(survey, stacked), numbers, tolerance_m)
    first, last = path.vertices[0], path.vertices[-1]
    if tuple(first) > tuple(last):
        return LinePath(path.vertices[::-1])
    return path


def is_crooked(line: LineCoordinates) -> bool:
    """Whether positions lie farther off the straight line than 5 % of its length."""
    length_m = max(line.source_distance_m.max(), line.receiver_distance_m.max())
    return bool(line.deviation_m > _CROOKED_FRACTION * length_m > 0)


def projection_warning(survey: xr.Dataset, line: LineCoordinates) -> str | None:
    """What a survey loses on its straight line, in one line; None where that is little.

    Args:
        survey: Dataset with the trace variables in metres.
        line: Its ``line_coordinates``.
    """
    east, north = (
        survey[f"receiver_{axis}"].values - survey[f"source_{axis}"].values for axis in "xy"
    )
    offset_m = np.hypot(east, north)
    there = offset_m > 0
    along_m = np.abs(line.receiver_distance_m - line.source_distance_m)
    shorter = 1 - along_m[there] / offset_m[there]
    share = float(np.quantile(shorter, _MOST)) if there.any() else 0.0
    if share <= _SHORTENED and not is_crooked(line):
        return None
    return (
        f"The line bends: positions lie up to {line.deviation_m:.0f} m off the straight line that "
        f"the section follows, and the offsets of one trace in ten are more than {share:.0%} too "
        "short on it, so that velocities there are as much too low. Invert its straight parts one "
        "by one."
    )


def crooked_path(survey: xr.Dataset) -> LinePath | None:
    """The path along a crooked line, None where sources lie all over an area."""
    try:
        path = survey_path(survey)
    except GeometryError:
        return None
    off_path_m = path.locate(survey["source_x"].values, survey["source_y"].values)[1]
    on_path = np.quantile(off_path_m, _MOST) <= _CROOKED_FRACTION * path.length_m
    return path if on_path else None


def _step_m(survey: xr.Dataset, stacked: bool) -> float:
    """Median distance between the CDPs or the receivers of neighbouring traces [m]."""
    if stacked:
        x, y = cdp_positions(survey)
    else:
        x, y = survey["receiver_x"].values, survey["receiver_y"].values
    steps = np.hypot(np.diff(x), np.diff(y))
    steps = steps[steps > _LEAST_STEP_M]
    if not steps.size:
        steps = np.hypot(np.diff(survey["source_x"].values), np.diff(survey["source_y"].values))
        steps = steps[steps > _LEAST_STEP_M]
    if not steps.size:
        raise GeometryError("All positions are one point; a line needs two.")
    return float(np.median(steps))


def _fills_grid(survey: xr.Dataset) -> bool:
    """Whether traces lie all over a grid, and not along a line through it."""
    inline, crossline = survey["inline"].values, survey["crossline"].values
    n_inlines, n_crosslines = np.unique(inline).size, np.unique(crossline).size
    if min(n_inlines, n_crosslines) == 1:
        return False
    # A line enters a new inline or crossline with every trace or two.
    many = inline.size > 2 * (n_inlines + n_crosslines)
    return many or 2 * inline.size >= n_inlines * n_crosslines
