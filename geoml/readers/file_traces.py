"""Trace files read trace by trace, without a conversion before."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.readers.file_list import TracePaths
from geoml.readers.header_table import Traces
from geoml.readers.inspection import refuse_warnings
from geoml.readers.joined_files import JoinedFiles, TracePart
from geoml.readers.many_files import inspect_files
from geoml.readers.options import IngestOptions
from geoml.readers.sample_check import format_findings

logger = logging.getLogger(__name__)


class FileTraces:
    """Traces of one or more files as one ``TraceSource``; it holds no open file.

    Attributes:
        n_traces: Traces of all files.
        n_samples: Samples a trace.
        header_widths: Bytes a trace of ``header_bytes``, and of ``extension_bytes`` where a file
            has any.

    Args:
        files: The files, of traces of equal length.
    """

    def __init__(self, files: JoinedFiles) -> None:
        self._files = files
        self.n_traces = files.n_traces
        self.n_samples = files.n_samples
        self.header_widths = dict(files.header_widths)

    def amplitude(self, traces: Traces) -> NDArray[np.float32]:
        """Samples of some traces, shape (trace, time).

        Raises:
            ShapeError: If the files have no such traces.
        """
        return self._rows(
            traces, self.n_samples, np.float32, lambda part: part.reader.amplitude(part.traces)
        )

    def header_bytes(self, traces: Traces) -> NDArray[np.uint8]:
        """Trace headers as they stand in the files, shape (trace, 240).

        Raises:
            ShapeError: If the files have no such traces.
        """
        width = self.header_widths["header_bytes"]
        return self._rows(
            traces, width, np.uint8, lambda part: part.reader.header_bytes(part.traces)
        )

    def extension_bytes(self, traces: Traces) -> NDArray[np.uint8]:
        """Additional trace headers, zeros where a file has less, shape (trace, 240 * headers).

        Raises:
            ShapeError: If the files have no such traces.
        """
        width = self.header_widths.get("extension_bytes", 0)
        return self._rows(
            traces, width, np.uint8, lambda part: part.reader.extension_bytes(part.traces)
        )

    def _rows(
        self,
        traces: Traces,
        width: int,
        dtype: type[np.generic],
        read: Callable[[TracePart], NDArray | None],
    ) -> NDArray:
        """What ``read`` gives of each file, in the order of ``traces``."""
        if isinstance(traces, slice):
            start, stop, _ = traces.indices(self.n_traces)
            n_rows = max(0, stop - start)
        else:
            n_rows = traces.size
            if n_rows and not (traces.min() >= 0 and traces.max() < self.n_traces):
                raise ShapeError(
                    f"Traces {traces.min()} to {traces.max()} are asked of {self.n_traces}, "
                    "counted from 0."
                )
        parts = self._files.parts(traces) if n_rows else []
        if len(parts) == 1:
            found = read(parts[0])
            if found is not None and found.shape[1] == width:
                return np.asarray(found)
        rows = np.zeros((n_rows, width), dtype=dtype)
        for part in parts:
            found = read(part)
            if found is not None:
                rows[part.rows, : found.shape[1]] = found
        return rows


def open_file_traces(
    paths: TracePaths, options: IngestOptions | None = None
) -> tuple[FileTraces, xr.Dataset]:
    """The traces of files, and everything of their survey but what is a byte of a trace.

    What was noticed about the files is logged, as ``ingest`` does.

    Args:
        paths: SEG-Y or Seismic Unix file, or several, or a pattern; paths or fsspec URLs.
        options: The user's decisions.

    Returns:
        The traces, and a Dataset of dims (trace, time) with every trace variable in metres.

    Raises:
        FileFormatError: If a file cannot be read right, or has warnings and ``strict`` is set.
        GeometryError: If the geometry file does not fit.
        OptionError: If an option makes no sense for a file.
    """
    options = options or IngestOptions()
    inspection = inspect_files(paths, options)
    readers = inspection.files.readers
    findings = [
        *inspection.findings,
        *(finding for reader in readers for finding in format_findings(reader)),
    ]
    refuse_warnings(findings, options)
    for finding in findings:
        logger.log(logging.WARNING if finding.level == "warning" else logging.INFO, "%s", finding)
    table = inspection.table.assign_attrs(findings=[str(finding) for finding in findings])
    return FileTraces(inspection.files), table
