"""The files that a survey's traces came from, and which traces are whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import FileFormatError, ShapeError
from geoml.survey.trace_source import Traces


@dataclass(frozen=True, eq=False)
class SourcePart:
    """One file that went into a survey.

    Attributes:
        name: Base name of the file, safe to use in any folder; empty where the survey has none.
        attrs: The survey's attributes with those of this file on top.
        traces: Its traces in the survey in the order of the file; a slice where they are a run.
        trailing: What followed its last whole trace, shape (byte,).
    """

    name: str
    attrs: Mapping[str, Any]
    traces: Traces
    trailing: NDArray[np.uint8]

    @property
    def n_traces(self) -> int:
        """Traces of the file that the survey still has."""
        if isinstance(self.traces, slice):
            return int(self.traces.stop - self.traces.start)
        return int(self.traces.size)


def source_parts(survey: xr.Dataset) -> list[SourcePart]:
    """The files of a survey in the order of ingest, those without traces left out.

    Args:
        survey: Dataset of dims (trace, time). Its attribute ``source_files`` and its variables
            ``source_file``, ``source_trace`` and ``trailing_bytes`` are used where it has them.

    Raises:
        FileFormatError: If a trace belongs to no file.
        ShapeError: If there are no traces.
    """
    n_traces = survey.sizes["trace"]
    if not n_traces:
        raise ShapeError("The survey has no traces to write.")
    trailing = _values(survey, "trailing_bytes", np.uint8)
    listed = survey.attrs.get("source_files")
    if not listed:
        order = _file_order(survey, np.arange(n_traces))
        return [SourcePart(_safe_name(survey.attrs), dict(survey.attrs), order, trailing)]
    member = _values(survey, "source_file", np.int64)
    if member.size != n_traces or (
        member.size and not 0 <= member.min() <= member.max() < len(listed)
    ):
        raise FileFormatError(
            f"The survey lists {len(listed)} source files, but not which of them each of its "
            f"{n_traces} traces is from. Ingest the files again."
        )
    by_file = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[by_file], np.arange(len(listed) + 1))
    trailing_stops = np.cumsum([int(entry.get("n_trailing_bytes", 0)) for entry in listed])
    parts = []
    for at, entry in enumerate(listed):
        own = by_file[starts[at] : starts[at + 1]]
        if not own.size:
            continue
        attrs = {**survey.attrs, **entry, "source_file": entry["name"]}
        attrs["source_size"] = entry.get("size", 0)
        attrs["source_sha256"] = entry.get("sha256", "")
        attrs["recorded_samples"] = entry.get("n_samples", survey.attrs.get("recorded_samples"))
        after = int(trailing_stops[at])
        own_trailing = trailing[after - int(entry.get("n_trailing_bytes", 0)) : after]
        parts.append(SourcePart(_safe_name(attrs), attrs, _file_order(survey, own), own_trailing))
    return parts


def _file_order(survey: xr.Dataset, traces: NDArray[np.int64]) -> Traces:
    """Some traces in the order of their file: as they stand, unless the survey says otherwise."""
    if "source_trace" in survey:
        place = _values(survey, "source_trace", np.int64)[traces]
        traces = traces[np.argsort(place, kind="stable")]
    first, last = int(traces[0]), int(traces[-1])
    if last - first == traces.size - 1 and bool((np.diff(traces) == 1).all()):
        return slice(first, last + 1)
    return traces


def _values(survey: xr.Dataset, name: str, dtype: type[np.generic]) -> NDArray[Any]:
    if name not in survey:
        return np.empty(0, dtype=dtype)
    return np.asarray(survey[name].values).astype(dtype)


def _safe_name(attrs: Mapping[str, Any]) -> str:
    """Last part of the name that the survey keeps, which came from outside and may hold a path."""
    given = str(attrs.get("source_file", "")).replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in given if letter.isprintable()).strip()
    return "" if name in (".", "..") else name
