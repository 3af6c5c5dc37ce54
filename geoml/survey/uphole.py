"""Uphole times: how long a shot's wave takes up its own hole, read from SEG-Y trace headers."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError
from geoml.survey.header_scalar import scaled
from geoml.survey.line_distance import line_distance
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES
from geoml.survey.trace_header import HeaderTable

Floats = NDArray[np.float64]

_FIRST_BYTE = 95  # SEG-Y revision 1, table 3: uphole time at source in milliseconds
_BLOCK_TRACES = 65_536
_HAS_SCALAR = 1  # bytes 215-216 mean something from this revision on


def uphole_time_s(survey: xr.Dataset) -> Floats:
    """Uphole time at the source of each trace [s], 0 where none was noted, shape (trace,).

    Args:
        survey: With ``header_bytes`` of SEG-Y or Seismic Unix.

    Raises:
        GeometryError: If the survey does not hold its headers, or no uphole time is noted.

    References:
        SEG (2002), SEG-Y revision 1 data exchange format, trace header bytes 95 and 215.
    """
    if "header_bytes" not in survey:
        raise GeometryError(
            "The survey does not hold the headers of its traces, where uphole times are; give it "
            "the variables 'uphole_time' [s] and 'uphole_depth' [m] of each receiver."
        )
    n_traces, attrs = survey.sizes["trace"], survey.attrs
    time_s = np.empty(n_traces)
    for start in range(0, n_traces, _BLOCK_TRACES):
        block = slice(start, start + _BLOCK_TRACES)
        table = HeaderTable(survey["header_bytes"][block].values, attrs["byte_order"])
        time_s[block] = _of_headers(table, attrs.get("revision", 0) >= _HAS_SCALAR)
    if not time_s.any():
        raise GeometryError("Every uphole time in the trace headers is 0; none was noted.")
    return time_s


def _of_headers(table: HeaderTable, has_scalar: bool) -> Floats:
    raw = np.ascontiguousarray(table.header_bytes[:, _FIRST_BYTE - 1 : _FIRST_BYTE + 1])
    time_ms = raw.view((">" if table.byte_order == "big" else "<") + "i2")[:, 0].astype(np.int64)
    scale = table.column("time_scalar") if has_scalar else np.zeros(len(table), dtype=np.int64)
    return 1e-3 * scaled(time_ms, scale)


def with_uphole_times(survey: xr.Dataset) -> xr.Dataset:
    """The survey with uphole times and depths at its receivers, for ``elevation_statics``.

    Holes lie at the sources; times and depths are linear in the distance along the line between
    holes, and those of the last hole beyond it. Holes without a time are left out.

    Args:
        survey: Dims (trace, time), a 2-D line with ``header_bytes``.

    Raises:
        GeometryError: If there are no uphole times, or no line.
    """
    time_s, depth_m = uphole_time_s(survey), survey["source_depth"].values
    line = line_distance(survey)
    noted = time_s > 0
    holes, first = np.unique(np.round(line.source_distance_m[noted], 2), return_index=True)
    added = {}
    for name, values in (("uphole_time", time_s), ("uphole_depth", depth_m)):
        kind = OPTIONAL_TRACE_VARIABLES[name]
        at_receiver = np.interp(line.receiver_distance_m, holes, values[noted][first])
        added[name] = ("trace", at_receiver, {"units": kind.units, "long_name": kind.meaning})
    return survey.assign(added)
