"""Where each trace's common depth point is, and whether traces are stacked."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.survey.header_scalar import scaled
from geoml.survey.local_plane import LocalPlane, degrees
from geoml.survey.trace_header import HeaderTable

Floats = NDArray[np.float64]

_BLOCK_TRACES = 65_536


def is_stacked(survey: xr.Dataset) -> bool:
    """Whether only sources have positions and no trace has an offset, as on CDP traces."""
    if survey["receiver_x"].values.any() or survey["receiver_y"].values.any():
        return False
    if survey["offset"].values.any():
        return False
    return bool(survey["source_x"].values.any() or survey["source_y"].values.any())


def cdp_positions(survey: xr.Dataset) -> tuple[Floats, Floats]:
    """CDP x and y of each trace [m], shape (trace,) each.

    From trace header bytes 181 to 188 where the survey holds SEG-Y headers that fill them and its
    positions were not replaced; else the source positions of stacked traces, which is where older
    files keep them; else the midpoints.

    Args:
        survey: Dataset with the trace variables.
    """
    found = _from_headers(survey)
    if found is not None:
        return found
    source = survey["source_x"].values, survey["source_y"].values
    if is_stacked(survey):
        return source[0].astype(np.float64), source[1].astype(np.float64)
    receiver = survey["receiver_x"].values, survey["receiver_y"].values
    return (source[0] + receiver[0]) / 2, (source[1] + receiver[1]) / 2


def _from_headers(survey: xr.Dataset) -> tuple[Floats, Floats] | None:
    attrs = survey.attrs
    if "header_bytes" not in survey or attrs.get("file_type") != "segy":
        return None
    if attrs.get("positions_from", "headers") != "headers":
        return None
    n_traces = survey.sizes["trace"]
    x, y = np.empty(n_traces), np.empty(n_traces)
    for start in range(0, n_traces, _BLOCK_TRACES):
        block = slice(start, start + _BLOCK_TRACES)
        table = HeaderTable(survey["header_bytes"][block].values, attrs["byte_order"])
        scalar = table.column("coordinate_scalar")
        x[block] = scaled(table.column("cdp_x"), scalar)
        y[block] = scaled(table.column("cdp_y"), scalar)
    if not x.any() and not y.any():
        return None
    if "coordinate_origin_deg" in attrs:
        code = int(attrs["coordinate_units"])
        return LocalPlane(*attrs["coordinate_origin_deg"]).xy(degrees(x, code), degrees(y, code))
    factor = float(attrs.get("coordinate_factor_m", 1.0))
    return factor * x, factor * y
