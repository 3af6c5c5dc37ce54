"""What every reader of traces offers, and which reader reads a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.survey.trace_header import ByteOrder, HeaderTable


class Reader(Protocol):
    """A trace file: its headers in memory, its samples on disk. See ``SegyReader``."""

    path: Path
    byte_order: ByteOrder
    sample_format: int
    n_samples: int
    n_traces: int
    dt_us: float
    in_feet: bool
    has_time_scalar: bool
    has_cdp_position: bool
    headers: HeaderTable
    findings: list[Finding]

    def raw_samples(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Sample bytes of a run of traces, shape (trace, byte)."""
        ...

    def amplitude(self, start: int, stop: int) -> NDArray[np.float32]:
        """Samples of a run of traces, shape (trace, time)."""
        ...

    def file_attrs(self) -> dict[str, Any]:
        """What must be kept to write the same file headers again."""
        ...
