"""Where everything is in a SEG-Y file, settled from its file headers and its size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geoml.errors import FileFormatError
from geoml.readers.binary_header import TEXT_BYTES, BinaryHeader, read_binary_header
from geoml.readers.finding import Finding
from geoml.readers.options import IngestOptions
from geoml.readers.sample_count import settle_sample_count
from geoml.readers.text_header import FIXED_BYTES, count_extended, extended_limit
from geoml.survey.sample_format import SAMPLE_FORMATS, require_format
from geoml.survey.trace_header import HEADER_BYTES


@dataclass(frozen=True)
class SegyLayout:
    """The layout of a SEG-Y file.

    Attributes:
        path: The file.
        binary_header: Its binary header.
        text_header: The bytes of all text headers, the extended ones last.
        sample_format: Code of the sample format.
        n_samples: Samples a trace.
        n_traces: Whole traces.
        findings: What was contradictory.
    """

    path: Path
    binary_header: BinaryHeader
    text_header: bytes
    sample_format: int
    n_samples: int
    n_traces: int
    findings: tuple[Finding, ...]

    @property
    def first_trace_byte(self) -> int:
        """Offset of the first trace [bytes]."""
        return len(self.text_header) + len(self.binary_header.raw)

    @property
    def trace_bytes(self) -> int:
        """Length of a header with its samples [bytes]."""
        return HEADER_BYTES + self.n_samples * SAMPLE_FORMATS[self.sample_format].n_bytes


def segy_layout(path: str | Path, options: IngestOptions) -> SegyLayout:
    """Read the file headers and settle the layout.

    Raises:
        FileFormatError: If the file is no SEG-Y, holds no trace, is truncated, or its headers
            leave the layout open.
    """
    path = Path(path)
    if not path.is_file():
        raise FileFormatError(f"{path}: no such file.")
    with path.open("rb") as file:
        fixed = file.read(FIXED_BYTES)
        if len(fixed) < FIXED_BYTES:
            raise FileFormatError(
                f"{path.name}: {len(fixed)} bytes; SEG-Y has {FIXED_BYTES} before the first "
                "trace. Is it complete, and SEG-Y?"
            )
        binary = read_binary_header(
            fixed[TEXT_BYTES:], path.name, options.byte_order, options.sample_format
        )
        stated = binary.n_extended_texts
        after = file.read(extended_limit(stated)) if stated else b""
    extended = after[: TEXT_BYTES * count_extended(stated, after, path.name)]
    if binary.n_extra_trace_headers > 0:
        raise FileFormatError(
            f"{path.name}: {binary.n_extra_trace_headers} additional trace headers a trace "
            "(revision 2) are not read; write the file with 240-byte trace headers only."
        )
    form_code = options.sample_format or binary.sample_format
    form = require_format(form_code, path.name)
    first_byte = FIXED_BYTES + len(extended)
    payload = path.stat().st_size - first_byte
    if payload < HEADER_BYTES + form.n_bytes:
        raise FileFormatError(
            f"{path.name}: {payload} bytes after the file headers, not one trace; at least "
            f"{HEADER_BYTES + form.n_bytes} are needed. Copy the file again."
        )
    n_samples, findings = settle_sample_count(
        path, first_byte, form.n_bytes, binary.byte_order, binary.n_samples, options
    )
    return SegyLayout(
        path=path,
        binary_header=binary,
        text_header=fixed[:TEXT_BYTES] + extended,
        sample_format=form_code,
        n_samples=n_samples,
        n_traces=payload // (HEADER_BYTES + n_samples * form.n_bytes),
        findings=tuple(findings),
    )
