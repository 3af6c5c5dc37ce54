"""One shard of a processed store: its gathers are read, processed and written by one task."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from geoml.preprocess.process import TraceValues, process_block
from geoml.preprocess.step import Step
from geoml.survey.location import AnyPath, zarr_store
from geoml.survey.mdio import is_mdio, open_mdio
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES
from geoml.survey.store import SurveyWriter
from geoml.survey.survey_traces import store_traces
from geoml.survey.trace_source import Traces


@dataclass(frozen=True, eq=False)
class ShardWork:
    """What one task needs to know.

    Attributes:
        start: First trace of the shard.
        stop: The trace after its last.
        traces: Input traces of every gather that the shard holds traces of.
        values: Trace variables of these, (trace,).
        blocks: First of these traces in each block of whole gathers, and their number,
            (block + 1,).
        rows: Row of the shard for each of them, negative for one of another shard, (trace,).
        own: Input traces of the shard, in its order.
    """

    start: int
    stop: int
    traces: NDArray[np.int64]
    values: TraceValues
    blocks: NDArray[np.int64]
    rows: NDArray[np.int64]
    own: NDArray[np.int64]


class ShardTask:
    """Processes shards of one store into another, in any thread, process or machine.

    Args:
        source: The store to read.
        writer: The store to write.
        steps: In order.
        time: Times of the samples that are read [s].
        late: Trace variables that the steps decide.
        kept: Untouched bytes that travel along.
    """

    def __init__(
        self,
        source: AnyPath,
        writer: SurveyWriter,
        steps: list[Step],
        time: xr.Variable,
        late: list[str],
        kept: list[str],
    ) -> None:
        self._source = source
        self._traces = store_traces(source)
        self._writer = writer
        self._steps = steps
        self._time = time
        self._late = late
        self._kept = kept
        self._opened: tuple[int, zarr.Group | xr.Dataset] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def __call__(self, work: ShardWork) -> int:
        """Write one shard; the number of its traces."""
        n_traces = work.stop - work.start
        amplitude = np.empty((n_traces, self._writer.n_samples), dtype=np.float32)
        late = {
            name: np.empty(n_traces, dtype=OPTIONAL_TRACE_VARIABLES[name].dtype)
            for name in self._late
        }
        for first, last in zip(work.blocks[:-1], work.blocks[1:], strict=True):
            here = slice(int(first), int(last))
            samples = self._traces.amplitude(_as_run(work.traces[here]))
            values = {name: value[here] for name, value in work.values.items()}
            processed = process_block(samples, values, self._time, self._steps)
            rows = work.rows[here]
            mine = np.flatnonzero(rows >= 0)
            to, of = _as_run(rows[mine]), _as_run(mine)
            amplitude[to] = processed.values[of]
            for name, value in late.items():
                value[to] = processed.coords[name].values[of]
        kept = {name: self._bytes(name, work.own) for name in self._kept}
        self._writer.write(work.start, amplitude, kept, trace_values=late)
        return n_traces

    def _bytes(self, name: str, traces: NDArray[np.int64]) -> NDArray[np.uint8]:
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), _arrays(self._source))
        array: Any = self._opened[1][name]
        run = _as_run(traces)
        if isinstance(array, xr.DataArray):
            # Not through dask.config, which all threads share.
            return np.asarray(array[run].compute(scheduler="synchronous").values)
        return np.asarray(array[run] if isinstance(run, slice) else array.oindex[run])


def _arrays(source: AnyPath) -> zarr.Group | xr.Dataset:
    """The stored arrays, those of an MDIO store as tables of traces."""
    if is_mdio(source):
        return open_mdio(source)
    return zarr.open_group(zarr_store(source, read_only=True), mode="r")


def _as_run(traces: NDArray[np.int64]) -> Traces:
    """Consecutive numbers as a slice: they are read and copied at once."""
    if traces.size and bool((np.diff(traces) == 1).all()):
        return slice(int(traces[0]), int(traces[-1]) + 1)
    return traces
