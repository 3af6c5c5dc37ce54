"""Write a lazy survey, a batch of blocks at a time, on the scheduler of the user's choice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dask
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.survey.location import AnyPath
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES
from geoml.survey.store import SurveyWriter, create_store

Progress = Callable[[int, int], None]
"""Called with (traces done, traces in all)."""

_LOCAL = ("threads", "processes", "synchronous")
_KEPT = ("header_bytes", "extension_bytes")


@contextmanager
def scheduled(name: str) -> Iterator[None]:
    """Dask computes on this scheduler inside the context.

    Args:
        name: ``threads``, ``processes``, ``synchronous`` or the address of a running
            dask.distributed scheduler.

    Raises:
        OptionError: If the name is none of these.
    """
    if "://" in name:
        from distributed import Client

        with Client(name):
            yield
    elif name in _LOCAL:
        with dask.config.set(scheduler=name):
            yield
    else:
        raise OptionError(
            f"Unknown scheduler '{name}'. Known: {', '.join(_LOCAL)}, or an address such as "
            "tcp://host:8786."
        )


def write_blocks(
    survey: xr.Dataset,
    path: AnyPath,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write a lazy survey, computing each block once for its samples and its trace values.

    ``save_survey`` asks for ``live`` and ``first_break`` of the whole survey first and for the
    samples then, which would run every step two or three times.

    Args:
        survey: Dims (trace, time), amplitude a Dask array.
        path: The store to make.
        overwrite: Replace a store that is already there.
        progress: Told the traces done after each batch.

    Raises:
        StoreError: If the target exists and ``overwrite`` is False.
    """
    n_traces = survey.sizes["trace"]
    late = {name: kind for name, kind in OPTIONAL_TRACE_VARIABLES.items() if name in survey}
    values = {name: np.zeros(n_traces, dtype=kind.dtype) for name, kind in late.items()}
    layout = survey.assign({name: ("trace", value) for name, value in values.items()})
    kept = [name for name in _KEPT if name in survey]
    widths = {name: survey[name].shape[1] for name in kept}
    writer = create_store(path, layout, overwrite=overwrite, trace_bytes=widths)
    try:
        names = ["amplitude", *kept, *late]
        shards = _ShardBuffer(writer, n_traces)
        for start, stop in _batches(survey["amplitude"].chunksizes["trace"]):
            rows = survey[names].isel(trace=slice(start, stop))
            computed = dask.compute({name: rows[name].data for name in names})[0]
            for name in late:
                values[name][start:stop] = computed[name]
            shards.add({name: computed[name] for name in ("amplitude", *kept)})
            if progress is not None:
                progress(stop, n_traces)
        for name, value in values.items():
            writer.set_trace_values(name, value)
        if "trailing_bytes" in survey:
            writer.set_trailing_bytes(survey["trailing_bytes"].values)
        writer.finish()
    except BaseException:
        writer.abandon()
        raise


def _batches(block_sizes: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """First and last trace of consecutive blocks, enough of them for every core."""
    edges = np.concatenate([[0], np.cumsum(block_sizes)])
    step = 2 * (os.cpu_count() or 1)
    for first in range(0, len(block_sizes), step):
        yield int(edges[first]), int(edges[min(first + step, len(block_sizes))])


class _ShardBuffer:
    """Gathers computed rows and writes them as soon as they fill whole shards."""

    def __init__(self, writer: SurveyWriter, n_traces: int) -> None:
        self._writer = writer
        self._n_traces = n_traces
        self._start = 0
        self._rows: list[dict[str, NDArray[Any]]] = []

    def add(self, rows: dict[str, NDArray[Any]]) -> None:
        self._rows.append(rows)
        held = sum(len(part["amplitude"]) for part in self._rows)
        last = self._start + held == self._n_traces
        count = held if last else held - held % self._writer.shard_traces
        if count:
            joined = {name: np.concatenate([part[name] for part in self._rows]) for name in rows}
            block = {name: values[:count] for name, values in joined.items()}
            self._writer.write(self._start, block.pop("amplitude"), block)
            self._rows = [{name: v[count:] for name, v in joined.items()}]
            self._start += count
