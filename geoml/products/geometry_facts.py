"""What a survey's headers say about its geometry, as numbers for a picture and a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.survey.cdp_position import cdp_positions, is_stacked
from geoml.survey.gathers import gather_index
from geoml.survey.geometry import line_coordinates, unique_points
from geoml.survey.line_distance import line_distance
from geoml.survey.midpoint_cdp import station_interval

Floats = NDArray[np.float64]

# Beyond this a header's offset and its coordinates contradict each other.
OFFSET_TOLERANCE = 0.01
OFFSET_SLACK_M = 1.0

_CROOKED_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class GeometryFacts:
    """Geometry of every trace of a survey, as far as there is any.

    Attributes:
        kind: ``none`` without positions, ``stacked`` with one position a trace, ``shots``, or
            ``unlike`` where positions contradict each other or make no line.
        traces_per_shot: Traces of each shot gather, shape (shot,).
        header_offset_m: Unsigned, as in the headers [m], (trace,).
        fold_at: CDP numbers, or midpoints along the line [m], shape (bin,).
        fold: Traces of each bin, shape (bin,).
        problem: Why there is no line, empty where there is one.
        sources: Different source (or CDP) positions x, y [m], shape (position, 2).
        receivers: Different receiver positions [m], shape (position, 2).
        source_distance_m: Along the line [m], (trace,); empty where there is no line.
        receiver_distance_m: The same for receivers.
        off_line_m: Largest distance of a position from the line [m].
        is_crooked: Whether the straight line through all positions misses some by over 5 % of
            its length.
        bin_m: Width of a midpoint bin [m], 0 where CDP numbers are counted.
        receiver_interval_m: Median step between the receivers of a shot [m], 0 without a line.
        coordinate_offset_m: From the positions [m], (trace,); empty without them.
    """

    kind: Literal["none", "stacked", "shots", "unlike"]
    traces_per_shot: NDArray[np.int64]
    header_offset_m: Floats
    fold_at: Floats
    fold: NDArray[np.int64]
    problem: str = ""
    sources: Floats = field(default_factory=lambda: np.empty((0, 2)))
    receivers: Floats = field(default_factory=lambda: np.empty((0, 2)))
    source_distance_m: Floats = field(default_factory=lambda: np.empty(0))
    receiver_distance_m: Floats = field(default_factory=lambda: np.empty(0))
    off_line_m: float = 0.0
    is_crooked: bool = False
    bin_m: float = 0.0
    receiver_interval_m: float = 0.0
    coordinate_offset_m: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def contradictory(self) -> NDArray[np.bool_]:
        """Traces whose two offsets differ by over 1 % and a metre, shape (trace,)."""
        if not self.header_offset_m.any() or not self.coordinate_offset_m.size:
            return np.zeros(self.header_offset_m.size, dtype=bool)
        misfit = np.abs(self.header_offset_m - self.coordinate_offset_m)
        return np.asarray(misfit > OFFSET_TOLERANCE * self.coordinate_offset_m + OFFSET_SLACK_M)

    @property
    def offset_m(self) -> Floats:
        """The offsets to believe: those of the coordinates where there are any, (trace,)."""
        return self.coordinate_offset_m if self.coordinate_offset_m.size else self.header_offset_m


def geometry_facts(survey: xr.Dataset) -> GeometryFacts:
    """The geometry of a survey; only trace variables are read.

    Args:
        survey: Dims (trace, time), amplitude in memory or lazy.
    """
    header = np.abs(survey["offset"].values.astype(np.float64))
    shots = gather_index(survey, "shot")
    source, receiver = _positions(survey, "source"), _positions(survey, "receiver")
    fold_at, fold = _cdp_fold(survey)
    if not source.any() and not receiver.any():
        problem = "No source and no receiver has a position."
        return GeometryFacts("none", shots.sizes, header, fold_at, fold, problem)
    stacked = is_stacked(survey)
    along, problem = _line(survey)
    source_m, receiver_m, off_m, is_crooked = along or (np.empty(0), np.empty(0), 0.0, False)
    interval_m = station_interval(receiver_m, shots.labels()) if receiver_m.size else 0.0
    bin_m = 0.0
    if not fold.size and receiver_m.size and not stacked:
        bin_m = interval_m / 2
        fold_at, fold = _midpoint_fold(source_m, receiver_m, bin_m)
    if stacked:
        source, receiver = np.column_stack(cdp_positions(survey)), np.empty((0, 2))
    return GeometryFacts(
        kind="stacked" if stacked else "shots" if along else "unlike",
        traces_per_shot=shots.sizes,
        header_offset_m=header,
        fold_at=fold_at,
        fold=fold,
        problem=problem,
        sources=unique_points(source),
        receivers=receiver if stacked else unique_points(receiver),
        source_distance_m=source_m,
        receiver_distance_m=receiver_m,
        off_line_m=off_m,
        is_crooked=is_crooked,
        bin_m=bin_m,
        receiver_interval_m=interval_m,
        coordinate_offset_m=np.empty(0) if stacked else np.hypot(*(receiver - source).T),
    )


def _positions(survey: xr.Dataset, who: str) -> Floats:
    columns = [survey[f"{who}_{axis}"].values.astype(np.float64) for axis in "xy"]
    return np.column_stack(columns)


def _line(survey: xr.Dataset) -> tuple[tuple[Floats, Floats, float, bool] | None, str]:
    """Distances along the line of sources and receivers, or why there is none."""
    try:
        if not is_stacked(survey):
            straight = line_coordinates(survey)
            source_m, receiver_m = straight.source_distance_m, straight.receiver_distance_m
            length_m = float(np.ptp(np.concatenate([source_m, receiver_m])))
            # The path of a crooked line takes long where thousands of receivers feather.
            if straight.deviation_m <= _CROOKED_SHARE * length_m:
                return (source_m, receiver_m, straight.deviation_m, False), ""
        line = line_distance(survey)
    except GeometryError as error:
        return None, str(error)
    crooked = not is_stacked(survey) or _is_crooked(survey, line.path.length_m)
    off_m = float(line.off_line_m.max())
    return (line.source_distance_m, line.receiver_distance_m, off_m, crooked), ""


def _is_crooked(stacked: xr.Dataset, length_m: float) -> bool:
    """Whether CDPs lie over 5 % of their line's length off the straight line through them."""
    points = unique_points(np.column_stack(cdp_positions(stacked)))
    centred = points - points.mean(axis=0)
    across = centred @ np.linalg.svd(centred, full_matrices=False)[2][-1]
    return bool(np.abs(across).max() > _CROOKED_SHARE * length_m)


def _cdp_fold(survey: xr.Dataset) -> tuple[Floats, NDArray[np.int64]]:
    """CDP numbers and how many traces have each; empty where there are none."""
    cdp = survey["cdp"].values
    if not np.ptp(cdp):
        return np.empty(0), np.empty(0, dtype=np.int64)
    numbers, count = np.unique(cdp, return_counts=True)
    return numbers.astype(np.float64), count.astype(np.int64)


def _midpoint_fold(
    source_m: Floats, receiver_m: Floats, width_m: float
) -> tuple[Floats, NDArray[np.int64]]:
    """Middles of midpoint bins along the line [m], and the traces of each."""
    midpoint = (source_m + receiver_m) / 2
    place = np.floor((midpoint - midpoint.min()) / width_m + 0.5).astype(np.int64)
    fold = np.bincount(place)
    return midpoint.min() + width_m * np.arange(fold.size), fold
