"""Traces of unequal length: followed from header to header, or told by the header table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.readers.reader import Reader
from geoml.readers.source_file import BLOCK_BYTES, SourceFile
from geoml.readers.trace_extension import SegExtension
from geoml.survey.trace_header import FIELDS, HEADER_BYTES, ByteOrder

_MOST_STEPS = 20_000
_ENOUGH_STEPS = 4


def unequal_traces(
    source: SourceFile,
    first_byte: int,
    n_extra_headers: int,
    sample_bytes: int,
    byte_order: ByteOrder,
) -> str:
    """What differs from trace to trace, or an empty text where the headers lead nowhere.

    Each trace's length is taken from its own headers; the way counts as found if it meets the
    same sample interval at every step, over several traces or to the file's end.

    Args:
        source: The file.
        first_byte: Offset of the first trace [bytes].
        n_extra_headers: Additional headers a trace by the file header, at most.
        sample_bytes: Bytes a sample.
        byte_order: Byte order of the headers.
    """
    content = source.read(first_byte, min(source.n_bytes, first_byte + BLOCK_BYTES))
    interval, steps, at = None, 0, 0
    met: set[tuple[int, int]] = set()
    lengths: tuple[int, int] | None = None
    while at + HEADER_BYTES <= content.size and steps < _MOST_STEPS:
        header = content[at : at + HEADER_BYTES]
        dt_us = _number(header, "dt_us", byte_order)
        interval = dt_us if interval is None else interval
        if dt_us != interval:
            break
        # A trace's own numbers are believed once they have led to the next header.
        met |= {lengths} if lengths else set()
        n_samples, n_extra = _number(header, "n_samples", byte_order), 0
        following = content[at + HEADER_BYTES : at + 2 * HEADER_BYTES]
        if n_extra_headers > 0 and following.size == HEADER_BYTES:
            extension = SegExtension(following.reshape(1, -1), byte_order)
            if extension.named[0]:
                n_extra = int(extension.column("n_headers")[0]) or n_extra_headers
                n_samples = int(extension.column("n_samples")[0]) or n_samples
        if n_samples == 0:
            break
        lengths = (n_samples, n_extra)
        at += HEADER_BYTES * (1 + n_extra) + n_samples * sample_bytes
        steps += 1
    if lengths and at == source.n_bytes - first_byte:
        met.add(lengths)
    elif steps < _ENOUGH_STEPS:
        return ""
    if not interval or not met:
        return ""
    counts, extras = zip(*met, strict=True)
    if min(extras) < max(extras):
        return f"{min(extras)} to {max(extras)} additional trace headers from trace to trace"
    if min(counts) < max(counts):
        return f"{min(counts)} to {max(counts)} samples from trace to trace"
    return ""


def length_findings(reader: Reader) -> list[Finding]:
    """A warning where trace headers disagree on the sample count in a file of equal traces."""
    counts = reader.headers.column("n_samples")
    said, times = np.unique(counts[counts != 0], return_counts=True)
    if said.size < 2:
        return []
    common = int(said[np.argmax(times)])
    others = said[said != common]
    message = (
        f"{reader.name}: {int(times.sum() - times.max())} of {reader.n_traces} trace headers say "
        f"{_extent(others)} samples, the others {common}; reading {reader.n_samples} of every "
        "trace, as the file size says."
    )
    return [Finding("warning", message, "--samples")]


def _extent(values: NDArray[np.int64]) -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def _number(header: NDArray[np.uint8], name: str, byte_order: ByteOrder) -> int:
    field = FIELDS[name]
    raw = header[field.byte - 1 : field.byte - 1 + int(field.kind[1])]
    return int(raw.copy().view((">" if byte_order == "big" else "<") + field.kind)[0])
