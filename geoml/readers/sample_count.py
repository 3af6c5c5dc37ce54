"""How many samples a trace has, where the headers may contradict each other and the file size."""

from __future__ import annotations

import numpy as np

from geoml.errors import FileFormatError, OptionError
from geoml.readers.finding import Finding
from geoml.readers.header_table import TraceRecords
from geoml.readers.options import IngestOptions
from geoml.readers.source_file import SourceFile
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder, HeaderTable

_LOOKED_AT = 200


def settle_sample_count(
    source: SourceFile,
    first_byte: int,
    sample_bytes: int,
    byte_order: ByteOrder,
    binary_count: int,
    options: IngestOptions,
) -> tuple[int, list[Finding]]:
    """Samples a trace, and what was contradictory about it.

    The binary header's count and the first trace header's are tried: one holds if it divides the
    file into whole traces, with something like trace headers where they should be.

    Args:
        source: The file.
        first_byte: Offset of the first trace [bytes].
        sample_bytes: Bytes a sample.
        byte_order: Byte order of the headers.
        binary_count: Samples by the binary header, 0 where it does not say.
        options: The user's decisions.

    Raises:
        OptionError: If the chosen count does not fit the file.
        FileFormatError: If the file is truncated or no count fits it.
    """
    payload = source.n_bytes - first_byte
    first = _table(source, first_byte, HEADER_BYTES, 1, byte_order)
    trace_count = int(first.column("n_samples")[0])

    def remainder(count: int) -> int:
        return payload % (HEADER_BYTES + count * sample_bytes)

    if options.samples is not None:
        if options.samples < 1:
            raise OptionError(f"--samples {options.samples}: at least 1 sample is needed.")
        if remainder(options.samples):
            raise OptionError(
                f"{source.name}: --samples {options.samples} divides the file into "
                f"{payload / (HEADER_BYTES + options.samples * sample_bytes):.2f} traces; "
                f"the headers say {binary_count} (binary) and {trace_count} (trace)."
            )
        return options.samples, []

    candidates = [count for count in dict.fromkeys([binary_count, trace_count]) if count > 0]
    if not candidates:
        raise FileFormatError(
            f"{source.name}: both binary and trace headers say 0 samples. Pass --samples."
        )
    fitting = [
        count
        for count in candidates
        if not remainder(count)
        and _headers_agree(source, first_byte, count, sample_bytes, byte_order)
    ]
    if not fitting:
        return _truncated(source, first_byte, candidates, sample_bytes, byte_order)
    # A multiple of the true length also meets headers, but not all of them.
    count = min(fitting)
    if 0 in (trace_count, binary_count) or trace_count == binary_count:
        return count, []
    which = "binary" if count == binary_count else "trace"
    message = (
        f"{source.name}: trace headers say {trace_count} samples, the binary header "
        f"{binary_count}; reading {count}, as the {which} header and the file size say."
    )
    return count, [Finding("warning", message, "--samples")]


def _headers_agree(
    source: SourceFile, first_byte: int, count: int, sample_bytes: int, byte_order: ByteOrder
) -> bool:
    """Whether the file looks like trace headers at the distance that the count gives."""
    trace_bytes = HEADER_BYTES + count * sample_bytes
    n_traces = (source.n_bytes - first_byte) // trace_bytes
    if n_traces < 2:
        return n_traces == 1
    looked_at = min(n_traces, _LOOKED_AT)
    table = _table(source, first_byte, trace_bytes, looked_at, byte_order)
    return _constant(table, "n_samples") and _constant(table, "dt_us")


def _table(
    source: SourceFile, first_byte: int, trace_bytes: int, n_traces: int, byte_order: ByteOrder
) -> HeaderTable:
    records = TraceRecords(source, first_byte, trace_bytes, n_traces)
    return HeaderTable(records.part(slice(0, n_traces), 0, HEADER_BYTES), byte_order)


def _constant(table: HeaderTable, name: str) -> bool:
    _, counts = np.unique(table.column(name), return_counts=True)
    return bool(counts.max() > 0.5 * len(table))


def _truncated(
    source: SourceFile,
    first_byte: int,
    candidates: list[int],
    sample_bytes: int,
    byte_order: ByteOrder,
) -> tuple[int, list[Finding]]:
    payload = source.n_bytes - first_byte
    for count in candidates:
        whole, rest = divmod(payload, HEADER_BYTES + count * sample_bytes)
        if whole and _headers_agree(source, first_byte, count, sample_bytes, byte_order):
            message = (
                f"{source.name}: truncated; reading {whole} whole traces of {count} samples, "
                f"keeping the {rest} bytes after them as they are."
            )
            return count, [Finding("warning", message, "--samples")]
    count = candidates[0]
    raise FileFormatError(
        f"{source.name}: {payload} bytes of traces make "
        f"{payload / (HEADER_BYTES + count * sample_bytes):.2f} traces of {count} samples: "
        "truncated, of unequal traces, or wrong headers. Copy it again, or pass --samples if the "
        "headers are wrong."
    )
