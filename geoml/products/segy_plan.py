"""How a survey's SEG-Y or Seismic Unix file is to be written: format, headers, what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import segyio
import xarray as xr

from geoml import __version__
from geoml.errors import FileFormatError, OptionError
from geoml.products.byte_swap import swapped_binary_header
from geoml.products.source_part import SourcePart
from geoml.survey.sample_format import SAMPLE_FORMATS
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder

IEEE = 5
_TEXT_BYTES = 3200
_BINARY_BYTES = 400
_NANOSECOND_S = 1e-9


@dataclass(frozen=True)
class TimeAxis:
    """Samples of a trace.

    Attributes:
        n_samples: How many.
        dt_s: Interval [s].
        start_s: Time of the first [s].
    """

    n_samples: int
    dt_s: float
    start_s: float

    def in_headers(self) -> tuple[int, int, int]:
        """Samples, interval [us] and delay [ms] as the header fields hold them.

        Raises:
            FileFormatError: If they do not fit.
        """
        dt_us, delay_ms = 1e6 * self.dt_s, 1e3 * self.start_s
        if abs(dt_us - round(dt_us)) > 1e-3 or not 0 < round(dt_us) <= np.iinfo(np.int16).max:
            raise FileFormatError(
                f"The sample interval is {dt_us:g} us; SEG-Y holds whole ones up to 32767. "
                "Resample."
            )
        if abs(delay_ms - round(delay_ms)) > 1e-3:
            raise FileFormatError(
                f"The first sample is at {delay_ms:g} ms; SEG-Y holds whole ones. Resample."
            )
        return self.n_samples, round(dt_us), round(delay_ms)


@dataclass(frozen=True, eq=False)
class FilePlan:
    """What is decided before the first trace is written.

    Attributes:
        part: The traces, and what their file was.
        file_header: Text headers and binary header, empty for Seismic Unix.
        byte_order: Byte order of the file.
        made_in: Byte order in which headers are kept, or made, before they are turned round.
        sample_format: Code of the sample format.
        time: Samples of each trace.
        headers_as_read: Whether the trace headers are the file's own.
        retimed: Whether their sample count, interval and delay are replaced.
        n_extension: Bytes of additional trace headers a trace.
        trailing: Bytes after the last trace.
        as_read: Whether the file is to get the very bytes that were read.
    """

    part: SourcePart
    file_header: bytes
    byte_order: ByteOrder
    made_in: ByteOrder
    sample_format: int
    time: TimeAxis
    headers_as_read: bool
    retimed: bool
    n_extension: int
    trailing: bytes
    as_read: bool

    @property
    def trace_bytes(self) -> int:
        """Length of a trace with its headers [bytes]."""
        sample_bytes = SAMPLE_FORMATS[self.sample_format].n_bytes
        return HEADER_BYTES + self.n_extension + self.time.n_samples * sample_bytes

    @property
    def n_bytes(self) -> int:
        """Length of the file [bytes]."""
        return len(self.file_header) + self.part.n_traces * self.trace_bytes + len(self.trailing)


def plan_file(
    survey: xr.Dataset,
    part: SourcePart,
    *,
    as_su: bool,
    sample_format: int | None = None,
    byte_order: ByteOrder | None = None,
) -> FilePlan:
    """Decide how one file of a survey is written.

    Args:
        survey: Dataset of dims (trace, time).
        part: The traces of the file.
        as_su: Whether to write Seismic Unix.
        sample_format: The user's choice of format code; None keeps what was read where nothing
            was changed, and takes IEEE floats else.
        byte_order: The user's choice; None keeps what was read, and takes big-endian else.

    Raises:
        FileFormatError: If the time axis does not fit the header fields.
        OptionError: If the format or the byte order is unknown, or the file does not allow it.
    """
    attrs = part.attrs
    kept = "header_bytes" in survey and attrs.get("file_type") == ("su" if as_su else "segy")
    made_in: ByteOrder = attrs["byte_order"] if kept else "big"
    order = byte_order or made_in
    if order not in get_args(ByteOrder):
        raise OptionError(f"Byte order '{order}' is unknown; 'big' or 'little' is needed.")
    time, moved = _time_axis(survey, attrs)
    retimed = moved or not kept
    untouched = kept and not attrs.get("steps") and not retimed
    code = _chosen_format(sample_format, as_su=as_su)
    if code is None:
        code = int(attrs["sample_format"]) if untouched else IEEE
    n_extension = HEADER_BYTES * int(attrs.get("n_extra_trace_headers", 0)) if kept else 0
    if n_extension and "extension_bytes" not in survey:
        raise FileFormatError(
            f"The survey says {n_extension // HEADER_BYTES} additional trace headers a trace, but "
            "has no 'extension_bytes'. Ingest the file again."
        )
    if n_extension and order != made_in:
        raise OptionError(
            f"Additional trace headers hold numbers of their own kinds; such a file stays "
            f"{made_in}-endian."
        )
    n_bytes = HEADER_BYTES + n_extension
    n_bytes += SAMPLE_FORMATS[int(attrs.get("sample_format", IEEE))].n_bytes * time.n_samples
    whole = kept and not retimed and _is_whole(part, n_bytes, as_su=as_su)
    as_read = untouched and whole and code == attrs["sample_format"] and order == made_in
    header = b""
    if kept and not as_su:
        # Where a user's choice overruled a wrong format code, unchanged bytes keep that code.
        stated = None if as_read else code
        header = _kept_header(attrs, made_in, stated, time if retimed else None)
        if not whole:
            header = _recounted(header, part.n_traces, made_in, attrs)
    elif not as_su:
        header = _new_header(attrs, time, code)
    # A cut last trace is of no use to changed ones; trailer stanzas of revision 2 are text.
    n_trailers = _binary_number(header, 3529, made_in) if _revision(attrs) >= 2 and kept else 0
    trailing = part.trailing.tobytes() if as_read or n_trailers > 0 else b""
    if header and order != made_in:
        header = _turned(header, _revision(attrs) if kept else 1)
    return FilePlan(
        part=part,
        file_header=header,
        byte_order=order,
        made_in=made_in,
        sample_format=code,
        time=time,
        headers_as_read=kept,
        retimed=retimed,
        n_extension=n_extension,
        trailing=trailing,
        as_read=as_read,
    )


def _chosen_format(code: int | None, *, as_su: bool) -> int | None:
    if code is None:
        return IEEE if as_su else None
    if code not in SAMPLE_FORMATS:
        raise OptionError(
            f"Sample format {code} cannot be written; known: {', '.join(map(str, SAMPLE_FORMATS))}."
        )
    if as_su and code != IEEE:
        raise OptionError(f"Seismic Unix holds IEEE floats (format {IEEE}), not format {code}.")
    return code


def _time_axis(survey: xr.Dataset, attrs: Mapping[str, Any]) -> tuple[TimeAxis, bool]:
    """The time axis of a file's traces, and whether it is another than when they were read."""
    time = survey["time"].values
    given = survey.attrs
    recorded_dt_s = float(given.get("recorded_dt_s", 0.0))
    dt_s = float((time[-1] - time[0]) / (time.size - 1)) if time.size > 1 else recorded_dt_s
    same = (
        time.size == int(given.get("recorded_samples", 0))
        and abs(dt_s - recorded_dt_s) < _NANOSECOND_S
        and abs(float(time[0]) - float(given.get("recorded_start_s", 0.0))) < _NANOSECOND_S
    )
    # Of several files the survey has the longest traces; each file gets back its own length.
    n_samples = int(attrs["recorded_samples"]) if same else int(time.size)
    return TimeAxis(n_samples, dt_s, float(time[0])), not same


