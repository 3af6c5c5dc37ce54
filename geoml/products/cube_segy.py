"""3-D cubes as SEG-Y: one trace a bin, with inline and crossline numbers and CDP positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.errors import ShapeError
from geoml.products.output_file import OutputFiles
from geoml.products.stack_file import (
    NULL,
    VerticalAxis,
    coordinate_scale,
    depth_axis,
    file_header,
    time_axis,
    trace_bytes,
    trace_headers,
)
from geoml.survey.location import AnyPath

_STACKED = 4
_BLOCK_BYTES = 64 * 2**20


def write_cube_segy(
    cube: xr.DataArray,
    path: AnyPath,
    *,
    notes: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a cube as SEG-Y revision 1, IEEE floats, inline after inline.

    Bins that hold no value at all get no trace; single samples without one get ``NULL``. Depth and
    positions are written as ``write_section_segy`` writes them; inline and crossline numbers stand
    in bytes 189 and 193 and, for loaders of older files, in 9 and 21. A lazy cube is computed and
    written 64 MB of inlines at a time.

    Args:
        cube: Dims (inline, crossline, depth) or (inline, crossline, time) in any order, whole
            numbers along inline and crossline, [m] or [s] on a regular grid down, and coordinates
            ``cdp_x`` and ``cdp_y`` [m] of dims (inline, crossline).
        path: The file to write, replaced if it exists.
        notes: Lines for the text header, up to 30 of 76 characters.
        progress: Called with (inlines done, inlines in all).

    Raises:
        ShapeError: If dims or positions are missing, the grid is not regular, or all is empty.
        FileFormatError: If a step, count or coordinate does not fit its header field.
    """
    down = next((name for name in ("depth", "time") if name in cube.dims), "depth")
    axes = ("inline", "crossline", down)
    if set(cube.dims) != set(axes) or any(name not in cube.coords for name in axes):
        raise ShapeError(
            f"A cube of dims {cube.dims}; (inline, crossline, depth or time) with their "
            "coordinates is needed."
        )
    cube = cube.transpose(*axes)
    samples = np.asarray(cube[down].values, dtype=np.float64)
    axis = depth_axis(samples) if down == "depth" else time_axis(samples)
    x, y = (_positions(cube, name) for name in ("cdp_x", "cdp_y"))
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        raise ShapeError("No bin of the cube has a position; assign cdp_x and cdp_y.")
    writer = _Bins(cube, axis, x, y, coordinate_scale(x[there], y[there]))
    start = file_header(
        _text_lines(cube, axis, samples, down), notes, axis, sorting=_STACKED, traces_in_ensemble=1
    )
    n_inlines = cube.sizes["inline"]
    step = max(1, _BLOCK_BYTES // max(1, 4 * int(np.prod(cube.shape[1:]))))
    with OutputFiles() as files, files.open(path) as file:
        file.write(start)
        for first in range(0, n_inlines, step):
            file.write(writer.block(first, min(first + step, n_inlines)))
            if progress is not None:
                progress(min(first + step, n_inlines), n_inlines)
        if not writer.n_written:
            raise ShapeError("Every bin of the cube is empty; there is nothing to write.")


class _Bins:
    """Turns inlines into bytes and counts the traces."""

    def __init__(
        self,
        cube: xr.DataArray,
        axis: VerticalAxis,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        scale: int,
    ) -> None:
        self._cube, self._axis, self._x, self._y, self._scale = cube, axis, x, y, scale
        self._inline, self._crossline = (
            _whole_numbers(cube, name) for name in ("inline", "crossline")
        )
        self.n_written = 0

    def block(self, first: int, stop: int) -> bytes:
        """The traces of some inlines, empty bins left out."""
        values = np.asarray(self._cube[first:stop].values, dtype=np.float32)
        row, column = np.nonzero(np.isfinite(values).any(axis=2))
        x, y = self._x[first + row, column], self._y[first + row, column]
        if not (np.isfinite(x) & np.isfinite(y)).all():
            at = int(np.argmin(np.isfinite(x) & np.isfinite(y)))
            raise ShapeError(
                f"Inline {self._inline[first + row[at]]}, crossline {self._crossline[column[at]]} "
                "has values but no cdp_x and cdp_y."
            )
        number = self.n_written + np.arange(1, row.size + 1)
        headers = trace_headers(
            self._axis,
            x,
            y,
            self._scale,
            float(self._cube.attrs.get("datum_elevation_m", 0.0)),
            number_in_line=number,
            number_in_file=number,
            field_record=self._inline[first + row],
            trace_in_record=column + 1,
            cdp=self._crossline[column],
            inline=self._inline[first + row],
            crossline=self._crossline[column],
        )
        self.n_written += row.size
        return trace_bytes(headers, values[row, column])


def _positions(cube: xr.DataArray, name: str) -> NDArray[np.float64]:
    if name not in cube.coords or set(cube[name].dims) != {"inline", "crossline"}:
        raise ShapeError(f"The cube needs a coordinate '{name}' of dims (inline, crossline) [m].")
    return np.asarray(cube[name].transpose("inline", "crossline").values, dtype=np.float64)


def _whole_numbers(cube: xr.DataArray, name: str) -> NDArray[np.int64]:
    numbers = np.asarray(cube[name].values)
    whole = np.rint(numbers).astype(np.int64)
    if (whole != numbers).any() or np.unique(whole).size != whole.size:
        raise ShapeError(f"The {name} numbers of a cube must be whole and all different.")
    return whole


def _text_lines(
    cube: xr.DataArray, axis: VerticalAxis, samples: NDArray[np.float64], down: str
) -> list[str]:
    units = str(cube.attrs.get("units") or "no unit").upper()
    unit = "M BELOW THE DATUM" if down == "depth" else "S"
    first = "FIRST DEPTH IN METRES" if down == "depth" else "FIRST TIME IN MILLISECONDS"
    numbers = [
        f"{name.upper()} {cube[name].values.min()} TO {cube[name].values.max()} BYTES {byte}"
        for name, byte in (("inline", "189 AND 9"), ("crossline", "193 AND 21"))
    ]
    return [
        f"{str(cube.name or 'values').upper()} IN {units}, {down.upper()} CUBE WRITTEN BY GEOML "
        f"{__version__}",
        f"{down.upper()} {samples[0]:g} TO {samples[-1]:g} {unit}",
        f"SAMPLE INTERVAL FIELD {axis.interval} {axis.unit.upper()}; DELAY FIELD = {first}",
        f"DATUM ELEVATION {cube.attrs.get('datum_elevation_m', 0.0):g} M",
        *numbers,
        "CDP X BYTES 181 AND 73, Y 185 AND 77, SCALAR 71, METRES",
        f"NULL VALUE {NULL}; BINS WITHOUT VALUES HAVE NO TRACE",
    ]
