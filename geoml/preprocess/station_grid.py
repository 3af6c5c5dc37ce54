"""Regular stations under the traces of a gather, or how far the traces are from any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 0.1  # of the spacing; rounded and drifting coordinates stay well within it
_MOST_STATIONS = 4  # a trace; more gaps than traces say that the spacing is none


@dataclass(frozen=True, eq=False)
class StationGrid:
    """Equidistant stations.

    Attributes:
        spacing_m: Distance between stations [m].
        station: Station of each trace, the first one 0, shape (trace,).
        off_m: Largest distance of a trace from its station [m].
        is_regular: Whether every trace has a station of its own and lies on it, but for a tenth
            of the spacing.
    """

    spacing_m: float
    station: NDArray[np.int64]
    off_m: float
    is_regular: bool


def station_grid(position_m: NDArray[np.float64]) -> StationGrid:
    """The stations that fit the positions best; stations without a trace are gaps.

    Args:
        position_m: Ascending, two or more, shape (trace,).
    """
    steps = np.diff(position_m)
    spacing_m = float(np.median(steps))
    if not spacing_m > 0:
        return StationGrid(0.0, np.arange(position_m.size), float(steps.max()), False)
    # From trace to trace, and a line through all of them: a spacing that is a little off, as of
    # rounded coordinates, would add up over a long line.
    station = np.concatenate([[0], np.cumsum(np.rint(steps / spacing_m))]).astype(np.int64)
    slope, start_m = np.polyfit(station, position_m, 1)
    spacing_m = float(slope)
    off_m = float(np.abs(position_m - start_m - spacing_m * station).max())
    is_regular = (
        off_m <= _TOLERANCE * spacing_m
        and bool((np.diff(station) > 0).all())
        and bool(station[-1] < _MOST_STATIONS * station.size)
    )
    return StationGrid(spacing_m, station, off_m, is_regular)
