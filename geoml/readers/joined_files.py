"""Several trace files as one run of traces."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.readers.header_table import Traces
from geoml.readers.reader import Reader
from geoml.readers.sample_counts import sample_counts
from geoml.survey.sample_format import SAMPLE_FORMATS, decode, is_exact
from geoml.survey.trace_header import HEADER_BYTES

_STEP_BYTES = 2**20


@dataclass(frozen=True, eq=False)
class TracePart:
    """Traces of one file and the rows of a block that they fill.

    Attributes:
        reader: The file.
        traces: Which of its traces.
        rows: Which rows.
    """

    reader: Reader
    traces: Traces
    rows: Traces


@dataclass(frozen=True, eq=False)
class TraceBlock:
    """Samples, untouched bytes and counts of some traces.

    Attributes:
        amplitude: Shape (trace, time).
        trace_bytes: ``header_bytes``, and as far as there are any ``extension_bytes`` and
            ``sample_bytes``, each of shape (trace, ...).
        counts: Traces with NaN or Inf, of zeros only, and not exact in float32.
    """

    amplitude: NDArray[np.float32]
    trace_bytes: dict[str, NDArray[np.uint8]]
    counts: tuple[int, int, int]


class JoinedFiles:
    """Readers one after another, of traces of equal length.

    Attributes:
        readers: The files.
        n_traces: Traces of all files.
        n_samples: Samples a trace.
        header_widths: Bytes a trace of ``header_bytes`` and ``extension_bytes``.
        sample_width: Bytes of the widest trace.
    """

    def __init__(self, readers: tuple[Reader, ...]) -> None:
        self.readers = readers
        self.n_samples = readers[0].n_samples
        self._edges = np.cumsum([0, *(reader.n_traces for reader in readers)])
        self.n_traces = int(self._edges[-1])
        extra = max(int(reader.file_attrs().get("n_extra_trace_headers", 0)) for reader in readers)
        self.header_widths = {"header_bytes": HEADER_BYTES}
        if extra:
            self.header_widths["extension_bytes"] = extra * HEADER_BYTES
        self.sample_width = self.n_samples * max(
            SAMPLE_FORMATS[reader.sample_format].n_bytes for reader in readers
        )

    def without_headers(self) -> JoinedFiles:
        """The same files, their header columns left behind."""
        return JoinedFiles(tuple(copy.copy(reader) for reader in self.readers))

    def parts(self, traces: Traces) -> list[TracePart]:
        """Where some traces are, file after file."""
        return list(self._parts(traces))

    def _parts(self, traces: Traces) -> Iterator[TracePart]:
        if isinstance(traces, slice):
            start, stop, _ = traces.indices(self.n_traces)
            first = int(np.searchsorted(self._edges, start, side="right")) - 1
            for reader, edge in zip(self.readers[first:], self._edges[first:], strict=False):
                low, high = max(start, int(edge)), min(stop, int(edge) + reader.n_traces)
                if low >= high:
                    return
                traces_of = slice(low - int(edge), high - int(edge))
                yield TracePart(reader, traces_of, slice(low - start, high - start))
            return
        file = np.searchsorted(self._edges, traces, side="right") - 1
        for number in np.unique(file):
            rows = np.flatnonzero(file == number)
            yield TracePart(self.readers[number], traces[rows] - self._edges[number], rows)

    def column(self, name: str) -> NDArray[Any]:
        """One header number of every trace, shape (trace,)."""
        return np.concatenate([reader.headers.column(name) for reader in self.readers])

    def trailing_bytes(self) -> tuple[NDArray[np.uint8], list[int]]:
        """What follows the last whole trace of each file, joined, and how much it is a file."""
        tails = [reader.trailing_bytes() for reader in self.readers]
        return np.concatenate(tails), [int(tail.size) for tail in tails]

    def read(self, traces: Traces, n_traces: int) -> TraceBlock:
        """Read some traces."""
        amplitude = np.empty((n_traces, self.n_samples), dtype=np.float32)
        return read_parts(self.parts(traces), amplitude, self.header_widths, self.sample_width)


def read_parts(
    parts: list[TracePart],
    amplitude: NDArray[np.float32],
    header_widths: dict[str, int],
    sample_width: int,
) -> TraceBlock:
    """Read traces of several files into one block.

    Args:
        parts: Which traces; their rows fill the block.
        amplitude: Filled with the samples, shape (trace, time).
        header_widths: See ``JoinedFiles``.
        sample_width: See ``JoinedFiles``.
    """
    n_traces, n_samples = amplitude.shape
    kept = {
        name: np.zeros((n_traces, width), dtype=np.uint8) for name, width in header_widths.items()
    }
    n_inexact = 0
    # A little at a time: what is copied on the way stays in the processor's cache.
    step = max(1, _STEP_BYTES // (4 * n_samples))
    for reader, traces, rows in _steps(parts, step):
        raw = reader.raw_samples(traces)
        amplitude[rows] = decode(raw, reader.sample_format, reader.byte_order)
        kept["header_bytes"][rows] = reader.header_bytes(traces)
        extension = reader.extension_bytes(traces)
        if extension is not None:
            kept["extension_bytes"][rows, : extension.shape[1]] = extension
        inexact = ~is_exact(raw, reader.sample_format, reader.byte_order)
        if inexact.any():
            n_inexact += int(inexact.sum())
            if "sample_bytes" not in kept:
                kept["sample_bytes"] = np.zeros((n_traces, sample_width), dtype=np.uint8)
            held = np.where(inexact[:, None], raw, np.uint8(0))
            kept["sample_bytes"][rows, : raw.shape[1]] = held
    return TraceBlock(amplitude, kept, (*sample_counts(amplitude), n_inexact))


def _steps(parts: list[TracePart], step: int) -> Iterator[tuple[Reader, Traces, Traces]]:
    for part in parts:
        if isinstance(part.traces, slice) and isinstance(part.rows, slice):
            first, row = part.traces.start, part.rows.start
            for at in range(0, part.traces.stop - first, step):
                stop = min(at + step, part.traces.stop - first)
                yield part.reader, slice(first + at, first + stop), slice(row + at, row + stop)
        elif not isinstance(part.traces, slice) and not isinstance(part.rows, slice):
            for at in range(0, part.traces.size, step):
                yield part.reader, part.traces[at : at + step], part.rows[at : at + step]
