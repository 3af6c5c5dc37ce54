"""Where everything is in a SEG-Y file, settled from its file headers and its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoml.errors import FileFormatError
from geoml.readers.binary_header import TEXT_BYTES, BinaryHeader, read_binary_header
from geoml.readers.finding import Finding
from geoml.readers.options import IngestOptions
from geoml.readers.source_file import SourceFile
from geoml.readers.stride_choice import FileNumbers, settle_stride
from geoml.readers.text_header import FIXED_BYTES
from geoml.readers.trace_place import trace_places
from geoml.readers.trace_stride import TraceStride
from geoml.survey.sample_format import require_format
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder

_TAPE_LABEL_BYTES = 128
_TAPE_LABEL_MARK = b"SY"


@dataclass(frozen=True)
class SegyLayout:
    """The layout of a SEG-Y file.

    Attributes:
        source: The file.
        binary_header: Its binary header.
        text_header: All bytes before the traces but the binary header's, extended texts last.
        sample_format: Code of the sample format.
        stride: Where the traces are.
        findings: What was contradictory.
    """

    source: SourceFile
    binary_header: BinaryHeader
    text_header: bytes
    sample_format: int
    stride: TraceStride
    findings: tuple[Finding, ...]


def segy_layout(source: SourceFile, options: IngestOptions) -> SegyLayout:
    """Read the file headers and settle the layout.

    Raises:
        FileFormatError: If the file is no SEG-Y, holds no trace, holds traces of unequal length,
            or its headers leave the layout open.
        OptionError: If an option makes no sense for the file.
    """
    if source.n_bytes < FIXED_BYTES:
        raise FileFormatError(
            f"{source.name}: {source.n_bytes} bytes; SEG-Y has {FIXED_BYTES} before the first "
            "trace. Is it complete, and SEG-Y?"
        )
    fixed = source.read(0, FIXED_BYTES).tobytes()
    if fixed[4:6] == _TAPE_LABEL_MARK and fixed[:4].strip().isdigit():
        raise FileFormatError(
            f"{source.name}: starts with a tape label of {_TAPE_LABEL_BYTES} bytes, which is not "
            f"read. Remove it first, for example with 'tail -c +{_TAPE_LABEL_BYTES + 1}'."
        )
    binary = read_binary_header(
        fixed[TEXT_BYTES:], source.name, options.byte_order, options.sample_format
    )
    form_code = options.sample_format or binary.sample_format
    form = require_format(form_code, source.name)
    payload = source.n_bytes - FIXED_BYTES
    if payload < HEADER_BYTES + form.n_bytes:
        raise FileFormatError(
            f"{source.name}: {payload} bytes after the file headers, not one trace; at least "
            f"{HEADER_BYTES + form.n_bytes} are needed. Copy the file again."
        )
    numbers = FileNumbers(
        source, binary.byte_order, form.n_bytes, binary.sample_counts, binary.n_traces
    )
    stride, findings = settle_stride(numbers, trace_places(source, binary), options)
    if options.byte_order is None:
        _refuse_mixed_orders(source, binary, stride)
    return SegyLayout(
        source=source,
        binary_header=binary,
        text_header=fixed[:TEXT_BYTES] + source.read(FIXED_BYTES, stride.first_byte).tobytes(),
        sample_format=form_code,
        stride=stride,
        findings=tuple(findings),
    )


def _refuse_mixed_orders(source: SourceFile, binary: BinaryHeader, stride: TraceStride) -> None:
    """Stop where trace headers repeat the binary header's count and interval in reversed bytes."""
    stated = (next(iter(binary.sample_counts), 0), binary.dt_us)
    swapped: ByteOrder = "little" if binary.byte_order == "big" else "big"
    first = np.array([0])
    as_stated, reversed_bytes = (
        (int(table.column("n_samples")[0]), float(table.column("dt_us")[0]))
        for table in (
            stride.headers(source, first, order) for order in (binary.byte_order, swapped)
        )
    )
    if stated == reversed_bytes != as_stated:
        raise FileFormatError(
            f"{source.name}: the binary header is {binary.byte_order}-endian, the trace headers "
            f"are {swapped}-endian; one order is needed. Write the file anew in one order."
        )
