"""What every reader of traces offers, and which reader reads a file."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.readers.header_table import HeaderColumns, Traces
from geoml.readers.source_file import SourceFile
from geoml.survey.trace_header import ByteOrder

__all__ = ["Reader", "Traces"]


class Reader(Protocol):
    """A trace file: its header numbers in memory, its samples where they are. See ``SegyReader``.

    A reader holds no open file: it may be pickled, and used after a fork.
    """

    source: SourceFile
    name: str
    byte_order: ByteOrder
    sample_format: int
    n_samples: int
    n_traces: int
    dt_us: float
    in_feet: bool
    has_time_scalar: bool
    has_cdp_position: bool
    findings: list[Finding]

    @property
    def headers(self) -> HeaderColumns:
        """The numbers of every trace header."""
        ...

    def header_bytes(self, traces: Traces) -> NDArray[np.uint8]:
        """Trace headers as they stand in the file, shape (trace, 240)."""
        ...

    def extension_bytes(self, traces: Traces) -> NDArray[np.uint8] | None:
        """Additional trace headers, shape (trace, 240 * headers), None where there are none."""
        ...

    def raw_samples(self, traces: Traces) -> NDArray[np.uint8]:
        """Sample bytes of some traces, shape (trace, byte)."""
        ...

    def amplitude(self, traces: Traces) -> NDArray[np.float32]:
        """Samples of some traces, shape (trace, time)."""
        ...

    def trailing_bytes(self) -> NDArray[np.uint8]:
        """Whatever follows the last whole trace, shape (byte,)."""
        ...

    def file_attrs(self) -> dict[str, Any]:
        """What must be kept to write the same file headers again."""
        ...
