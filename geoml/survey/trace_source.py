"""Amplitudes by trace number, from a store or straight from a trace file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import zarr
from numpy.typing import NDArray

from geoml.errors import ShapeError, StoreError
from geoml.survey.location import AnyPath, is_url, zarr_store
from geoml.survey.recent_chunks import RecentChunks
from geoml.survey.sharded_rows import ShardedRows
from geoml.survey.store import open_survey

Traces: TypeAlias = slice | NDArray[np.int64]
"""Numbers of traces: a run (step 1), or any numbers in any order."""


class TraceSource(Protocol):
    """Something that gives amplitudes by trace number; every reader of trace files is one.

    It can be pickled, and used in a process that was forked after its first use: no open file,
    connection or thread travels with it.
    """

    @property
    def n_traces(self) -> int:
        """Traces in all."""
        ...

    @property
    def n_samples(self) -> int:
        """Samples a trace."""
        ...

    def amplitude(self, traces: Traces) -> NDArray[np.float32]:
        """Samples of some traces, shape (trace, time)."""
        ...


class StoreTraces:
    """Amplitudes of a survey store, read chunk by chunk without a task graph.

    What geoml wrote to a local disk is read in the calling thread; stores behind URLs or of other
    layouts go through zarr. Each process opens those for itself, at its first read: a handle from
    before a fork waits for threads that the new process does not have. Where gathers are smaller
    than chunks, the chunks read last are kept, so that a chunk is not read for each of them.

    Attributes:
        path: The store.
        n_traces: Traces in all.
        n_samples: Samples a trace.
        chunk_traces: Traces a chunk: what is compressed together.
        shard_traces: Traces a shard: what lies in one file, or in one object of a cloud store.

    Args:
        path: A complete survey store, a path or an fsspec URL.
        cache_mb: Chunks to keep, in each process [MB].

    Raises:
        StoreError: If there is no store, or it is incomplete or of another version.
    """

    def __init__(self, path: AnyPath, *, cache_mb: float = 64) -> None:
        amplitude = open_survey(path)["amplitude"]
        if "chunks" not in amplitude.encoding:
            raise StoreError(f"{path}: no store of geoml's; stream it with SurveyTraces.")
        self.path = path
        self.n_traces, self.n_samples = (int(n) for n in amplitude.shape)
        encoding = amplitude.encoding
        self.chunk_traces = int(encoding["chunks"][0])
        self.shard_traces = int((encoding.get("shards") or encoding["chunks"])[0])
        chunk_bytes = 4 * self.chunk_traces * self.n_samples
        self._recent = RecentChunks(int(1e6 * cache_mb) // chunk_bytes)
        self._sharded = None if is_url(path) else ShardedRows.of(Path(path) / "amplitude")
        self._opened: tuple[int, Any] | None = None

    def amplitude(self, traces: Traces) -> NDArray[np.float32]:
        """Samples of some traces, shape (trace, time).

        A run comes in one read; of scattered traces each chunk that holds any is read once.

        Raises:
            ShapeError: If the store has no such traces.
            StoreError: If a chunk is damaged or cannot be read.
        """
        if isinstance(traces, slice):
            start, stop, _ = traces.indices(self.n_traces)
            return self._run(start, max(start, stop))
        if not traces.size:
            return np.empty((0, self.n_samples), dtype=np.float32)
        wanted, place = np.unique(traces, return_inverse=True)
        first, last = int(wanted[0]), int(wanted[-1])
        if first < 0 or last >= self.n_traces:
            raise ShapeError(
                f"{self.path}: traces {first} to {last} are asked of {self.n_traces}, counted "
                "from 0."
            )
        is_run = last - first + 1 == wanted.size
        found = self._run(first, last + 1) if is_run else self._parts(wanted)
        in_order = wanted.size == traces.size and bool((place[1:] > place[:-1]).all())
        return found if in_order else found[place.reshape(-1)]

    def _run(self, start: int, stop: int) -> NDArray[np.float32]:
        ends_chunk = stop % self.chunk_traces == 0 or stop == self.n_traces
        if start == stop or (start % self.chunk_traces == 0 and ends_chunk):
            return self._read(slice(start, stop))
        return self._parts(np.arange(start, stop))

    def _parts(self, traces: NDArray[np.int64]) -> NDArray[np.float32]:
        """Ascending traces that leave something of their chunks over."""
        chunks, first = np.unique(traces // self.chunk_traces, return_index=True)
        # Gathers all over the survey would only drive each other's chunks out.
        if 2 * chunks.size > self._recent.n_chunks:
            return self._read(traces)
        found = np.empty((traces.size, self.n_samples), dtype=np.float32)
        stops = np.append(first[1:], traces.size)
        for number, low, high in zip(chunks.tolist(), first, stops, strict=True):
            start = number * self.chunk_traces
            chunk = self._recent.get(number)
            if chunk is None:
                chunk = self._read(slice(start, min(start + self.chunk_traces, self.n_traces)))
                self._recent.put(number, chunk)
            found[low:high] = chunk[traces[low:high] - start]
        return found

    def _read(self, traces: Traces) -> NDArray[np.float32]:
        try:
            if self._sharded is not None:
                return self._sharded.read(traces)
            array = self._array()
            # A slice goes a shorter way through zarr than an orthogonal selection.
            return np.asarray(array[traces] if isinstance(traces, slice) else array.oindex[traces])
        except (StoreError, ValueError, RuntimeError, OSError) as error:
            raise StoreError(
                f"{self.path}: damaged or unreadable ({' '.join(str(error).split())}). Find out "
                f"which part with: geoml verify {self.path}"
            ) from None

    def _array(self) -> Any:
        """This process's own handle of zarr."""
        if self._opened is None or self._opened[0] != os.getpid():
            store = zarr_store(self.path, read_only=True)
            self._opened = (os.getpid(), zarr.open_array(store, path="amplitude", mode="r"))
        return self._opened[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}
