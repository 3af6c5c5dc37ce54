"""CDP numbers for a survey that has positions and no numbers: bins of midpoints along the line."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.survey.gathers import gather_index
from geoml.survey.line_distance import line_distance
from geoml.survey.schema import TRACE_VARIABLES

Floats = NDArray[np.float64]

_ONE_STATION_M = 1.0  # streamers feather and coordinates are rounded


def with_midpoint_cdps(survey: xr.Dataset, spacing_m: float | None = None) -> xr.Dataset:
    """The survey with CDP numbers from 1 on, by the distance of midpoints along the line.

    Args:
        survey: Dims (trace, time), traces before the stack, straight or crooked 2-D line.
        spacing_m: Width of a bin [m]; by default half the median receiver interval.

    Raises:
        GeometryError: If the survey has no positions, or its midpoints all lie in one place.
        OptionError: If the spacing is not above 0.
    """
    line = line_distance(survey)
    # Midpoints, and not CDP positions of headers: those come with CDP numbers.
    midpoint_m = (line.source_distance_m + line.receiver_distance_m) / 2
    if np.ptp(midpoint_m) == 0:
        raise GeometryError("All midpoints lie in one place; there is one CDP, and no line.")
    if spacing_m is None:
        shot = gather_index(survey, "shot").labels()
        spacing_m = station_interval(line.receiver_distance_m, shot) / 2
    if not 0 < spacing_m < np.inf:
        raise OptionError(f"The CDP spacing is {spacing_m:g} m; it must be above 0.")
    # The first midpoint is the centre of bin 1, so that stations at regular steps fill every bin.
    bins = np.floor((midpoint_m - midpoint_m.min()) / spacing_m + 0.5).astype(np.int32)
    attrs = {"long_name": TRACE_VARIABLES["cdp"].meaning, "spacing_m": float(spacing_m)}
    return survey.assign(cdp=("trace", bins + 1, attrs))


def station_interval(
    distance_m: NDArray[np.floating], shot: NDArray[np.integer] | None = None
) -> float:
    """Median step between neighbouring stations along a line [m], 1 where there is one station.

    Args:
        distance_m: Positions along the line, in any order, shape (trace,).
        shot: Label of each trace's shot: steps are then taken inside shots, because receivers of
            a towed spread never lie in the same places again, shape (trace,).
    """
    if shot is None:
        steps = np.diff(np.unique(np.round(distance_m, 2)))
    else:
        order = np.lexsort((distance_m, shot))
        steps = np.diff(distance_m[order])[np.diff(shot[order]) == 0]
    steps = steps[steps > _ONE_STATION_M]
    return float(np.median(steps)) if steps.size else 1.0
