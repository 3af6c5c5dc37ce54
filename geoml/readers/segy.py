"""SEG-Y on disk: headers as a table, samples in blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geoml.readers.options import IngestOptions
from geoml.readers.segy_layout import segy_layout
from geoml.readers.source_file import SourceFile
from geoml.readers.text_header import decode_text
from geoml.readers.trace_reader import TraceReader

_FIRST_REVISION_WITH_SCALED_TIMES = 1


class SegyReader(TraceReader):
    """A SEG-Y file: revisions 0 to 2.1, either byte order, traces of equal length.

    Attributes:
        dt_us: Sample interval by the binary header [microseconds], 0 or less where it is silent.
        in_feet: Whether the binary header says that lengths are feet.
        has_time_scalar: Whether trace header bytes 215-216 scale times.
        has_cdp_position: Whether bytes 181-196 hold CDP position and 3-D line numbers.

    Args:
        path: The file.
        options: The user's decisions.

    Raises:
        FileFormatError: If the file is no SEG-Y, holds no trace, is truncated, or its headers
            leave the layout open.
    """

    def __init__(self, path: str | Path, options: IngestOptions | None = None) -> None:
        layout = segy_layout(SourceFile(path), options or IngestOptions())
        super().__init__(
            layout.source,
            layout.stride,
            layout.binary_header.byte_order,
            layout.sample_format,
            list(layout.findings),
        )
        self._layout = layout
        self.dt_us = layout.binary_header.dt_us
        self.in_feet = layout.binary_header.measurement_system == 2
        self.has_time_scalar = layout.binary_header.revision >= _FIRST_REVISION_WITH_SCALED_TIMES
        self.has_cdp_position = True

    def file_attrs(self) -> dict[str, Any]:
        """What must be kept to write the same file headers again."""
        layout = self._layout
        return {
            "file_type": "segy",
            "text_header": decode_text(layout.text_header),
            "text_header_hex": layout.text_header.hex(),
            "binary_header": layout.binary_header.raw.hex(),
            "revision": layout.binary_header.revision_number,
            "measurement_system": layout.binary_header.measurement_system,
            "n_extra_trace_headers": layout.stride.n_extra_headers,
        }
