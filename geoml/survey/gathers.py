"""Gathers: index and lazy views over the trace table, by shot, receiver, CDP or offset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.registry import nearest

GatherKind = Literal["shot", "receiver", "cdp", "offset"]

_POSITION_DECIMALS = 2  # positions nearer than a centimetre are one station


@dataclass(frozen=True, eq=False)
class GatherIndex:
    """Which traces belong together.

    Attributes:
        kind: What the traces of a gather share.
        keys: The shared value of each gather, ascending: shape (gather,), or (gather, 2) where it
            is a position (x, y) [m], or a source file and its record number.
        order: Trace numbers, gather after gather, each gather in file order, shape (trace,).
        starts: Where each gather begins in ``order``, and the trace count, shape (gather + 1,).
    """

    kind: GatherKind
    keys: NDArray[Any]
    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Traces of each gather, shape (gather,)."""
        return np.diff(self.starts)

    @property
    def trace_lists(self) -> list[NDArray[np.int64]]:
        """Trace numbers of each gather, in file order."""
        return [self.traces(place) for place in range(len(self))]

    def traces(self, place: int) -> NDArray[np.int64]:
        """Trace numbers of the gather at a place of ``keys``, in file order, shape (trace,)."""
        return self.order[self.starts[place] : self.starts[place + 1]]

    def key(self, place: int) -> Any:
        """The key at a place, as a plain number or tuple."""
        key = self.keys[place]
        return tuple(key.tolist()) if np.ndim(key) else key.item()

    def labels(self) -> NDArray[np.int64]:
        """Place of each trace's gather, shape (trace,)."""
        labels = np.empty(self.order.size, dtype=np.int64)
        labels[self.order] = np.repeat(np.arange(len(self)), self.sizes)
        return labels


def check_kind(kind: str) -> None:
    """Refuse a kind of gather that does not exist.

    Raises:
        OptionError: If the kind is unknown.
    """
    known = get_args(GatherKind)
    if kind not in known:
        raise OptionError(
            f"Unknown gather kind '{kind}'.{nearest(kind, known)} Known: {', '.join(known)}."
        )


def gather_index(survey: xr.Dataset, kind: GatherKind = "shot") -> GatherIndex:
    """The gathers of a survey.

    Shots are told apart by field record, or by source position where every trace carries the same
    record number; where several files repeat record numbers, by file and record. Receivers are
    told apart by position, or by trace in record where no receiver has a position.

    Args:
        survey: Dataset of dims (trace, time).
        kind: What the traces of a gather share.

    Raises:
        OptionError: If the kind is unknown.
    """
    check_kind(kind)
    shared = _shared_value(survey, kind)
    # Complex numbers sort by real, then imaginary part: far quicker than unique rows.
    single = shared if shared.ndim == 1 else shared[:, 0] + 1j * shared[:, 1]
    order = np.argsort(single, kind="stable")
    in_order = single[order]
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = in_order[1:] != in_order[:-1]
    starts = np.flatnonzero(new)
    return GatherIndex(kind, shared[order[starts]], order, np.append(starts, order.size))


def usual_gather(survey: xr.Dataset) -> GatherKind:
    """``shot``, or ``offset`` where every shot is one trace, as in a stacked section."""
    n_traces = survey.sizes["trace"]
    return "offset" if 1 < n_traces == len(gather_index(survey, "shot")) else "shot"


def gathers(survey: xr.Dataset, kind: GatherKind = "shot") -> Iterator[tuple[Any, xr.Dataset]]:
    """Key and lazy traces of one gather after another, by ascending key.

    A key is a number, or a tuple (x, y) [m] where gathers are told apart by position.
    """
    index = gather_index(survey, kind)
    for place in range(len(index)):
        yield index.key(place), survey.isel(trace=as_slice(index.traces(place)))


def as_slice(traces: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Trace numbers as a slice where they are a run: it is read as whole chunks."""
    if traces.size and traces[-1] - traces[0] == traces.size - 1:
        return slice(int(traces[0]), int(traces[-1]) + 1)
    return traces


def _shared_value(survey: xr.Dataset, kind: GatherKind) -> NDArray[Any]:
    if kind == "cdp":
        return np.asarray(survey["cdp"].values)
    if kind == "offset":
        return np.round(survey["offset"].values, _POSITION_DECIMALS)
    number, who = ("field_record", "source") if kind == "shot" else ("trace_in_record", "receiver")
    numbers = np.asarray(survey[number].values)
    if kind == "shot" and "source_file" in survey:
        files = np.asarray(survey["source_file"].values)
        if _repeated(numbers, files):
            return np.stack([files, numbers], axis=1)
    positions = np.stack([survey[f"{who}_x"].values, survey[f"{who}_y"].values], axis=1)
    by_number = bool(np.ptp(numbers)) if kind == "shot" else not positions.any()
    if by_number or not positions.any():
        return numbers
    return np.round(positions, _POSITION_DECIMALS)


def _repeated(numbers: NDArray[Any], files: NDArray[Any]) -> bool:
    """Whether some record number occurs in more than one file."""
    pairs = np.unique(files + 1j * numbers)
    return bool(np.unique(pairs.imag).size < pairs.size)