def _is_whole(part: SourcePart, trace_bytes: int, *, as_su: bool) -> bool:
    """Whether the survey still has every trace of the file."""
    n_traces = part.attrs.get("n_traces")
    if n_traces is not None:
        return bool(n_traces == part.n_traces)
    size = part.attrs.get("source_size")
    header = 0 if as_su else _BINARY_BYTES + len(part.attrs["text_header_hex"]) // 2
    return bool(size == header + part.n_traces * trace_bytes + part.trailing.size)


def _kept_header(
    attrs: Mapping[str, Any],
    byte_order: ByteOrder,
    sample_format: int | None,
    time: TimeAxis | None,
) -> bytes:
    text = bytes.fromhex(attrs["text_header_hex"])
    binary = bytearray(bytes.fromhex(attrs["binary_header"]))
    if sample_format is not None:
        _put(binary, 3225, sample_format, byte_order)
    if time is not None:
        n_samples, dt_us, _ = time.in_headers()
        _put(binary, 3217, dt_us, byte_order)
        _put(binary, 3221, n_samples, byte_order)
        if _revision(attrs) >= 2:
            # Revision 2 repeats count and interval; zeros mean that the short fields hold.
            binary[3269 - 3201 : 3281 - 3201] = bytes(12)
    return text[:_TEXT_BYTES] + bytes(binary) + text[_TEXT_BYTES:]


def _recounted(
    header: bytes, n_traces: int, byte_order: ByteOrder, attrs: Mapping[str, Any]
) -> bytes:
    """The file header with the number of traces that revision 2 may state."""
    at = slice(3513 - 1, 3521 - 1)
    if _revision(attrs) < 2 or not any(header[at]):
        return header
    return header[: at.start] + n_traces.to_bytes(8, byte_order) + header[at.stop :]


def _new_header(attrs: Mapping[str, Any], time: TimeAxis, sample_format: int) -> bytes:
    n_samples, dt_us, _ = time.in_headers()
    lines = {
        1: f"WRITTEN BY GEOML {__version__} FROM {attrs.get('source_file', 'A SURVEY')}",
        2: "COORDINATES AND ELEVATIONS IN METRES, SCALARS IN BYTES 69 AND 71",
        39: "SEG Y REV1",
        40: "END TEXTUAL HEADER",
    }
    ascii_lines = {
        number: line.encode("ascii", "replace").decode()[:76] for number, line in lines.items()
    }
    text = segyio.tools.create_text_header(ascii_lines).encode("cp037")
    binary = bytearray(_BINARY_BYTES)
    fields = {3217: dt_us, 3221: n_samples, 3225: sample_format, 3255: 1, 3501: 0x0100, 3503: 1}
    for byte, value in fields.items():
        _put(binary, byte, value, "big")
    return text + bytes(binary)


def _turned(file_header: bytes, revision: int) -> bytes:
    """A file header in the other byte order; its texts stay."""
    end = _TEXT_BYTES + _BINARY_BYTES
    turned = swapped_binary_header(file_header[_TEXT_BYTES:end], revision)
    return file_header[:_TEXT_BYTES] + turned + file_header[end:]


def _put(binary: bytearray, byte: int, value: int, byte_order: ByteOrder) -> None:
    if not 0 <= value <= np.iinfo(np.uint16).max:
        raise FileFormatError(f"The binary header field at byte {byte} cannot hold {value}.")
    at = byte - 1 - _TEXT_BYTES
    binary[at : at + 2] = value.to_bytes(2, byte_order)


def _binary_number(file_header: bytes, byte: int, byte_order: ByteOrder) -> int:
    return int.from_bytes(file_header[byte - 1 : byte + 3], byte_order, signed=True)


def _revision(attrs: Mapping[str, Any]) -> int:
    return int(attrs.get("revision", 0))
