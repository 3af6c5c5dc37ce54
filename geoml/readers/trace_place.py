"""Where the traces of a SEG-Y file may start and end, by its binary header and its trailer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geoml.errors import FileFormatError
from geoml.readers.binary_header import TEXT_BYTES, BinaryHeader
from geoml.readers.source_file import SourceFile
from geoml.readers.text_header import FIXED_BYTES, MOST_EXTENDED, n_extended_texts

# What is kept beside the traces is held in memory: 32 MB at most after them.
_MOST_TRAILER_RECORDS = 10_000
_SEARCHED_RECORDS = 1000
# A stanza starts with two brackets, in ASCII or EBCDIC.
_STANZA_STARTS = (b"((", b"\x4d\x4d")

MOST_TRAILER_BYTES = _MOST_TRAILER_RECORDS * TEXT_BYTES
"""What is kept of the bytes after the traces, at most."""

_Noted = tuple[int, str]


@dataclass(frozen=True)
class TracePlace:
    """A part of the file that may hold the traces.

    Attributes:
        first_byte: Offset of the first trace [bytes].
        stop_byte: Offset of the byte after the last trace [bytes].
        n_extra_headers: Additional 240-byte headers a trace.
        contradiction: What in the binary header must be wrong if this is the place.
    """

    first_byte: int
    stop_byte: int
    n_extra_headers: int = 0
    contradiction: str = ""


def trace_places(source: SourceFile, binary: BinaryHeader) -> Iterator[TracePlace]:
    """The places, the one that the binary header says first.

    Raises:
        FileFormatError: If it says nothing that the file can hold.
    """
    for first, about_first in _first_bytes(source, binary):
        for extra, about_extra in _extra_headers(binary):
            for stop, about_stop in _stop_bytes(source, binary):
                if stop > first:
                    notes = (about_first, about_extra, about_stop)
                    yield TracePlace(first, stop, extra, "; ".join(filter(None, notes)))


def _first_bytes(source: SourceFile, binary: BinaryHeader) -> list[_Noted]:
    offset, n_texts = binary.first_trace_byte, binary.n_extended_texts
    found: dict[int, str] = {}
    if FIXED_BYTES <= offset <= FIXED_BYTES + TEXT_BYTES * MOST_EXTENDED:
        found[offset] = ""
    try:
        counted = FIXED_BYTES + TEXT_BYTES * n_extended_texts(n_texts, source)
    except FileFormatError:
        # Revision 0 leaves these bytes unassigned, so that anything may stand there.
        if not found and binary.revision > 0:
            raise
    else:
        found.setdefault(counted, f"it puts the first trace at byte {offset}" if offset else "")
    found.setdefault(FIXED_BYTES, f"it announces {n_texts} extended text headers")
    return list(found.items())


def _extra_headers(binary: BinaryHeader) -> list[_Noted]:
    stated = binary.n_extra_trace_headers
    if stated == 0:
        return [(0, "")]
    none = (0, f"it announces {stated} additional trace headers")
    return [(stated, ""), none] if stated > 0 else [none]


def _stop_bytes(source: SourceFile, binary: BinaryHeader) -> list[_Noted]:
    stated, end = binary.n_trailer_records, source.n_bytes
    if stated == 0:
        return [(end, "")]
    if stated > 0:
        there = [(end - stated * TEXT_BYTES, "")] if stated <= _MOST_TRAILER_RECORDS else []
        return [*there, (end, f"it announces {stated} trailer records")]
    return [*((stop, "") for stop in _stanza_starts(source)), (end, "")]


def _stanza_starts(source: SourceFile) -> list[int]:
    """Offsets of the trailer records that start a stanza, the first one first."""
    n_records = min(_SEARCHED_RECORDS, (source.n_bytes - FIXED_BYTES) // TEXT_BYTES)
    begin = source.n_bytes - n_records * TEXT_BYTES
    heads = source.read(begin, source.n_bytes).reshape(n_records, TEXT_BYTES)[:, :2]
    marks = np.zeros(n_records, dtype=np.bool_)
    for start in _STANZA_STARTS:
        marks |= (heads == np.frombuffer(start, dtype=np.uint8)).all(axis=1)
    return [begin + int(record) * TEXT_BYTES for record in np.flatnonzero(marks)]
