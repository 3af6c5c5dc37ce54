"""Sections as SEG-Y: one trace a column, with CDP numbers and positions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import segyio
import xarray as xr
from numpy.typing import NDArray
from segyio import BinField, TraceField

from geoml import __version__
from geoml.errors import FileFormatError, ShapeError
from geoml.products.survey_segy import write_survey_segy
from geoml.products.unfinished import unfinished

__all__ = ["NULL", "write_section_segy", "write_survey_segy"]

NULL = -999.25
"""Written where the section holds no value."""

_IEEE = 5
_INT16 = 32767
_INT32 = 2**31 - 1
_UINT16 = 65535
_TEXT_COLUMNS = 76
_TEXT_LINES = 38
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
    with unfinished(path) as part, segyio.create(os.fspath(part), spec) as file:
        file.text[0] = segyio.tools.create_text_header(text)
        file.bin.update(
            {
                BinField.Interval: interval,
                BinField.Samples: depth_m.size,
                BinField.Format: _IEEE,
                BinField.SortingCode: 4,
                BinField.MeasurementSystem: 1,
                BinField.SEGYRevision: 1,
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


def _interval_field(depth_m: NDArray[np.float64]) -> tuple[int, str]:
    """Number and unit of the depth step for the sample interval field."""
    steps = np.diff(depth_m)
    if depth_m.size < 2 or depth_m.size > _UINT16:
        raise ShapeError(f"A section of {depth_m.size} depths; SEG-Y holds 2 to {_UINT16}.")
    step_m = float(steps.mean())
    if step_m <= 0 or not np.allclose(steps, step_m, rtol=1e-6):
        raise ShapeError(
            f"Depth steps go from {steps.min():g} to {steps.max():g} m; one step is needed."
        )
    if round(1000 * step_m) <= _INT16:
        return _whole(1000 * step_m, "depth step in millimetres"), "millimetres"
    return _whole(step_m, "depth step in metres"), "metres"


def _whole(value: float, what: str) -> int:
    # Half a unit over the deepest trace is what a rounded step may cost.
    if not 0.5 <= value <= _INT16 or abs(round(value) - value) > 1e-3 * value:
        raise FileFormatError(
            f"The {what} is {value:g}; SEG-Y holds whole numbers up to {_INT16}. Choose another "
            "spacing_m."
        )
    return round(value)


def _text_lines(
    section: xr.Dataset,
    variable: str,
    interval: str,
    depth_m: NDArray[np.float64],
    notes: Sequence[str],
) -> dict[int, str]:
    units = str(section[variable].attrs.get("units") or "no unit").upper()
    lines = [
        f"{variable.upper()} IN {units}, DEPTH SECTION WRITTEN BY GEOML {__version__}",
        f"DEPTH {depth_m[0]:g} TO {depth_m[-1]:g} M BELOW THE DATUM",
        f"SAMPLE INTERVAL FIELD {interval.upper()}; DELAY FIELD = FIRST DEPTH IN METRES",
        f"DATUM ELEVATION {section.attrs.get('datum_elevation_m', 0.0):g} M",
        "CDP BYTES 21, X 181 AND 73, Y 185 AND 77, SCALAR 71, METRES",
        f"NULL VALUE {NULL}",
        *notes,
    ]
    if len(lines) > _TEXT_LINES:
        raise ShapeError(f"{len(notes)} notes; at most {_TEXT_LINES - 6} fit the text header.")
    plain = (line.encode("ascii", "replace").decode()[:_TEXT_COLUMNS] for line in lines)
    text = dict(enumerate(plain, start=1))
    return {**text, 39: "SEG Y REV1", 40: "END TEXTUAL HEADER"}


def _trace_headers(section: xr.Dataset, first_cdp: int) -> Iterator[dict[int, int]]:
    n_columns = section.sizes["distance"]
    if "cdp_x" in section and "cdp_y" in section:
        x, y = section["cdp_x"].values, section["cdp_y"].values
    else:
        x, y = section["distance"].values, np.zeros(n_columns)
    scale = _coordinate_scale(x, y)
    datum_cm = round(100 * float(section.attrs.get("datum_elevation_m", 0.0)))
    for column in range(n_columns):
        cdp = first_cdp + column
        east, north = round(scale * float(x[column])), round(scale * float(y[column]))
        yield {
            TraceField.TRACE_SEQUENCE_LINE: column + 1,
            TraceField.TRACE_SEQUENCE_FILE: column + 1,
            TraceField.FieldRecord: 1,
            TraceField.TraceNumber: column + 1,
            TraceField.CDP: cdp,
            TraceField.CDP_TRACE: 1,
            TraceField.TraceIdentificationCode: _LIVE,
            TraceField.ReceiverDatumElevation: datum_cm,
            TraceField.SourceDatumElevation: datum_cm,
            TraceField.ElevationScalar: -100,
            TraceField.SourceGroupScalar: -scale if scale > 1 else 1,
            TraceField.SourceX: east,
            TraceField.SourceY: north,
            TraceField.CoordinateUnits: 1,
            TraceField.CDP_X: east,
            TraceField.CDP_Y: north,
            TraceField.INLINE_3D: 1,
            TraceField.CROSSLINE_3D: cdp,
            TraceField.ShotPoint: cdp,
            TraceField.ShotPointScalar: 1,
        }


def _coordinate_scale(x: NDArray[np.float64], y: NDArray[np.float64]) -> int:
    """The finest of centimetres, decimetres and metres that fits 32 bits."""
    farthest = max(float(np.abs(x).max()), float(np.abs(y).max()))
    for scale in (100, 10, 1):
        if scale * farthest < _INT32:
            return scale
    raise FileFormatError(f"A CDP coordinate of {farthest:g} m does not fit SEG-Y's 32 bits.")
