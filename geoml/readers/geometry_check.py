"""Contradictions and gaps in a survey's geometry, as findings."""

from __future__ import annotations

import numpy as np
import xarray as xr

from geoml.errors import GeometryError
from geoml.readers.finding import Finding
from geoml.survey.geometry import line_coordinates

_OFFSET_TOLERANCE = 0.01
_OFFSET_SLACK_M = 1.0
_CROOKED_FRACTION = 0.05
_DEPTH_LIKE_INTERVAL_S = 0.01


def geometry_findings(survey: xr.Dataset) -> list[Finding]:
    """What a user should know about the positions and the time axis before using them.

    Args:
        survey: Dataset with every trace variable and ``time``.
    """
    name = survey.attrs.get("source_file", "survey")
    findings = _interval_findings(survey, name)
    if _is_stacked(survey):
        message = f"{name}: every offset and receiver position is 0: stacked traces, not shots."
        return [*findings, Finding("info", message)]
    try:
        line = line_coordinates(survey)
    except GeometryError as error:
        return [*findings, Finding("info", f"{name}: {error}")]
    findings += _offset_findings(survey, name)
    length_m = max(line.source_distance_m.max(), line.receiver_distance_m.max())
    if line.deviation_m > _CROOKED_FRACTION * length_m > 0:
        message = (
            f"{name}: positions lie up to {line.deviation_m:.0f} m off the straight line of "
            f"{length_m:.0f} m through them; the line is crooked or the survey is not 2-D."
        )
        findings.append(Finding("warning", message))
    return findings


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
        f"coordinates, by up to {misfit.max():.0f} m; geoml goes by the coordinates. Pass "
        "--geometry if those are wrong."
    )
    return [Finding("warning", message)]


def _interval_findings(survey: xr.Dataset, name: str) -> list[Finding]:
    time = survey["time"].values
    if time.size < 2 or not _is_stacked(survey):
        return []
    step = time[1] - time[0]
    if step < _DEPTH_LIKE_INTERVAL_S:
        return []
    message = (
        f"{name}: a sample interval of {1e3 * step:g} ms on stacked traces; if they are depth "
        f"traces, read 'time' as depth with a step of {1e3 * step:g} m."
    )
    return [Finding("warning", message)]


def _is_stacked(survey: xr.Dataset) -> bool:
    """Whether only sources have positions, as on CDP traces."""
    positions = {
        who: survey[f"{who}_x"].values.any() or survey[f"{who}_y"].values.any()
        for who in ("source", "receiver")
    }
    return bool(positions["source"] and not positions["receiver"]) and not bool(
        survey["offset"].values.any()
    )
