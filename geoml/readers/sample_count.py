"""How many samples a trace has, where the headers may contradict each other and the file size."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from geoml.errors import FileFormatError, OptionError
from geoml.readers.finding import Finding
from geoml.readers.header_table import TraceRecords
from geoml.readers.options import IngestOptions
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder, HeaderTable

_LOOKED_AT = 200


def settle_sample_count(
    path: Path,
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
        path: The file.
        first_byte: Offset of the first trace [bytes].
        sample_bytes: Bytes a sample.
        byte_order: Byte order of the headers.
        binary_count: Samples by the binary header, 0 where it does not say.
        options: The user's decisions.

    Raises:
        OptionError: If the chosen count does not fit the file.
        FileFormatError: If the file is truncated or no count fits it.
    """
    payload = path.stat().st_size - first_byte
    first = TraceRecords(path, first_byte, HEADER_BYTES, 1).headers(byte_order)
    trace_count = int(first.column("n_samples")[0])

    def remainder(count: int) -> int:
        return payload % (HEADER_BYTES + count * sample_bytes)

    if options.samples is not None:
        if options.samples < 1:
            raise OptionError(f"--samples {options.samples}: at least 1 sample is needed.")
        if remainder(options.samples) and not options.truncated:
            raise OptionError(
                f"{path.name}: --samples {options.samples} divides the file into "
                f"{payload / (HEADER_BYTES + options.samples * sample_bytes):.2f} traces; "
                f"the headers say {binary_count} (binary) and {trace_count} (trace)."
            )
        return options.samples, []

    candidates = [count for count in dict.fromkeys([binary_count, trace_count]) if count > 0]
    if not candidates:
        raise FileFormatError(
            f"{path.name}: both binary and trace headers say 0 samples. Pass --samples."
        )
    fitting = [
        count
        for count in candidates
        if not remainder(count)
        and _headers_agree(path, first_byte, count, sample_bytes, byte_order)
    ]
    if not fitting:
        return _truncated(path, payload, candidates[0], sample_bytes, options)
    # A multiple of the true length also meets headers, but not all of them.
    count = min(fitting)
    if 0 in (trace_count, binary_count) or trace_count == binary_count:
        return count, []
    which = "binary" if count == binary_count else "trace"
    message = (
        f"{path.name}: trace headers say {trace_count} samples, the binary header {binary_count}; "
        f"reading {count}, as the {which} header and the file size say."
    )
    return count, [Finding("warning", message, "--samples")]


def _headers_agree(
    path: Path, first_byte: int, count: int, sample_bytes: int, byte_order: ByteOrder
) -> bool:
    """Whether the file looks like trace headers at the distance that the count gives."""
    trace_bytes = HEADER_BYTES + count * sample_bytes
    n_traces = (path.stat().st_size - first_byte) // trace_bytes
    if n_traces < 2:
        return n_traces == 1
    looked_at = min(n_traces, _LOOKED_AT)
    table = TraceRecords(path, first_byte, trace_bytes, looked_at).headers(byte_order)
    return _constant(table, "n_samples") and _constant(table, "dt_us")


def _constant(table: HeaderTable, name: str) -> bool:
    _, counts = np.unique(table.column(name), return_counts=True)
    return bool(counts.max() > 0.5 * len(table))


def _truncated(
    path: Path, payload: int, count: int, sample_bytes: int, options: IngestOptions
) -> tuple[int, list[Finding]]:
    trace_bytes = HEADER_BYTES + count * sample_bytes
    whole, rest = divmod(payload, trace_bytes)
    if options.truncated and whole:
        message = f"{path.name}: truncated; reading {whole} whole traces, leaving {rest} bytes."
        return count, [Finding("warning", message)]
    raise FileFormatError(
        f"{path.name}: {payload} bytes of traces make {payload / trace_bytes:.2f} traces of "
        f"{count} samples: truncated, of unequal traces, or wrong headers. Copy it again, or pass "
        "--samples if the headers are wrong."
    )
