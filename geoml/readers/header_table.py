"""Traces of a file, mapped in blocks, and their headers copied once into one array."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.survey.trace_header import HEADER_BYTES, ByteOrder, HeaderTable

_BLOCK_BYTES = 64 * 2**20


@dataclass(frozen=True)
class TraceRecords:
    """Where the traces of a file are.

    Attributes:
        path: The file.
        first_byte: Offset of the first trace [bytes].
        trace_bytes: Length of a header with its samples [bytes].
        n_traces: Whole traces, at least 1.
    """

    path: Path
    first_byte: int
    trace_bytes: int
    n_traces: int

    def block(self, start: int, stop: int) -> NDArray[np.uint8]:
        """A run of traces, mapped and not read, shape (trace, byte).

        Each block is a map of its own, so that memory holds no more of the file than the blocks
        in use.
        """
        stop = min(stop, self.n_traces)
        mapped: Any = np.memmap(
            self.path,
            dtype=np.uint8,
            mode="r",
            offset=self.first_byte + start * self.trace_bytes,
            shape=(stop - start, self.trace_bytes),
        )
        return mapped

    def samples(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Sample bytes of a run of traces, mapped and not read, shape (trace, byte)."""
        return self.block(start, stop)[:, HEADER_BYTES:]

    def headers(self, byte_order: ByteOrder) -> HeaderTable:
        """Every header, copied in file order."""
        headers = np.empty((self.n_traces, HEADER_BYTES), dtype=np.uint8)
        step = max(1, _BLOCK_BYTES // self.trace_bytes)
        for start in range(0, self.n_traces, step):
            block = self.block(start, start + step)
            headers[start : start + step] = block[:, :HEADER_BYTES]
        return HeaderTable(headers, byte_order)
