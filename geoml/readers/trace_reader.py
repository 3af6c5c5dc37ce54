"""What SEG-Y and Seismic Unix readers have in common once the layout is settled."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.readers.header_table import HeaderColumns, TraceRecords, Traces
from geoml.readers.source_file import SourceFile
from geoml.survey.sample_format import SAMPLE_FORMATS, decode
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
        first_byte: Offset of the first trace [bytes].
        byte_order: Byte order of headers and samples.
        sample_format: Code of the sample format.
        n_samples: Samples a trace.
        n_extra_headers: Additional 240-byte headers a trace.
        findings: What was contradictory in the file headers.
    """

    def __init__(
        self,
        source: SourceFile,
        first_byte: int,
        byte_order: ByteOrder,
        sample_format: int,
        n_samples: int,
        n_extra_headers: int,
        findings: list[Finding],
    ) -> None:
        self.source = source
        self.name = source.name
        self.byte_order: ByteOrder = byte_order
        self.sample_format = sample_format
        self.n_samples = n_samples
        self.findings = findings
        self._samples_at = HEADER_BYTES * (1 + n_extra_headers)
        trace_bytes = self._samples_at + n_samples * SAMPLE_FORMATS[sample_format].n_bytes
        self.n_traces = (source.n_bytes - first_byte) // trace_bytes
        self._records = TraceRecords(source, first_byte, trace_bytes, self.n_traces)

    @cached_property
    def headers(self) -> HeaderColumns:
        """The numbers of every trace header."""
        return self._records.header_columns(self.byte_order)

    def header_bytes(self, traces: Traces) -> NDArray[np.uint8]:
        """Trace headers as they stand in the file, shape (trace, 240)."""
        return self._records.part(traces, 0, HEADER_BYTES)

    def extension_bytes(self, traces: Traces) -> NDArray[np.uint8] | None:
        """Additional trace headers, shape (trace, 240 * headers), None where there are none."""
        if self._samples_at == HEADER_BYTES:
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
