"""A survey as SEG-Y or Seismic Unix: the same bytes where nothing was changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import segyio
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.errors import FileFormatError
from geoml.products.unfinished import unfinished
from geoml.survey.sample_format import decode, encode
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder, HeaderTable

_IEEE = 5
_TEXT_BYTES = 3200
_BINARY_BYTES = 400
_SCALED_COLUMNS = {
    "coordinate_scalar": ("source_x", "source_y", "receiver_x", "receiver_y"),
    "elevation_scalar": ("source_elevation", "source_depth", "receiver_elevation"),
}
_PLAIN_COLUMNS = ("field_record", "trace_in_record", "cdp", "inline", "crossline", "trace_kind")
_CENTIMETRES = -100


@dataclass(frozen=True)
class _FilePlan:
    """Headers and format of the file to write."""

    file_header: bytes
    byte_order: ByteOrder
    sample_format: int
    headers_as_read: bool
    retimed: bool


def write_survey_segy(
    survey: xr.Dataset,
    path: str | Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a survey, one shard of traces in memory at a time.

    A survey that came from SEG-Y and was not preprocessed gives the bytes that it was read from.
    A preprocessed one keeps its text and trace headers, gets IEEE samples, and new sample counts,
    intervals and delays where its time axis changed. A survey without SEG-Y headers gets new ones
    from its trace variables, in metres. A name that ends in ``.su`` gives Seismic Unix instead:
    no file headers, IEEE samples.

    Args:
        survey: Dataset of dims (trace, time).
        path: The file to write, replaced if it exists.
        progress: Called with (traces done, traces in all).

    Raises:
        FileFormatError: If the time axis or a position does not fit the header fields.
    """
    path = Path(path)
    plan = _plan(survey, as_su=path.suffix.lower() == ".su")
    n_traces = survey.sizes["trace"]
    step = max(1, 16 * int(survey.attrs.get("traces_per_gather", 128)))
    with unfinished(path) as part, part.open("wb") as file:
        file.write(plan.file_header)
        for start in range(0, n_traces, step):
            block = survey.isel(trace=slice(start, start + step))
            headers = _trace_headers(block, plan).header_bytes
            file.write(np.hstack([headers, _samples(block, plan)]).tobytes())
            if progress is not None:
                progress(min(start + step, n_traces), n_traces)


def _plan(survey: xr.Dataset, *, as_su: bool) -> _FilePlan:
    attrs = survey.attrs
    came_as = attrs.get("file_type")
    headers_as_read = "header_bytes" in survey and came_as == ("su" if as_su else "segy")
    byte_order: ByteOrder = attrs["byte_order"] if headers_as_read else "big"
    retimed = not headers_as_read or _time_axis(survey) != (
        attrs["recorded_samples"],
        attrs["recorded_dt_s"],
        attrs["recorded_start_s"],
    )
    sample_format = _IEEE
    if headers_as_read and not attrs.get("steps") and not retimed:
        sample_format = int(attrs["sample_format"])
    file_header = b""
    if not as_su:
        file_header = (
            _kept_file_header(survey, byte_order, sample_format, retimed)
            if headers_as_read
            else _new_file_header(survey)
        )
    return _FilePlan(file_header, byte_order, sample_format, headers_as_read, retimed)


def _time_axis(survey: xr.Dataset) -> tuple[int, float, float]:
    """Samples, interval [s] and start [s], rounded to the nanosecond."""
    time = survey["time"].values
    recorded_dt = float(survey.attrs.get("recorded_dt_s", 0.0))
    dt_s = float((time[-1] - time[0]) / (time.size - 1)) if time.size > 1 else recorded_dt
    same = abs(dt_s - recorded_dt) < 1e-9
    start = float(time[0])
    recorded_start = float(survey.attrs.get("recorded_start_s", 0.0))
    return (
        time.size,
        recorded_dt if same else dt_s,
        recorded_start if abs(start - recorded_start) < 1e-9 else start,
    )


def _header_times(survey: xr.Dataset) -> tuple[int, int, int]:
    """Samples, interval [us] and delay [ms] as the header fields hold them."""
    n_samples, dt_s, start_s = _time_axis(survey)
    dt_us, delay_ms = 1e6 * dt_s, 1e3 * start_s
    if abs(dt_us - round(dt_us)) > 1e-3 or not 0 < round(dt_us) <= np.iinfo(np.int16).max:
        raise FileFormatError(
            f"The sample interval is {dt_us:g} us; SEG-Y holds whole ones up to 32767. Resample."
        )
    if abs(delay_ms - round(delay_ms)) > 1e-3:
        raise FileFormatError(
            f"The first sample is at {delay_ms:g} ms; SEG-Y holds whole ones. Resample."
        )
    return n_samples, round(dt_us), round(delay_ms)


