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
    if not survey["offset"].values.any() and survey["cdp"].values.any():
        message = f"{name}: every offset is 0: stacked or migrated traces, not shots."
        findings.append(Finding("info", message, "--geometry"))
    try:
        line = line_coordinates(survey)
    except GeometryError as error:
        findings.append(Finding("info", f"{name}: {error}", ""))
        return findings
    findings += _offset_findings(survey, name)
    length_m = max(line.source_distance_m.max(), line.receiver_distance_m.max())
    if line.deviation_m > _CROOKED_FRACTION * length_m > 0:
        message = (
            f"{name}: positions lie up to {line.deviation_m:.0f} m off the straight line of "
            f"{length_m:.0f} m through them; the line is crooked or the survey is not 2-D."
        )
        findings.append(Finding("warning", message, ""))
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
        f"coordinates, by up to {misfit.max():.0f} m; geoml goes by the coordinates."
    )
    return [Finding("warning", message, "--geometry")]


def _interval_findings(survey: xr.Dataset, name: str) -> list[Finding]:
    time = survey["time"].values
    stacked = not survey["offset"].values.any()
    if time.size < 2 or time[1] - time[0] < _DEPTH_LIKE_INTERVAL_S or not stacked:
        return []
    step = time[1] - time[0]
    message = (
        f"{name}: a sample interval of {1e3 * step:g} ms on stacked traces; if they are depth "
        f"traces, read 'time' as depth with a step of {1e3 * step:g} m."
    )
    return [Finding("warning", message, "--dt")]
