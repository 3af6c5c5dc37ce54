"""Seismic Unix on disk: SEG-Y trace headers and IEEE floats, no file headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from geoml.errors import FileFormatError, OptionError
from geoml.readers.finding import Finding
from geoml.readers.header_table import TraceRecords
from geoml.readers.options import IngestOptions
from geoml.readers.sample_count import settle_sample_count
from geoml.survey.sample_format import decode
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder

_IEEE = 5
_SAMPLE_BYTES = 4


class SuReader:
    """A Seismic Unix file, either byte order, traces of equal length.

    Bytes 181-240 of an SU trace header are Seismic Unix's own (plotting steps, a mark, a float
    or two), so no line numbers, CDP positions or time scalars are read from them.

    Attributes:
        path: The file.
        byte_order: Byte order of headers and samples.
        sample_format: 5, IEEE float.
        n_samples: Samples a trace.
        n_traces: Whole traces.
        dt_us: 0: only trace headers give the interval.
        in_feet: False: SU does not say.
        has_time_scalar: False.
        has_cdp_position: False.
        headers: Every trace header.
        findings: What was contradictory.

    Args:
        path: The file.
        options: The user's decisions.

    Raises:
        FileFormatError: If neither byte order divides the file into traces.
        OptionError: If a decision makes no sense for SU.
    """

    def __init__(self, path: str | Path, options: IngestOptions | None = None) -> None:
        options = options or IngestOptions()
        path = Path(path)
        if not path.is_file():
            raise FileFormatError(f"{path}: no such file.")
        size = path.stat().st_size
        if size < HEADER_BYTES + _SAMPLE_BYTES:
            raise FileFormatError(f"{path.name}: {size} bytes, not one trace. Copy it again.")
        if options.sample_format not in (None, _IEEE):
            raise OptionError(
                f"{path.name}: Seismic Unix holds IEEE floats (format {_IEEE}), "
                f"--sample-format {options.sample_format} cannot be."
            )
        self.path = path
        self.byte_order: ByteOrder = options.byte_order or _byte_order(path)
        self.sample_format = _IEEE
        self.n_samples, findings = settle_sample_count(
            path, 0, _SAMPLE_BYTES, self.byte_order, 0, options
        )
        self.findings: list[Finding] = findings
        trace_bytes = HEADER_BYTES + _SAMPLE_BYTES * self.n_samples
        self.n_traces = size // trace_bytes
        self._records = TraceRecords(path, 0, trace_bytes, self.n_traces)
        self.headers = self._records.headers(self.byte_order)
        self.dt_us = 0.0
        self.in_feet = False
        self.has_time_scalar = False
        self.has_cdp_position = False

    def raw_samples(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Sample bytes of a run of traces, mapped and not read, shape (trace, byte)."""
        return self._records.samples(start, stop)

    def amplitude(self, start: int, stop: int) -> NDArray[np.float32]:
        """Samples of a run of traces, shape (trace, time)."""
        return decode(self.raw_samples(start, stop), self.sample_format, self.byte_order)

    def file_attrs(self) -> dict[str, Any]:
        """What must be kept to write the same file again."""
        return {
            "file_type": "su",
            "text_header": "",
            "text_header_hex": "",
            "binary_header": "",
            "revision": 0,
            "measurement_system": 0,
        }


def _byte_order(path: Path) -> ByteOrder:
    """The order in which the first trace's sample count divides the file."""
    size = path.stat().st_size
    counts = {}
    for order in get_args(ByteOrder):
        first = TraceRecords(path, 0, HEADER_BYTES, 1).headers(order)
        count = int(first.column("n_samples")[0])
        counts[order] = count
        if count and size % (HEADER_BYTES + _SAMPLE_BYTES * count) == 0:
            return order
    raise FileFormatError(
        f"{path.name}: {size} bytes do not divide into traces of {counts['big']} (big-endian) or "
        f"{counts['little']} (little-endian) samples. Is it Seismic Unix, and complete? Else pass "
        "--samples and --byte-order."
    )
