"""Seismic Unix on disk: SEG-Y trace headers and IEEE floats, no file headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from geoml.errors import FileFormatError, OptionError
from geoml.readers.finding import Finding
from geoml.readers.options import IngestOptions
from geoml.readers.source_file import SourceFile
from geoml.readers.stride_choice import (
    FileNumbers,
    first_trace_counts,
    fitting_count,
    settle_stride,
)
from geoml.readers.trace_place import TracePlace
from geoml.readers.trace_reader import TraceReader
from geoml.readers.trace_stride import TraceStride
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder

_IEEE = 5
_SAMPLE_BYTES = 4


class SuReader(TraceReader):
    """A Seismic Unix file, either byte order, traces of equal length.

    Bytes 181-240 of an SU trace header are Seismic Unix's own (plotting steps, a mark, a float
    or two), so no line numbers, CDP positions or time scalars are read from them.

    Attributes:
        dt_us: 0: only trace headers give the interval.
        in_feet: False: SU does not say.
        has_time_scalar: False.
        has_cdp_position: False.

    Args:
        path: The file.
        options: The user's decisions.

    Raises:
        FileFormatError: If neither byte order divides the file into traces.
        OptionError: If a decision makes no sense for SU.
    """

    def __init__(self, path: str | Path, options: IngestOptions | None = None) -> None:
        options = options or IngestOptions()
        source = SourceFile(path)
        if source.n_bytes < HEADER_BYTES + _SAMPLE_BYTES:
            raise FileFormatError(
                f"{source.name}: {source.n_bytes} bytes, not one trace. Copy it again."
            )
        if options.sample_format not in (None, _IEEE):
            raise OptionError(
                f"{source.name}: Seismic Unix holds IEEE floats (format {_IEEE}), "
                f"--sample-format {options.sample_format} cannot be."
            )
        byte_order, stride, findings = _settled(source, options)
        super().__init__(source, stride, byte_order, _IEEE, findings)
        self.dt_us = 0.0
        self.in_feet = False
        self.has_time_scalar = False
        self.has_cdp_position = False

    def file_attrs(self) -> dict[str, Any]:
        """What must be kept to write the same file again."""
        return {
            "file_type": "su",
            "text_header": "",
            "text_header_hex": "",
            "binary_header": "",
            "revision": 0,
            "measurement_system": 0,
            "n_extra_trace_headers": 0,
        }


def _settled(
    source: SourceFile, options: IngestOptions
) -> tuple[ByteOrder, TraceStride, list[Finding]]:
    """Byte order and layout: the order in which the trace headers divide the file.

    Raises:
        FileFormatError: If neither order does.
        OptionError: If an option makes no sense.
    """
    orders = get_args(ByteOrder)
    if options.byte_order is not None:
        if options.byte_order not in orders:
            raise OptionError(
                f"Byte order '{options.byte_order}' is unknown; 'big' or 'little' is needed."
            )
        orders = (options.byte_order,)
    place = TracePlace(0, source.n_bytes)
    settled, refusals = [], []
    for order in orders:
        numbers = FileNumbers(source, order, _SAMPLE_BYTES)
        try:
            stride, findings = settle_stride(numbers, [place], options)
        except FileFormatError as error:
            refusals.append(error)
        else:
            wrong_by = abs(_stated(numbers, place) - stride.n_samples)
            settled.append((stride.rest, wrong_by, order, stride, findings))
    if settled:
        # Of two that fit, the one that leaves less over, then the one whose headers say so.
        _, _, order, stride, findings = min(settled, key=lambda one: one[:2])
        return order, stride, findings
    if len(refusals) == 1:
        raise refusals[0]
    raise _refusal(source, place)


def _stated(numbers: FileNumbers, place: TracePlace) -> int:
    return next(iter(first_trace_counts(numbers, place)), 0)


def _refusal(source: SourceFile, place: TracePlace) -> FileFormatError:
    numbers = [FileNumbers(source, order, _SAMPLE_BYTES) for order in get_args(ByteOrder)]
    big, little = (_stated(one, place) for one in numbers)
    advice = "Is it Seismic Unix, and complete? Else pass --samples and --byte-order."
    fitting = max(fitting_count(one, place) for one in numbers)
    if fitting:
        order = "big" if abs(big - fitting) <= abs(little - fitting) else "little"
        advice = f"Pass --samples {fitting} --byte-order {order}, which meets trace headers."
    return FileFormatError(
        f"{source.name}: {source.n_bytes} bytes do not divide into traces of {big} (big-endian) "
        f"or {little} (little-endian) samples. {advice}"
    )
