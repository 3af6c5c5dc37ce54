"""Trace headers of a whole file as one array, copied once out of the mapped file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.survey.trace_header import HEADER_BYTES, ByteOrder, HeaderTable

_COPY_BYTES = 64 * 2**20


def trace_records(
    path: str | Path, first_byte: int, trace_bytes: int, n_traces: int
) -> NDArray[np.uint8]:
    """The traces of a file, mapped and not read.

    Args:
        path: The file.
        first_byte: Offset of the first trace [bytes].
        trace_bytes: Length of a header with its samples [bytes].
        n_traces: Whole traces in the file, at least 1.

    Returns:
        Read-only memory map, shape (trace, byte).
    """
    records: Any = np.memmap(
        path, dtype=np.uint8, mode="r", offset=first_byte, shape=(n_traces, trace_bytes)
    )
    return records


def read_header_table(records: NDArray[np.uint8], byte_order: ByteOrder) -> HeaderTable:
    """Copy the headers out of mapped traces, once and in file order."""
    n_traces, trace_bytes = records.shape
    headers = np.empty((n_traces, HEADER_BYTES), dtype=np.uint8)
    step = max(1, _COPY_BYTES // trace_bytes)
    for start in range(0, n_traces, step):
        headers[start : start + step] = records[start : start + step, :HEADER_BYTES]
    return HeaderTable(headers, byte_order)
