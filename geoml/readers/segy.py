"""SEG-Y on disk: headers as a table, samples in blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.readers.header_table import TraceRecords
from geoml.readers.options import IngestOptions
from geoml.readers.segy_layout import segy_layout
from geoml.readers.text_header import decode_text
from geoml.survey.sample_format import decode
from geoml.survey.trace_header import ByteOrder

_FIRST_REVISION_WITH_SCALED_TIMES = 1


class SegyReader:
    """A SEG-Y file: revisions 0, 1 and 2, either byte order, traces of equal length.

    Attributes:
        path: The file.
        byte_order: Byte order of headers and samples.
        sample_format: Code of the sample format.
        n_samples: Samples a trace.
        n_traces: Whole traces.
        dt_us: Sample interval by the binary header [microseconds], 0 or less where it is silent.
        in_feet: Whether the binary header says that lengths are feet.
        has_time_scalar: Whether trace header bytes 215-216 scale times.
        has_cdp_position: Whether bytes 181-196 hold CDP position and 3-D line numbers.
        headers: Every trace header.
        findings: What was contradictory in the file headers.

    Args:
        path: The file.
        options: The user's decisions.

    Raises:
        FileFormatError: If the file is no SEG-Y, holds no trace, is truncated, or its headers
            leave the layout open.
    """

    def __init__(self, path: str | Path, options: IngestOptions | None = None) -> None:
        layout = segy_layout(path, options or IngestOptions())
        self._layout = layout
        self._records = TraceRecords(
            layout.path, layout.first_trace_byte, layout.trace_bytes, layout.n_traces
        )
        self.path = layout.path
        self.byte_order: ByteOrder = layout.binary_header.byte_order
        self.sample_format = layout.sample_format
        self.n_samples = layout.n_samples
        self.n_traces = layout.n_traces
        self.dt_us = layout.binary_header.dt_us
        self.in_feet = layout.binary_header.measurement_system == 2
        self.has_time_scalar = layout.binary_header.revision >= _FIRST_REVISION_WITH_SCALED_TIMES
        self.has_cdp_position = True
        self.headers = self._records.headers(self.byte_order)
        self.findings: list[Finding] = list(layout.findings)

    def raw_samples(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Sample bytes of a run of traces, mapped and not read, shape (trace, byte)."""
        return self._records.samples(start, stop)

    def amplitude(self, start: int, stop: int) -> NDArray[np.float32]:
        """Samples of a run of traces, shape (trace, time)."""
        return decode(self.raw_samples(start, stop), self.sample_format, self.byte_order)

    def file_attrs(self) -> dict[str, Any]:
        """What must be kept to write the same file headers again."""
        layout = self._layout
        return {
            "file_type": "segy",
            "text_header": decode_text(layout.text_header),
            "text_header_hex": layout.text_header.hex(),
            "binary_header": layout.binary_header.raw.hex(),
            "revision": layout.binary_header.revision,
            "measurement_system": layout.binary_header.measurement_system,
        }
