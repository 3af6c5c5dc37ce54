"""The bytes of a survey's SEG-Y files: as a stream, or put in place in any order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.products.segy_plan import FilePlan
from geoml.products.trace_records import read_block, trace_records
from geoml.survey.scheduler import n_cores
from geoml.survey.trace_header import HEADER_BYTES

Progress = Callable[[int, int], None]
Piece = bytes | memoryview
Item = TypeVar("Item")
Made = TypeVar("Made")

# Two blocks are made while one is written, each of them decoded and encoded.
_BLOCK_BYTES = 8 * 2**20
_THREADS = 2
_DEFAULT_GATHER = 128


def in_file_order(plans: Sequence[FilePlan]) -> bool:
    """Whether every file is a run of the survey's traces, in its own order."""
    return all(isinstance(plan.part.traces, slice) for plan in plans)


def file_pieces(
    survey: xr.Dataset, plan: FilePlan, progress: Progress | None = None
) -> Iterator[Piece]:
    """The bytes of one file from first to last; its traces must be a run of the survey's.

    Args:
        survey: Dataset of dims (trace, time).
        plan: The file.
        progress: Called with (traces of the survey done, traces in all).

    Raises:
        StoreError: If the store that the survey is read from is damaged.
    """
    traces = plan.part.traces
    assert isinstance(traces, slice), "a file of scattered traces has no stream"

    def records(edges: tuple[int, int]) -> NDArray[np.uint8]:
        return trace_records(read_block(survey, *edges), plan)

    yield plan.file_header
    blocks = _blocks(survey, traces.start, traces.stop)
    for (_, stop), made in zip(blocks, _in_order(records, blocks), strict=True):
        yield made.reshape(-1).data
        if progress is not None:
            progress(stop, survey.sizes["trace"])
    yield plan.trailing


def fill_files(
    survey: xr.Dataset,
    plans: Sequence[FilePlan],
    places: Sequence[Path],
    progress: Progress | None = None,
) -> None:
    """Write files whose traces the survey's layout has scattered, reading each trace once.

    Args:
        survey: Dataset of dims (trace, time).
        plans: The files.
        places: Where to write them.
        progress: Called with (traces of the survey done, traces in all).

    Raises:
        StoreError: If the store that the survey is read from is damaged.
    """
    n_traces = survey.sizes["trace"]
    owner = np.full(n_traces, -1, dtype=np.int64)
    rank = np.zeros(n_traces, dtype=np.int64)
    for number, (plan, place) in enumerate(zip(plans, places, strict=True)):
        owner[plan.part.traces] = number
        rank[plan.part.traces] = np.arange(plan.part.n_traces)
        with place.open("wb") as file:
            file.write(plan.file_header)
            file.seek(plan.n_bytes - len(plan.trailing))
            file.write(plan.trailing)
            file.truncate(plan.n_bytes)

    def records(edges: tuple[int, int]) -> list[tuple[int, NDArray[np.int64], NDArray[np.uint8]]]:
        start, stop = edges
        block = read_block(survey, start, stop)
        made = []
        for number in np.unique(owner[start:stop]):
            rows = np.flatnonzero(owner[start:stop] == number)
            rows = rows[np.argsort(rank[start + rows])]
            mine = trace_records(block.isel(trace=rows), plans[number])
            made.append((int(number), rank[start + rows], mine))
        return made

    blocks = _blocks(survey, 0, n_traces)
    for (_, stop), made in zip(blocks, _in_order(records, blocks), strict=True):
        for number, places_in_file, mine in made:
            _put_traces(places[number], plans[number], places_in_file, mine)
        if progress is not None:
            progress(stop, n_traces)


def _put_traces(
    place: Path, plan: FilePlan, rank: NDArray[np.int64], records: NDArray[np.uint8]
) -> None:
    """Write traces where they belong; the ranks ascend, neighbours go in one call."""
    breaks = np.flatnonzero(np.diff(rank) != 1) + 1
    # Opened anew for every block: a survey may have more files than a process may hold open.
    with place.open("r+b") as file:
        for run in np.split(np.arange(rank.size), breaks):
            file.seek(len(plan.file_header) + int(rank[run[0]]) * plan.trace_bytes)
            file.write(records[run[0] : run[-1] + 1].reshape(-1).data)


def _blocks(survey: xr.Dataset, start: int, stop: int) -> list[tuple[int, int]]:
    """First trace of each run of whole gathers, and the trace after its last."""
    gather = int(survey.attrs.get("traces_per_gather", _DEFAULT_GATHER))
    gather_bytes = gather * (HEADER_BYTES + 4 * survey.sizes["time"])
    step = gather * max(1, _BLOCK_BYTES // gather_bytes)
    # Blocks end where stored chunks end, so that none is read twice.
    edges = [start, *range((start // step + 1) * step, stop, step), stop]
    return list(pairwise(edges))


def _in_order(make: Callable[[Item], Made], items: Sequence[Item]) -> Iterator[Made]:
    """Results in the order of the items, a few made at a time while earlier ones are written."""
    n_threads = min(_THREADS, n_cores())
    with ThreadPoolExecutor(n_threads) as pool:
        waiting: deque[Future[Made]] = deque()
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
