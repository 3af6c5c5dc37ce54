"""Seismic Unix on disk: SEG-Y trace headers and IEEE floats, no file headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from geoml.errors import FileFormatError, OptionError
from geoml.readers.options import IngestOptions
from geoml.readers.sample_count import settle_sample_count
from geoml.readers.source_file import SourceFile
from geoml.readers.trace_reader import TraceReader
from geoml.survey.trace_header import HEADER_BYTES, ByteOrder, HeaderTable

_IEEE = 5
_SAMPLE_BYTES = 4


class SuReader(TraceReader):
    """A Seismic Unix file, either byte order, traces of equal length.

    Bytes 181-240 of an SU trace header are Seismic Unix's own (plotting steps, a mark, a float
    or two), so no line numbers, CDP positions or time scalars are read from them.

    Attributes:
        dt_us: 0: only trace headers give the interval.
        in_feet: False: SU does not say.
        has_time_scalar: False.
        has_cdp_position: False.

    Args:
        path: The file.
        options: The user's decisions.

    Raises:
        FileFormatError: If neither byte order divides the file into traces.
        OptionError: If a decision makes no sense for SU.
    """

    def __init__(self, path: str | Path, options: IngestOptions | None = None) -> None:
        options = options or IngestOptions()
        source = SourceFile(path)
        if source.n_bytes < HEADER_BYTES + _SAMPLE_BYTES:
            raise FileFormatError(
                f"{source.name}: {source.n_bytes} bytes, not one trace. Copy it again."
            )
        if options.sample_format not in (None, _IEEE):
            raise OptionError(
                f"{source.name}: Seismic Unix holds IEEE floats (format {_IEEE}), "
                f"--sample-format {options.sample_format} cannot be."
            )
        byte_order: ByteOrder = options.byte_order or _byte_order(source)
        n_samples, findings = settle_sample_count(source, 0, _SAMPLE_BYTES, byte_order, 0, options)
        super().__init__(source, 0, byte_order, _IEEE, n_samples, 0, findings)
        self.dt_us = 0.0
        self.in_feet = False
        self.has_time_scalar = False
        self.has_cdp_position = False

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


def _byte_order(source: SourceFile) -> ByteOrder:
    """The order in which the first trace's sample count divides the file."""
    size = source.n_bytes
    first = source.read(0, HEADER_BYTES).reshape(1, HEADER_BYTES)
    counts = {}
    for order in get_args(ByteOrder):
        count = int(HeaderTable(first, order).column("n_samples")[0])
        counts[order] = count
        if count and size % (HEADER_BYTES + _SAMPLE_BYTES * count) == 0:
            return order
    raise FileFormatError(
        f"{source.name}: {size} bytes do not divide into traces of {counts['big']} (big-endian) or "
        f"{counts['little']} (little-endian) samples. Is it Seismic Unix, and complete? Else pass "
        "--samples and --byte-order."
    )
