"""The shots of a line, each with its receivers in order along the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.survey.gathers import gather_index
from geoml.survey.geometry import LineCoordinates

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LineShot:
    """One shot; its receivers are sorted by distance along the line.

    Attributes:
        distance_m: Source along the line [m].
        depth_m: Source below the datum [m].
        traces: Trace numbers, shape (receiver,).
        receiver_distance_m: [m], shape (receiver,).
        receiver_depth_m: Below the datum [m], shape (receiver,).
    """

    distance_m: float
    depth_m: float
    traces: NDArray[np.int64]
    receiver_distance_m: Floats
    receiver_depth_m: Floats

    @property
    def offset_m(self) -> Floats:
        """Receiver minus source distance [m], shape (receiver,)."""
        return self.receiver_distance_m - self.distance_m


def line_shots(survey: xr.Dataset, line: LineCoordinates) -> list[LineShot]:
    """Shots of a survey in order along its line."""
    shots = []
    for traces in gather_index(survey, "shot").trace_lists:
        ordered = traces[np.argsort(line.receiver_distance_m[traces], kind="stable")]
        shots.append(
            LineShot(
                distance_m=float(np.median(line.source_distance_m[traces])),
                depth_m=float(np.median(line.source_depth_m[traces])),
                traces=ordered,
                receiver_distance_m=line.receiver_distance_m[ordered],
                receiver_depth_m=line.receiver_depth_m[ordered],
            )
        )
    return sorted(shots, key=lambda shot: shot.distance_m)


def shot_interval(shots: list[LineShot]) -> float:
    """Median distance between neighbouring shots [m], infinite for a single one."""
    return median_step(np.array([shot.distance_m for shot in shots]))


def receiver_interval(shots: list[LineShot]) -> float:
    """Median distance between neighbouring receivers of a shot [m], infinite for a single one."""
    steps = [median_step(shot.receiver_distance_m) for shot in shots]
    return float(np.median(steps))


def median_step(positions: Floats) -> float:
    """Median distance between neighbouring positions [m], infinite for a single one."""
    steps = np.diff(np.unique(np.round(positions, 3)))
    return float(np.median(steps)) if steps.size else np.inf
