"""File and trace headers of post-stack SEG-Y that geoml writes: sections and cubes, revision 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import segyio
from numpy.typing import ArrayLike, NDArray

from geoml.errors import FileFormatError, ShapeError

NULL = -999.25
"""Written where a section or cube holds no value."""
TEXT_COLUMNS, TEXT_LINES = 76, 38
"""What a text header has for lines of geoml's and the caller's own."""

_IEEE = 5
_INT16 = 32767
_INT32 = 2**31 - 1
_UINT16 = 65535
_REVISION_1 = 0x0100
_LIVE = 1
_METRES = 1
_CENTIMETRES = -100

_BINARY_FIELDS = {
    "traces_in_ensemble": (3213, "i2"),
    "dt": (3217, "i2"),
    "n_samples": (3221, "u2"),
    "sample_format": (3225, "i2"),
    "sorting": (3229, "i2"),
    "measurement_system": (3255, "i2"),
    "revision": (3501, "u2"),
    "fixed_length": (3503, "i2"),
}
_TRACE_FIELDS = {
    "number_in_line": (1, "i4"),
    "number_in_file": (5, "i4"),
    "field_record": (9, "i4"),
    "trace_in_record": (13, "i4"),
    "cdp": (21, "i4"),
    "trace_in_cdp": (25, "i4"),
    "trace_kind": (29, "i2"),
    "receiver_datum": (53, "i4"),
    "source_datum": (57, "i4"),
    "elevation_scalar": (69, "i2"),
    "coordinate_scalar": (71, "i2"),
    "source_x": (73, "i4"),
    "source_y": (77, "i4"),
    "coordinate_units": (89, "i2"),
    "delay": (109, "i2"),
    "n_samples": (115, "u2"),
    "dt": (117, "i2"),
    "cdp_x": (181, "i4"),
    "cdp_y": (185, "i4"),
    "inline": (189, "i4"),
    "crossline": (193, "i4"),
    "shot_point": (197, "i4"),
    "shot_point_scalar": (201, "i2"),
}


def _record(fields: dict[str, tuple[int, str]], first_byte: int, size: int) -> np.dtype[Any]:
    return np.dtype(
        {
            "names": list(fields),
            "formats": [">" + kind for _, kind in fields.values()],
            "offsets": [byte - first_byte for byte, _ in fields.values()],
            "itemsize": size,
        }
    )


_BINARY_HEADER = _record(_BINARY_FIELDS, 3201, 400)
_TRACE_HEADER = _record(_TRACE_FIELDS, 1, 240)


@dataclass(frozen=True)
class VerticalAxis:
    """Depth or time as header numbers.

    Depth goes where SEG-Y keeps time: the interval field holds the step in millimetres where that
    fits, as workstations expect, else in metres; the delay field the first depth in metres.

    Attributes:
        interval: Number for the sample interval fields.
        unit: Its unit.
        first: Number for the delay field.
        n_samples: Samples a trace.
    """

    interval: int
    unit: Literal["millimetres", "metres", "microseconds"]
    first: int
    n_samples: int


def depth_axis(depth_m: NDArray[np.float64]) -> VerticalAxis:
    """Header numbers of depths on a regular grid [m].

    Raises:
        ShapeError: If the steps differ, or SEG-Y holds no such number of samples.
        FileFormatError: If step or first depth do not fit their fields.
    """
    step_m = _one_step(depth_m, "depth", "m")
    in_millimetres = round(1000 * step_m) <= _INT16
    unit: Literal["millimetres", "metres"] = "millimetres" if in_millimetres else "metres"
    factor = 1000 if in_millimetres else 1
    interval = _whole(factor * step_m, f"depth step in {unit}", "Choose another spacing_m.")
    first = round(float(depth_m[0]))
    if abs(first - depth_m[0]) > 1e-3 or abs(first) > _INT16:
        raise FileFormatError(
            f"The first depth is {depth_m[0]:g} m; SEG-Y holds whole metres up to {_INT16}."
        )
    return VerticalAxis(interval, unit, first, depth_m.size)


def time_axis(time_s: NDArray[np.float64]) -> VerticalAxis:
    """Header numbers of times on a regular grid [s].

    Raises:
        ShapeError: If the steps differ, or SEG-Y holds no such number of samples.
        FileFormatError: If step or first time do not fit their fields.
    """
    step_s = _one_step(time_s, "time", "s")
    interval = _whole(1e6 * step_s, "sample interval in microseconds", "Resample.")
    first_ms = 1e3 * float(time_s[0])
    if abs(round(first_ms) - first_ms) > 1e-3 or abs(first_ms) > _INT16:
        raise FileFormatError(
            f"The first time is {first_ms:g} ms; SEG-Y holds whole ones up to {_INT16}."
        )
    return VerticalAxis(interval, "microseconds", round(first_ms), time_s.size)


def _one_step(values: NDArray[np.float64], what: str, unit: str) -> float:
    if not 2 <= values.size <= _UINT16:
        raise ShapeError(f"There are {values.size} {what}s; SEG-Y holds 2 to {_UINT16}.")
    steps = np.diff(values)
    step = float(steps.mean())
    if step <= 0 or not np.allclose(steps, step, rtol=1e-6):
        raise ShapeError(
            f"{what.capitalize()} steps go from {steps.min():g} to {steps.max():g} {unit}; one "
            "step is needed."
        )
    return step


def _whole(value: float, what: str, advice: str) -> int:
    # Half a unit over the deepest trace is what a rounded step may cost.
    if not 0.5 <= value <= _INT16 or abs(round(value) - value) > 1e-3 * value:
        raise FileFormatError(
            f"The {what} is {value:g}; SEG-Y holds whole numbers up to {_INT16}. {advice}"
        )
    return round(value)


def file_header(
    lines: Sequence[str], notes: Sequence[str], axis: VerticalAxis, **fields: int
) -> bytes:
    """Text and binary header.

    Args:
        lines: Text of geoml's own, from line 1.
        notes: The caller's lines after them.
        axis: Depth or time.
        **fields: More binary header numbers: ``sorting``, ``traces_in_ensemble``.

    Raises:
        ShapeError: If the lines do not fit.
    """
    if len(lines) + len(notes) > TEXT_LINES:
        raise ShapeError(
            f"{len(notes)} notes; at most {TEXT_LINES - len(lines)} fit the text header."
        )
    plain = (line.encode("ascii", "replace").decode()[:TEXT_COLUMNS] for line in [*lines, *notes])
    text = {**dict(enumerate(plain, start=1)), 39: "SEG Y REV1", 40: "END TEXTUAL HEADER"}
    numbers = {
        "dt": axis.interval,
        "n_samples": axis.n_samples,
        "sample_format": _IEEE,
        "measurement_system": _METRES,
        "revision": _REVISION_1,
        "fixed_length": 1,
        **fields,
    }
    binary = _filled(_BINARY_HEADER, 1, numbers)
    return bytes(segyio.tools.create_text_header(text).encode("cp037") + binary.tobytes())


def trace_headers(
    axis: VerticalAxis,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    scale: int,
    datum_elevation_m: float = 0.0,
    **fields: ArrayLike,
) -> NDArray[np.uint8]:
    """Trace headers of stacked traces, shape (trace, 240).

    Positions go into the CDP fields and, for loaders that look there, into the source fields.

    Args:
        axis: Depth or time.
        x: CDP eastings [m], shape (trace,).
        y: CDP northings [m], shape (trace,).
        scale: Header units a metre, as ``coordinate_scale`` gives it.
        datum_elevation_m: Elevation of depth or time 0 [m], up.
        **fields: More numbers by name, such as ``number_in_line``, ``cdp`` or ``inline``.
    """
    east, north = np.rint(scale * x).astype(np.int64), np.rint(scale * y).astype(np.int64)
    datum_cm = round(100 * datum_elevation_m)
    numbers: dict[str, ArrayLike] = {
        "trace_in_cdp": 1,
        "trace_kind": _LIVE,
        "receiver_datum": datum_cm,
        "source_datum": datum_cm,
        "elevation_scalar": _CENTIMETRES,
        "coordinate_scalar": -scale if scale > 1 else 1,
        "source_x": east,
        "source_y": north,
        "coordinate_units": 1,
        "delay": axis.first,
        "n_samples": axis.n_samples,
        "dt": axis.interval,
        "cdp_x": east,
        "cdp_y": north,
        "shot_point_scalar": 1,
        **fields,
    }
    table = _filled(_TRACE_HEADER, x.size, numbers)
    return table.view(np.uint8).reshape(x.size, _TRACE_HEADER.itemsize)


def _filled(record: np.dtype[Any], count: int, numbers: dict[str, Any]) -> NDArray[Any]:
    table = np.zeros(count, dtype=record)
    for name, values in numbers.items():
        limits = np.iinfo(record[name])
        wanted = np.asarray(values, dtype=np.int64)
        if wanted.size and not (limits.min <= wanted.min() and wanted.max() <= limits.max):
            raise FileFormatError(
                f"The header field '{name}' holds {limits.min} to {limits.max}; found "
                f"{wanted.min()} to {wanted.max()}."
            )
        table[name] = wanted
    return table


def coordinate_scale(x: NDArray[np.float64], y: NDArray[np.float64]) -> int:
    """Units a metre, the finest of centimetres, decimetres and metres that fits 32 bits.

    Raises:
        FileFormatError: If none fits.
    """
    farthest = max(float(np.abs(x).max()), float(np.abs(y).max()))
    for scale in (100, 10, 1):
        if scale * farthest < _INT32:
            return scale
    raise FileFormatError(f"A CDP coordinate of {farthest:g} m does not fit SEG-Y's 32 bits.")


def trace_bytes(headers: NDArray[np.uint8], values: NDArray[np.float32]) -> bytes:
    """Traces as they stand in the file, ``NULL`` where there is no value.

    Args:
        headers: Shape (trace, 240).
        values: Samples, shape (trace, sample).
    """
    samples = np.where(np.isfinite(values), values, np.float32(NULL)).astype(">f4", order="C")
    return np.hstack([headers, samples.view(np.uint8)]).tobytes()
