"""A (depth, distance) section as SEG-Y: one trace a column, with CDP numbers and positions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import segyio
import xarray as xr
from numpy.typing import NDArray
from segyio import BinField, TraceField

from geoml import __version__
from geoml.errors import FileFormatError, ShapeError
from geoml.products.unfinished import unfinished

NULL = -999.25
"""Written where the section holds no value."""

_IEEE = 5
_INT16 = 32767
_INT32 = 2**31 - 1
_COORDINATE_SCALARS = (100, 10, 1)
_TEXT_COLUMNS = 76
_LIVE = 1


def write_section_segy(
    section: xr.Dataset,
    path: str | Path,
    variable: str = "velocity",
    *,
    first_cdp: int = 1,
    notes: Sequence[str] = (),
) -> None:
    """Write one variable of a section as SEG-Y revision 1, IEEE floats.

    Depth goes where SEG-Y keeps time: the interval field holds the depth step in **millimetres**
    where that fits (steps up to 32.767 m), as workstations expect of depth data, else in metres;
    the text header says which. The first depth [m] stands in the delay field. CDP positions are
    ``cdp_x`` and ``cdp_y`` of the section, or its distance and 0, written with a scalar into the
    CDP fields and, for loaders that look there, into the source fields.

    Args:
        section: Dataset of dims (depth, distance) on a regular grid in metres.
        path: The file to write, replaced if it exists.
        variable: Which variable.
        first_cdp: CDP number of the first column.
        notes: Lines for the text header, up to 30 of 76 characters.

    Raises:
        ShapeError: If the variable is missing or its grid is not regular.
        FileFormatError: If a step, count or coordinate does not fit its header field.
    """
    if variable not in section or section[variable].dims != ("depth", "distance"):
        raise ShapeError(f"The section has no variable '{variable}' of dims (depth, distance).")
    depth_m = np.asarray(section["depth"].values, dtype=np.float64)
    interval, unit = _interval_field(depth_m)
    first_depth_m = round(float(depth_m[0]))
    if abs(first_depth_m - depth_m[0]) > 1e-3 or abs(first_depth_m) > _INT16:
        raise FileFormatError(
            f"The first depth is {depth_m[0]:g} m; SEG-Y holds whole metres up to {_INT16}."
        )
    values = np.asarray(section[variable].values, dtype=np.float32)
    text = _text_lines(section, variable, f"{interval} {unit}", depth_m, notes)
    spec = segyio.spec()
    spec.format = _IEEE
    spec.samples = depth_m
    spec.tracecount = values.shape[1]
    with unfinished(path) as part:
        with segyio.create(os.fspath(part), spec) as file:
            file.text[0] = segyio.tools.create_text_header(text)
            file.bin.update(
                {
                    BinField.Interval: interval,
                    BinField.Samples: depth_m.size,
                    BinField.Format: _IEEE,
                    BinField.SortingCode: 4,
                    BinField.MeasurementSystem: 1,
                    # Revision 1.0 is 0x0100; segyio would write 1.
                    BinField.SEGYRevision: 0x01,
                    BinField.TraceFlag: 1,
                    BinField.Traces: 1,
                }
            )
            for column, header in enumerate(_trace_headers(section, first_cdp)):
                header[TraceField.TRACE_SAMPLE_COUNT] = depth_m.size
                header[TraceField.TRACE_SAMPLE_INTERVAL] = interval
                header[TraceField.DelayRecordingTime] = first_depth_m
                file.header[column] = header
                trace = np.ascontiguousarray(values[:, column])
                file.trace[column] = np.where(np.isfinite(trace), trace, np.float32(NULL))