def _kept_file_header(
    survey: xr.Dataset, byte_order: ByteOrder, sample_format: int, retimed: bool
) -> bytes:
    text = bytes.fromhex(survey.attrs["text_header_hex"])
    binary = bytearray(bytes.fromhex(survey.attrs["binary_header"]))
    if sample_format != survey.attrs["sample_format"]:
        _put(binary, 3225, sample_format, byte_order)
    if retimed:
        n_samples, dt_us, _ = _header_times(survey)
        _put(binary, 3217, dt_us, byte_order)
        _put(binary, 3221, n_samples, byte_order)
        if int(survey.attrs.get("revision", 0)) >= 2:
            # Revision 2 repeats count and interval; zeros mean that the short fields hold.
            binary[3269 - 3201 : 3273 - 3201] = bytes(4)
            binary[3273 - 3201 : 3281 - 3201] = bytes(8)
    return text[:_TEXT_BYTES] + bytes(binary) + text[_TEXT_BYTES:]


def _new_file_header(survey: xr.Dataset) -> bytes:
    n_samples, dt_us, _ = _header_times(survey)
    lines = {
        1: f"WRITTEN BY GEOML {__version__} FROM {survey.attrs.get('source_file', 'A SURVEY')}",
        2: "COORDINATES AND ELEVATIONS IN METRES, SCALARS IN BYTES 69 AND 71",
        39: "SEG Y REV1",
        40: "END TEXTUAL HEADER",
    }
    ascii_lines = {
        number: line.encode("ascii", "replace").decode()[:76] for number, line in lines.items()
    }
    text = segyio.tools.create_text_header(ascii_lines).encode("cp037")
    binary = bytearray(_BINARY_BYTES)
    fields = {3217: dt_us, 3221: n_samples, 3225: _IEEE, 3255: 1, 3501: 0x0100, 3503: 1}
    for byte, value in fields.items():
        _put(binary, byte, value, "big")
    return text + bytes(binary)


def _put(binary: bytearray, byte: int, value: int, byte_order: ByteOrder) -> None:
    if not 0 <= value <= np.iinfo(np.uint16).max:
        raise FileFormatError(f"The binary header field at byte {byte} cannot hold {value}.")
    at = byte - 1 - _TEXT_BYTES
    binary[at : at + 2] = value.to_bytes(2, byte_order)


def _trace_headers(block: xr.Dataset, plan: _FilePlan) -> HeaderTable:
    if plan.headers_as_read:
        table = HeaderTable(np.asarray(block["header_bytes"].values), plan.byte_order)
    else:
        table = _new_trace_headers(block)
    if not plan.retimed:
        return table
    n_samples, dt_us, delay_ms = _header_times(block)
    table = table.with_column("n_samples", n_samples).with_column("dt_us", dt_us)
    if int(block.attrs.get("revision", 0)) >= 1:
        table = table.with_column("time_scalar", 0)
    return table.with_column("delay_ms", delay_ms)


def _new_trace_headers(block: xr.Dataset) -> HeaderTable:
    table = HeaderTable(np.zeros((block.sizes["trace"], HEADER_BYTES), dtype=np.uint8), "big")
    for name in _PLAIN_COLUMNS:
        table = table.with_column(name, block[name].values.astype(np.int64))
    table = table.with_column("offset", _rounded(block["offset"].values))
    table = table.with_column("coordinate_units", 1)
    for scalar, columns in _SCALED_COLUMNS.items():
        table = table.with_column(scalar, _CENTIMETRES)
        for name in columns:
            table = table.with_column(name, _rounded(100 * block[name].values))
    return table


def _rounded(values: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(np.rint(values)).astype(np.int64)


def _samples(block: xr.Dataset, plan: _FilePlan) -> NDArray[np.uint8]:
    """Bytes of a block's samples, shape (trace, byte)."""
    amplitude = np.asarray(block["amplitude"].values, dtype=np.float32)
    code, order = plan.sample_format, plan.byte_order
    if code == _IEEE or "sample_bytes" not in block:
        return encode(amplitude, code, order)
    kept = np.asarray(block["sample_bytes"].values)
    # The kept bytes hold only as long as they still decode to the amplitude.
    same = (decode(kept, code, order).view(np.uint32) == amplitude.view(np.uint32)).all(axis=1)
    raw = kept.copy()
    raw[~same] = encode(amplitude[~same], code, order)
    return raw
