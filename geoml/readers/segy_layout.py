"""Where everything is in a SEG-Y file, settled from its file headers and its size."""

from __future__ import annotations

from dataclasses import dataclass

from geoml.errors import FileFormatError
from geoml.readers.binary_header import TEXT_BYTES, BinaryHeader, read_binary_header
from geoml.readers.finding import Finding
from geoml.readers.options import IngestOptions
from geoml.readers.sample_count import settle_sample_count
from geoml.readers.source_file import SourceFile
from geoml.readers.text_header import FIXED_BYTES, count_extended, extended_limit
from geoml.survey.sample_format import require_format
from geoml.survey.trace_header import HEADER_BYTES


@dataclass(frozen=True)
class SegyLayout:
    """The layout of a SEG-Y file.

    Attributes:
        source: The file.
        binary_header: Its binary header.
        text_header: The bytes of all text headers, the extended ones last.
        sample_format: Code of the sample format.
        n_samples: Samples a trace.
        findings: What was contradictory.
    """

    source: SourceFile
    binary_header: BinaryHeader
    text_header: bytes
    sample_format: int
    n_samples: int
    findings: tuple[Finding, ...]

    @property
    def first_trace_byte(self) -> int:
        """Offset of the first trace [bytes]."""
        return len(self.text_header) + len(self.binary_header.raw)


def segy_layout(source: SourceFile, options: IngestOptions) -> SegyLayout:
    """Read the file headers and settle the layout.

    Raises:
        FileFormatError: If the file is no SEG-Y, holds no trace, is truncated, or its headers
            leave the layout open.
    """
    fixed = source.read(0, min(FIXED_BYTES, source.n_bytes)).tobytes()
    if len(fixed) < FIXED_BYTES:
        raise FileFormatError(
            f"{source.name}: {len(fixed)} bytes; SEG-Y has {FIXED_BYTES} before the first trace. "
            "Is it complete, and SEG-Y?"
        )
    binary = read_binary_header(
        fixed[TEXT_BYTES:], source.name, options.byte_order, options.sample_format
    )
    stated = binary.n_extended_texts
    after_stop = (
        min(FIXED_BYTES + extended_limit(stated), source.n_bytes) if stated else FIXED_BYTES
    )
    after = source.read(FIXED_BYTES, after_stop).tobytes()
    extended = after[: TEXT_BYTES * count_extended(stated, after, source.name)]
    if binary.n_extra_trace_headers > 0:
        raise FileFormatError(
            f"{source.name}: {binary.n_extra_trace_headers} additional trace headers a trace "
            "(revision 2) are not read; write the file with 240-byte trace headers only."
        )
    form_code = options.sample_format or binary.sample_format
    form = require_format(form_code, source.name)
    first_byte = FIXED_BYTES + len(extended)
    payload = source.n_bytes - first_byte
    if payload < HEADER_BYTES + form.n_bytes:
        raise FileFormatError(
            f"{source.name}: {payload} bytes after the file headers, not one trace; at least "
            f"{HEADER_BYTES + form.n_bytes} are needed. Copy the file again."
        )
    n_samples, findings = settle_sample_count(
        source, first_byte, form.n_bytes, binary.byte_order, binary.n_samples, options
    )
    return SegyLayout(
        source=source,
        binary_header=binary,
        text_header=fixed[:TEXT_BYTES] + extended,
        sample_format=form_code,
        n_samples=n_samples,
        findings=tuple(findings),
    )
