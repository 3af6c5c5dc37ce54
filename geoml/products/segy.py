"""Sections as SEG-Y: one trace a column, with CDP numbers and positions."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.errors import ShapeError
from geoml.products.cube_segy import write_cube_segy
from geoml.products.output_file import OutputFiles
from geoml.products.stack_file import (
    NULL,
    TEXT_COLUMNS,
    TEXT_LINES,
    VerticalAxis,
    coordinate_scale,
    depth_axis,
    file_header,
    trace_bytes,
    trace_headers,
)
from geoml.products.survey_segy import write_survey_segy
from geoml.survey.location import AnyPath

__all__ = ["NULL", "write_cube_segy", "write_section_segy", "write_survey_segy"]

_STACKED = 4


def write_section_segy(
    section: xr.Dataset,
    path: AnyPath,
    variable: str = "velocity",
    *,
    first_cdp: int = 1,
    notes: Sequence[str] = (),
) -> None:
    """Write one variable of a section as SEG-Y revision 1, IEEE floats.

    Depth goes where SEG-Y keeps time: the interval field holds the depth step in **millimetres**
    where that fits (steps up to 32.767 m), as workstations expect of depth data, else in metres;
    the text header says which. The first depth [m] stands in the delay field. CDP positions are
    ``cdp_x`` and ``cdp_y`` of the section, which may bend, or its distance and 0, written with a
    scalar into the CDP fields and, for loaders that look there, into the source fields.

    Args:
        section: Dataset of dims (depth, distance) on a regular grid in metres.
        path: The file to write, replaced if it exists.
        variable: Which variable.
        first_cdp: CDP number of the first column.
        notes: Lines for the text header, up to 32 of 76 characters; what they leave of it holds
            the section's warnings.

    Raises:
        ShapeError: If the variable is missing or its grid is not regular.
        FileFormatError: If a step, count or coordinate does not fit its header field.
    """
    if variable not in section or section[variable].dims != ("depth", "distance"):
        raise ShapeError(f"The section has no variable '{variable}' of dims (depth, distance).")
    depth_m = np.asarray(section["depth"].values, dtype=np.float64)
    axis = depth_axis(depth_m)
    text = _text_lines(section, variable, axis, depth_m)
    notes = [*notes, *_warning_lines(section, TEXT_LINES - len(text) - len(notes))]
    values = np.asarray(section[variable].values, dtype=np.float32).T
    headers = _trace_headers(section, axis, first_cdp)
    start = file_header(text, notes, axis, sorting=_STACKED, traces_in_ensemble=1)
    with OutputFiles() as files, files.open(path) as file:
        file.write(start)
        file.write(trace_bytes(headers, values))


def _text_lines(
    section: xr.Dataset, variable: str, axis: VerticalAxis, depth_m: NDArray[np.float64]
) -> list[str]:
    units = str(section[variable].attrs.get("units") or "no unit").upper()
    return [
        f"{variable.upper()} IN {units}, DEPTH SECTION WRITTEN BY GEOML {__version__}",
        f"DEPTH {depth_m[0]:g} TO {depth_m[-1]:g} M BELOW THE DATUM",
        f"SAMPLE INTERVAL FIELD {axis.interval} {axis.unit.upper()}; "
        "DELAY FIELD = FIRST DEPTH IN METRES",
        f"DATUM ELEVATION {section.attrs.get('datum_elevation_m', 0.0):g} M",
        "CDP BYTES 21, X 181 AND 73, Y 185 AND 77, SCALAR 71, METRES",
        f"NULL VALUE {NULL}",
    ]


def _warning_lines(section: xr.Dataset, room: int) -> list[str]:
    """The section's warnings, as many lines as there is room for."""
    warnings = section.attrs.get("warnings", [])
    lines = [
        line
        for warning in warnings
        for line in wrap(f"WARNING: {warning}", TEXT_COLUMNS, subsequent_indent="  ")
    ]
    if len(lines) <= room:
        return lines
    more = f"... {len(warnings)} WARNINGS IN ALL; THE SECTION AS .ZARR HOLDS THEM"
    return [*lines[: room - 1], more][: max(room, 0)]


def _trace_headers(section: xr.Dataset, axis: VerticalAxis, first_cdp: int) -> NDArray[np.uint8]:
    n_columns = section.sizes["distance"]
    if "cdp_x" in section and "cdp_y" in section:
        x, y = section["cdp_x"].values, section["cdp_y"].values
    else:
        x, y = section["distance"].values, np.zeros(n_columns)
    number = np.arange(1, n_columns + 1)
    cdp = first_cdp + number - 1
    return trace_headers(
        axis,
        np.asarray(x, dtype=np.float64),
        np.asarray(y, dtype=np.float64),
        coordinate_scale(x, y),
        float(section.attrs.get("datum_elevation_m", 0.0)),
        number_in_line=number,
        number_in_file=number,
        field_record=1,
        trace_in_record=number,
        cdp=cdp,
        inline=1,
        crossline=cdp,
        shot_point=cdp,
    )
