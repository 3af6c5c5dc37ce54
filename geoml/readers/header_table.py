"""Where the traces of a file are, and the numbers of their headers in narrow columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.readers.source_file import BLOCK_BYTES, SourceFile
from geoml.readers.trace_extension import EXTENSION_FIELDS, SegExtension
from geoml.survey.header_scalar import scaled
from geoml.survey.trace_header import FIELDS, HEADER_BYTES, ByteOrder, HeaderField, HeaderTable
from geoml.survey.trace_source import Traces

_SCALARS = {
    **dict.fromkeys(
        ("source_x", "source_y", "receiver_x", "receiver_y", "cdp_x", "cdp_y"), "coordinate_scalar"
    ),
    **dict.fromkeys(("source_elevation", "source_depth", "receiver_elevation"), "elevation_scalar"),
}

# Headers are collected from maps of this size, which stay in the processor cache.
_MAPPED_BLOCK_BYTES = 8 * 2**20
# Of longer traces most pages hold no header.
_DENSE_TRACE_BYTES = 64 * 2**10


class HeaderColumns:
    """The numbers of every trace header of a file that geoml reads, each in its own width.

    Args:
        columns: Numbers by the names of ``FIELDS``, each of shape (trace,).
        extended: Numbers of the standard's first additional header by the names of
            ``EXTENSION_FIELDS``, 0 where it says nothing.
    """

    def __init__(
        self, columns: Mapping[str, NDArray[Any]], extended: Mapping[str, NDArray[Any]]
    ) -> None:
        self._columns = dict(columns)
        self._extended = dict(extended)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def column(self, name: str) -> NDArray[np.int64]:
        """One number of every trace as its header holds it, shape (trace,).

        Counts and record numbers of the additional header are used where they are not 0;
        lengths are not, as scalars do not apply to them: see ``length``.
        """
        values = self._columns[name].astype(np.int64)
        extended = self._extended.get(name)
        if extended is None or extended.dtype.kind == "f":
            return values
        return np.where(extended != 0, extended, values).astype(np.int64)

    def length(self, name: str) -> NDArray[np.float64]:
        """A position, elevation or offset in the file's unit, shape (trace,).

        It is the additional header's number where that is not 0, else the standard header's with
        its scalar applied.
        """
        scalar = _SCALARS.get(name)
        values = self._columns[name].astype(np.int64)
        lengths = values if scalar is None else scaled(values, self.column(scalar))
        extended = self._extended.get(name)
        if extended is None:
            return lengths.astype(np.float64)
        return np.where(extended != 0, extended, lengths)


@dataclass(frozen=True)
class TraceRecords:
    """Where the traces of a file are.

    Attributes:
        source: The file.
        first_byte: Offset of the first trace [bytes].
        trace_bytes: Length of a trace with all its headers [bytes].
        n_traces: Whole traces, at least 1.
    """

    source: SourceFile
    first_byte: int
    trace_bytes: int
    n_traces: int

    def part(self, traces: Traces, first: int, last: int) -> NDArray[np.uint8]:
        """Some bytes of each of some traces, shape (trace, last - first).

        A run of traces of a local file is mapped and not read; of scattered traces only these
        bytes are read. Each call maps anew, so that memory holds no more of a file than the
        arrays in use.

        Args:
            traces: Which traces.
            first: First byte of each, counted from 0 at the trace's start.
            last: The byte after the last.

        Raises:
            ShapeError: If the file has no such traces.
        """
        if isinstance(traces, slice):
            start, stop, step = traces.indices(self.n_traces)
            if step == 1:
                return self._run(start, max(start, stop))[:, first:last]
            traces = np.arange(start, stop, step)
        if not traces.size:
            return np.empty((0, last - first), dtype=np.uint8)
        low, high = int(traces.min()), int(traces.max())
        if low < 0 or high >= self.n_traces:
            raise ShapeError(
                f"{self.source.name}: traces {low} to {high} are asked of {self.n_traces}, "
                "counted from 0."
            )
        starts = self.first_byte + traces.astype(np.int64) * self.trace_bytes + first
        return self.source.read_rows(starts, last - first)

    def trailing(self) -> NDArray[np.uint8]:
        """Whatever follows the last whole trace, shape (byte,)."""
        start = self.first_byte + self.n_traces * self.trace_bytes
        return self.source.read(start, self.source.n_bytes)

    def header_columns(self, byte_order: ByteOrder, with_extension: bool) -> HeaderColumns:
        """The numbers of every header, collected in one pass over the file.

        Args:
            byte_order: Byte order of the headers.
            with_extension: Whether a trace has additional headers.
        """
        columns = _empty(FIELDS, self.n_traces)
        extended = _empty(EXTENSION_FIELDS if with_extension else {}, self.n_traces)
        last = HEADER_BYTES * (2 if with_extension else 1)
        dense = self.trace_bytes < _DENSE_TRACE_BYTES
        block_bytes = _MAPPED_BLOCK_BYTES if self.source.is_local else BLOCK_BYTES
        step = max(1, block_bytes // self.trace_bytes)
        for start in range(0, self.n_traces, step):
            run = slice(start, min(start + step, self.n_traces))
            # One copy of the headers, small enough for the processor cache, serves all columns.
            block = np.ascontiguousarray(self._run(run.start, run.stop, dense)[:, :last])
            table = HeaderTable(block[:, :HEADER_BYTES], byte_order)
            for name, column in columns.items():
                column[run] = table.narrow(name)
            if with_extension:
                extension = SegExtension(block[:, HEADER_BYTES:], byte_order)
                for name, column in extended.items():
                    column[run] = extension.column(name)
        said = {name: column for name, column in extended.items() if column.any()}
        return HeaderColumns(columns, said)

    def _run(self, start: int, stop: int, all_at_once: bool = False) -> NDArray[np.uint8]:
        first = self.first_byte + start * self.trace_bytes
        last = first + (stop - start) * self.trace_bytes
        found = self.source.read(first, last, all_at_once=all_at_once)
        return found.reshape(stop - start, self.trace_bytes)


def _empty(fields: Mapping[str, HeaderField], n_traces: int) -> dict[str, NDArray[Any]]:
    return {name: np.empty(n_traces, dtype=field.kind) for name, field in fields.items()}
