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
            is a position (x, y) [m].
        trace_lists: Trace numbers of each gather, in file order.
    """

    kind: GatherKind
    keys: NDArray[Any]
    trace_lists: list[NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.trace_lists)


def gather_index(survey: xr.Dataset, kind: GatherKind = "shot") -> GatherIndex:
    """The gathers of a survey.

    Shots are told apart by field record, or by source position where every trace carries the same
    record number; receivers by position, or by trace in record where no receiver has a position.

    Args:
        survey: Dataset of dims (trace, time).
        kind: What the traces of a gather share.

    Raises:
        OptionError: If the kind is unknown.
    """
    if kind not in get_args(GatherKind):
        known = get_args(GatherKind)
        raise OptionError(
            f"Unknown gather kind '{kind}'.{nearest(kind, known)} Known: {', '.join(known)}."
        )
    keys, member = np.unique(_shared_value(survey, kind), axis=0, return_inverse=True)
    member = member.reshape(-1)
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(1, len(keys)))
    return GatherIndex(kind, keys, list(np.split(order.astype(np.int64), starts)))


def gathers(survey: xr.Dataset, kind: GatherKind = "shot") -> Iterator[tuple[Any, xr.Dataset]]:
    """Key and lazy traces of one gather after another, by ascending key.

    A key is a number, or a tuple (x, y) [m] where gathers are told apart by position.
    """
    index = gather_index(survey, kind)
    for key, traces in zip(index.keys, index.trace_lists, strict=True):
        shown = tuple(key.tolist()) if np.ndim(key) else key.item()
        yield shown, survey.isel(trace=_as_slice(traces))


def _shared_value(survey: xr.Dataset, kind: GatherKind) -> NDArray[Any]:
    if kind == "cdp":
        return np.asarray(survey["cdp"].values)
    if kind == "offset":
        return np.round(survey["offset"].values, _POSITION_DECIMALS)
    number, who = ("field_record", "source") if kind == "shot" else ("trace_in_record", "receiver")
    positions = np.stack([survey[f"{who}_x"].values, survey[f"{who}_y"].values], axis=1)
    numbers = np.asarray(survey[number].values)
    by_number = bool(np.ptp(numbers)) if kind == "shot" else not positions.any()
    if by_number or not positions.any():
        return numbers
    return np.round(positions, _POSITION_DECIMALS)


def _as_slice(traces: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    # A run of traces is read as whole chunks; scattered ones one by one.
    if traces.size and traces[-1] - traces[0] == traces.size - 1:
        return slice(int(traces[0]), int(traces[-1]) + 1)
    return traces
