"""What SEG-Y and Seismic Unix readers have in common once the layout is settled."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.readers.header_table import HeaderColumns, TraceRecords, Traces
from geoml.readers.source_file import SourceFile
from geoml.readers.trace_stride import TraceStride
from geoml.survey.sample_format import decode
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder


class TraceReader:
    """Traces of equal length one after another in a file.

    It holds no open file, so it may be pickled and used after a fork; the header columns are
    collected at their first use and left behind when it is pickled.

    Attributes:
        source: The file.
        name: Its name.
        byte_order: Byte order of headers and samples.
        sample_format: Code of the sample format.
        n_samples: Samples a trace.
        n_traces: Whole traces.
        findings: What was contradictory in the file headers.

    Args:
        source: The file.
        stride: Where its traces are.
        byte_order: Byte order of headers and samples.
        sample_format: Code of the sample format.
        findings: What was contradictory in the file headers.
    """

    def __init__(
        self,
        source: SourceFile,
        stride: TraceStride,
        byte_order: ByteOrder,
        sample_format: int,
        findings: list[Finding],
    ) -> None:
        self.source = source
        self.name = source.name
        self.byte_order: ByteOrder = byte_order
        self.sample_format = sample_format
        self.n_samples = stride.n_samples
        self.n_traces = stride.n_traces
        self.findings = findings
        self._n_extra_headers = stride.n_extra_headers
        self._samples_at = HEADER_BYTES * (1 + stride.n_extra_headers)
        self._records = TraceRecords(source, stride.first_byte, stride.trace_bytes, stride.n_traces)

    @cached_property
    def headers(self) -> HeaderColumns:
        """The numbers of every trace header."""
        return self._records.header_columns(self.byte_order, self._n_extra_headers > 0)

    def header_bytes(self, traces: Traces) -> NDArray[np.uint8]:
        """Trace headers as they stand in the file, shape (trace, 240)."""
        return self._records.part(traces, 0, HEADER_BYTES)

    def extension_bytes(self, traces: Traces) -> NDArray[np.uint8] | None:
        """Additional trace headers, shape (trace, 240 * headers), None where there are none."""
        if not self._n_extra_headers:
            return None
        return self._records.part(traces, HEADER_BYTES, self._samples_at)

    def raw_samples(self, traces: Traces) -> NDArray[np.uint8]:
        """Sample bytes of some traces, of a run mapped and not read, shape (trace, byte)."""
        return self._records.part(traces, self._samples_at, self._records.trace_bytes)

    def amplitude(self, traces: Traces) -> NDArray[np.float32]:
        """Samples of some traces, shape (trace, time)."""
        return decode(self.raw_samples(traces), self.sample_format, self.byte_order)

    def trailing_bytes(self) -> NDArray[np.uint8]:
        """Whatever follows the last whole trace, shape (byte,)."""
        return self._records.trailing()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "headers"}
