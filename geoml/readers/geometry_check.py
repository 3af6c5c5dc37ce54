"""Contradictions and gaps in a survey's geometry, as findings."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.readers.finding import Finding
from geoml.readers.trace_check import record_groups, trace_findings
from geoml.survey.cdp_position import is_stacked
from geoml.survey.geometry import LineCoordinates, line_coordinates
from geoml.survey.line_distance import crooked_path, is_crooked

_OFFSET_TOLERANCE = 0.01
_OFFSET_SLACK_M = 1.0
_DEPTH_LIKE_INTERVAL_S = 0.01
_ONE_SHOT_M = 1.0
_MOST = 0.9
_DEAD = 2
_SAME_FACTOR = 0.02
_GEOMETRY = "--geometry"
# What offsets are too large by when one unit or scalar was applied to them and not to positions.
_KNOWN_FACTORS = {
    1 / 0.3048: "feet beside coordinates in metres",
    0.3048: "metres beside coordinates in feet",
    **{10.0**power: "another scalar" for power in (-4, -3, -2, -1, 1, 2, 3, 4)},
}


def geometry_findings(survey: xr.Dataset) -> list[Finding]:
    """What a user should know about traces, positions and the time axis before using them.

    Args:
        survey: Dataset with every trace variable and ``time``.
    """
    name = survey.attrs.get("source_file", "survey")
    findings = [*trace_findings(survey, name), *_dead_findings(survey, name)]
    if is_stacked(survey):
        message = f"{name}: every offset and receiver position is 0: stacked traces, not shots."
        return [*findings, *_interval_findings(survey, name), Finding("info", message)]
    if not any(survey[f"{who}_{axis}"].values.any() for who in _WHO for axis in "xy"):
        message = f"{name}: no source and no receiver has a position."
        return [*findings, Finding("info", message, _GEOMETRY, "Pass --geometry to give them.")]
    findings += _empty_positions(survey, name)
    findings += _offset_findings(survey, name)
    findings += _source_findings(survey, name)
    try:
        line = line_coordinates(survey)
    except GeometryError as error:
        # Its own advice is for stores; here the option is at hand.
        reason = str(error).split(" Ingest again")[0]
        advice = "Pass --geometry with the true ones."
        return [*findings, Finding("warning", f"{name}: {reason}", _GEOMETRY, advice)]
    return [*findings, *_crooked_findings(survey, line, name)]


_WHO = ("source", "receiver")


def _dead_findings(survey: xr.Dataset, name: str) -> list[Finding]:
    n_dead = int((survey["trace_kind"].values == _DEAD).sum())
    if not n_dead:
        return []
    message = f"{name}: {n_dead} of {survey.sizes['trace']} traces are marked dead (trace code 2)."
    return [Finding("info", message)]


def _crooked_findings(survey: xr.Dataset, line: LineCoordinates, name: str) -> list[Finding]:
    if not is_crooked(line):
        return []
    length_m = max(line.source_distance_m.max(), line.receiver_distance_m.max())
    message = (
        f"{name}: positions lie up to {line.deviation_m:.0f} m off the straight line of "
        f"{length_m:.0f} m through them; "
    )
    path = crooked_path(survey)
    if path is None:
        return [Finding("warning", f"{message}the survey is not 2-D.")]
    legs = len(path.vertices) - 1
    message += f"the line is crooked, {path.length_m:.0f} m long in {legs} legs."
    return [Finding("warning", message, advice="Distances: geoml.survey.line_distance.")]


def _empty_positions(survey: xr.Dataset, name: str) -> list[Finding]:
    """Positions 0, 0 among others that lie far from there."""
    found = []
    for who in _WHO:
        x, y = survey[f"{who}_x"].values, survey[f"{who}_y"].values
        empty = (x == 0) & (y == 0)
        n_empty = int(empty.sum())
        if n_empty in (0, empty.size):
            continue
        low = np.array([x[~empty].min(), y[~empty].min()])
        high = np.array([x[~empty].max(), y[~empty].max()])
        away_m = float(np.hypot(*np.maximum(0, np.maximum(low, -high))))
        if away_m > max(float(np.hypot(*(high - low))), _OFFSET_SLACK_M):
            message = (
                f"{name}: the {who} position of {n_empty} of {empty.size} traces is 0, 0, the "
                f"others lie {away_m / 1e3:.3g} km away or more."
            )
            advice = "Pass --geometry with the true ones."
            found.append(Finding("warning", message, _GEOMETRY, advice))
    return found


def _offset_findings(survey: xr.Dataset, name: str) -> list[Finding]:
    offset = np.abs(survey["offset"].values)
    if not offset.any():
        return []
    distance = np.hypot(
        survey["receiver_x"].values - survey["source_x"].values,
        survey["receiver_y"].values - survey["source_y"].values,
    )
    misfit = np.abs(distance - offset)
    wrong = misfit > _OFFSET_TOLERANCE * distance + _OFFSET_SLACK_M
    if not wrong.any():
        return []
    message = (
        f"{name}: the offsets of {int(wrong.sum())} of {offset.size} traces contradict the "
        f"coordinates, by up to {misfit.max():.0f} m{_about_factor(offset, distance)}; geoml goes "
        "by the coordinates."
    )
    return [Finding("warning", message, _GEOMETRY, "Pass --geometry if those are wrong.")]


def _about_factor(offset: NDArray[np.float64], distance: NDArray[np.float64]) -> str:
    """What explains offsets that are all too large or too small by the same factor."""
    far = (distance > _OFFSET_SLACK_M) & (offset > 0)
    if not far.any():
        return ""
    ratio = offset[far] / distance[far]
    typical = float(np.median(ratio))
    alike = np.mean(np.abs(ratio / typical - 1) < _SAME_FACTOR) > _MOST
    if not alike or abs(typical - 1) < _SAME_FACTOR:
        return ""
    for factor, reason in _KNOWN_FACTORS.items():
        if abs(typical / factor - 1) < _SAME_FACTOR:
            return f", {typical:.4g} times as large ({reason}?)"
    return f", {typical:.4g} times as large"


def _source_findings(survey: xr.Dataset, name: str) -> list[Finding]:
    """Records whose traces have sources in several places."""
    records = record_groups(survey)
    if records is None:
        return []
    spread = np.hypot(
        *(
            np.maximum.reduceat(values, records.starts)
            - np.minimum.reduceat(values, records.starts)
            for values in (survey[f"source_{axis}"].values[records.order] for axis in "xy")
        )
    )
    several = np.flatnonzero(spread > _ONE_SHOT_M)
    if not several.size:
        return []
    worst = int(several[np.argmax(spread[several])])
    message = (
        f"{name}: {several.size} of {spread.size} record numbers stand for sources in several "
        f"places, record {records.numbers[worst]} for places {spread[worst]:.0f} m apart; shots "
        "are told apart by record number."
    )
    advice = "Pass --geometry if the source positions are wrong."
    return [Finding("warning", message, _GEOMETRY, advice)]


def _interval_findings(survey: xr.Dataset, name: str) -> list[Finding]:
    time = survey["time"].values
    if time.size < 2:
        return []
    step = time[1] - time[0]
    if step < _DEPTH_LIKE_INTERVAL_S:
        return []
    message = (
        f"{name}: a sample interval of {1e3 * step:g} ms on stacked traces; if they are depth "
        f"traces, read 'time' as depth with a step of {1e3 * step:g} m."
    )
    return [Finding("warning", message)]
