"""Trace files as surveys whose samples stay in the file until they are used.

survey = open_trace_file("line.sgy")
survey = xr.open_dataset("line.sgy", engine="geoml", chunks={})  # the same, on Dask
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from geoml.readers import READERS
from geoml.readers.file_list import TracePaths
from geoml.readers.file_traces import open_file_traces
from geoml.readers.header_table import Traces
from geoml.readers.options import IngestOptions
from geoml.survey.location import base_name

_EVERY = slice(None)


def open_trace_file(paths: TracePaths, options: IngestOptions | None = None) -> xr.Dataset:
    """Trace files as ``open_survey`` gives a store of them, read when and where they are used.

    Headers are read at once, samples never before they are asked for. The survey may be pickled
    and used after a fork. ``survey.chunk({"trace": n})`` puts it on Dask.

    Args:
        paths: SEG-Y or Seismic Unix file, or several, or a pattern; paths or fsspec URLs.
        options: The user's decisions.

    Returns:
        Dataset of dims (trace, time) with ``amplitude``, ``header_bytes``, as far as there are any
        ``extension_bytes``, and every trace variable in metres.

    Raises:
        FileFormatError: If a file cannot be read right, or has warnings and ``strict`` is set.
        GeometryError: If the geometry file does not fit.
        OptionError: If an option makes no sense for a file.
    """
    traces, survey = open_file_traces(paths, options)
    amplitude = LazyRows(traces.amplitude, (traces.n_traces, traces.n_samples), np.float32)
    survey["amplitude"] = _variable(amplitude, "time", survey)
    for name, width in traces.header_widths.items():
        content = LazyRows(getattr(traces, name), (traces.n_traces, width), np.uint8)
        survey[name] = _variable(content, name.replace("_bytes", "_byte"), survey)
    survey["amplitude"].attrs["long_name"] = "amplitude"
    return survey


class LazyRows(BackendArray):
    """Rows by trace number, read when xarray indexes them.

    Attributes:
        shape: Traces, and items a row.
        dtype: Type of an item.

    Args:
        read: Gives the rows of some traces; picklable.
        shape: Traces, and items a row.
        dtype: Type of an item.
    """

    def __init__(
        self, read: Callable[[Traces], NDArray[Any]], shape: tuple[int, int], dtype: Any
    ) -> None:
        self._read = read
        self.shape = shape
        self.dtype = np.dtype(dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._rows
        )

    def _rows(self, key: tuple[Any, ...]) -> NDArray[Any]:
        wanted, items = key
        if isinstance(wanted, slice) and wanted.step in (None, 1):
            rows = self._read(wanted)
        else:
            rows = self._read(np.atleast_1d(np.arange(self.shape[0])[wanted]))
        if np.ndim(wanted) == 0 and not isinstance(wanted, slice):
            rows = rows[0]
        return rows if isinstance(items, slice) and items == _EVERY else rows[..., items]


def _variable(rows: LazyRows, item: str, survey: xr.Dataset) -> xr.Variable:
    # What chunks={} takes: one gather a block, as in a store.
    preferred = {"trace": int(survey.attrs["traces_per_gather"]), item: rows.shape[1]}
    return xr.Variable(
        ("trace", item),
        indexing.LazilyIndexedArray(rows),
        encoding={"preferred_chunks": preferred},
    )


class GeomlBackend(BackendEntrypoint):
    """Lets ``xr.open_dataset(path, engine="geoml")`` read SEG-Y and Seismic Unix."""

    description = "SEG-Y and Seismic Unix as a table of traces, with geoml"
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "options")

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        options: IngestOptions | None = None,
    ) -> xr.Dataset:
        """See ``open_trace_file``.

        Args:
            filename_or_obj: The file, a path or an fsspec URL.
            drop_variables: Variables to leave out.
            options: The user's decisions.
        """
        survey = open_trace_file(filename_or_obj, options)
        dropped = [drop_variables] if isinstance(drop_variables, str) else drop_variables
        return survey.drop_vars(dropped or [], errors="ignore")

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether the file's suffix is that of a trace file."""
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        return Path(base_name(os.fspath(filename_or_obj))).suffix.lower() in READERS
