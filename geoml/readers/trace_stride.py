"""Traces of equal length in a file: a supposition, and what the trace headers say to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geoml.readers.header_table import TraceRecords
from geoml.readers.source_file import SourceFile
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder, HeaderTable

Agreement = Literal["yes", "silent", "no"]

_LOOKED_AT = 100
_MOST_ODD = 0.05
_MOSTLY_ALIKE = 0.8


@dataclass(frozen=True)
class TraceStride:
    """Where the traces of a file are supposed to be.

    Attributes:
        first_byte: Offset of the first trace [bytes].
        stop_byte: Offset of the byte after which no trace is looked for [bytes].
        n_extra_headers: Additional 240-byte headers a trace.
        n_samples: Samples a trace.
        sample_bytes: Bytes a sample.
    """

    first_byte: int
    stop_byte: int
    n_extra_headers: int
    n_samples: int
    sample_bytes: int

    @property
    def trace_bytes(self) -> int:
        """Length of a trace with its headers [bytes]."""
        return HEADER_BYTES * (1 + self.n_extra_headers) + self.n_samples * self.sample_bytes

    @property
    def n_traces(self) -> int:
        """Whole traces up to the stop byte."""
        return max(0, self.stop_byte - self.first_byte) // self.trace_bytes

    @property
    def rest(self) -> int:
        """Bytes between the last whole trace and the stop byte."""
        return max(0, self.stop_byte - self.first_byte) - self.n_traces * self.trace_bytes

    def cut_after(self, n_traces: int) -> TraceStride:
        """The same with the stop byte after some number of traces."""
        return replace(self, stop_byte=self.first_byte + n_traces * self.trace_bytes)

    def headers(
        self, source: SourceFile, numbers: NDArray[np.int64], byte_order: ByteOrder
    ) -> HeaderTable:
        """The headers that stand at the supposed places of some traces."""
        last = int(numbers.max(initial=-1)) + 1
        records = TraceRecords(source, self.first_byte, self.trace_bytes, last)
        if last * self.trace_bytes > source.n_bytes - self.first_byte:
            # Of a cut last trace only the header is there.
            whole = TraceRecords(source, self.first_byte, self.trace_bytes, last - 1)
            rows = [whole.part(numbers[numbers < last - 1], 0, HEADER_BYTES)]
            at = self.first_byte + (last - 1) * self.trace_bytes
            rows.append(source.read(at, at + HEADER_BYTES).reshape(1, HEADER_BYTES))
            return HeaderTable(np.concatenate(rows), byte_order)
        return HeaderTable(records.part(numbers, 0, HEADER_BYTES), byte_order)


def agreement(
    source: SourceFile, stride: TraceStride, byte_order: ByteOrder, *, strict: bool = False
) -> Agreement:
    """Whether there are trace headers where a supposition puts them.

    Sample count and interval are the same in (nearly) all trace headers of a file; what stands
    in their place at a wrong distance is not. Where the headers hold neither, the same bytes of
    them are used. The first traces and others all over the file are looked at; where a part of a
    trace is left over, the last ones must agree as well.

    Args:
        source: The file.
        stride: The supposition.
        byte_order: Byte order of the headers.
        strict: Whether every header must agree, as for a supposition against the file header.

    Returns:
        ``silent`` where the headers hold nothing of the kind, or there is one only.
    """
    n_headers = stride.n_traces + (stride.rest >= HEADER_BYTES)
    first = np.arange(min(n_headers, _LOOKED_AT))
    spread = np.linspace(0, n_headers - 1, _LOOKED_AT).astype(np.int64)
    table = stride.headers(source, np.unique(np.concatenate([first, spread])), byte_order)
    if len(table) < 2 or not table.header_bytes.any():
        return "silent"
    if strict and _is_text(table, stride.n_samples):
        return "no"
    numbers = [table.column("n_samples"), table.column("dt_us")]
    said = (numbers[0] != 0) | (numbers[1] != 0)
    if not said.any():
        return _likeness(table.header_bytes)
    same = np.zeros(len(table), dtype=np.bool_)
    for values in numbers:
        found, counts = np.unique(values[values != 0], return_counts=True)
        if found.size and counts.max() > 0.5 * said.sum():
            same |= values == found[np.argmax(counts)]
    odd = said & ~same
    if said.sum() < 0.5 * len(table) or odd.sum() > _MOST_ODD * said.sum():
        return "no"
    if (stride.rest and not same[-2:].all()) or (strict and not same.all()):
        return "no"
    return "yes"


def _is_text(table: HeaderTable, n_samples: int) -> bool:
    """Whether cards of text stand where headers are supposed: blanks agree with one another too.

    Text has no zeros, which unassigned bytes of headers are full of, and states no sample count.
    """
    counts = table.column("n_samples")
    repeated = np.isin(counts, (0, n_samples)).mean() > _MOSTLY_ALIKE
    return not repeated and bool(np.mean(table.header_bytes == 0) < _MOST_ODD)


def _likeness(header_bytes: NDArray[np.uint8]) -> Agreement:
    """What headers without count and interval say: whether they use the same bytes."""
    used = header_bytes != 0
    filled = used[:, used[0]]
    alike = np.mean(used == used[0]) > _MOSTLY_ALIKE
    return "yes" if alike and filled.size and filled.mean() > _MOSTLY_ALIKE else "silent"
