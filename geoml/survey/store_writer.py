"""Lays out a survey store and fills it, whole shards only."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from geoml.errors import ShapeError, StoreError
from geoml.survey.schema import (
    OPTIONAL_TRACE_VARIABLES,
    STORE_VERSION,
    TRACE_VARIABLES,
    TRACES_SHARD_FACTOR,
)
from geoml.survey.store_files import part_path, plain_json, replace_store
from geoml.survey.trace_header import HEADER_BYTES

_SMALL_GATHER = 16
_DEFAULT_CHUNK_TRACES = 128
_LARGEST_CHUNK_BYTES = 16 * 2**20
_TRACE_VARIABLE_CHUNK = 65536


def chunk_traces(field_record: NDArray[np.integer[Any]], n_samples: int) -> int:
    """Traces a chunk: the size of the commonest gather, within bounds that keep chunks useful.

    Args:
        field_record: Record number of each trace, shape (trace,).
        n_samples: Samples a trace.
    """
    _, counts = np.unique(field_record, return_counts=True)
    sizes, votes = np.unique(counts, return_counts=True)
    commonest = int(sizes[np.argmax(votes)])
    if commonest < _SMALL_GATHER:
        # Stacked data have one trace a record: a chunk a trace would take seconds to open.
        commonest = _DEFAULT_CHUNK_TRACES
    largest = max(1, _LARGEST_CHUNK_BYTES // (4 * n_samples))
    return max(1, min(commonest, largest, int(np.size(field_record))))


def create_store(
    path: str | Path,
    template: xr.Dataset,
    *,
    overwrite: bool = False,
    attrs: Mapping[str, Any] | None = None,
) -> SurveyWriter:
    """Lay out a store and write everything but amplitudes and header bytes.

    Args:
        path: The store to make; until ``finish`` it stands beside it as ``.NAME.part``.
        template: Trace variables and ``time``; its ``amplitude`` gives the shape only and may be
            absent, its attrs go into the store.
        overwrite: Replace a store that is already there, at ``finish``.
        attrs: More attributes.

    Raises:
        StoreError: If the target exists and ``overwrite`` is False.
        ShapeError: If the template lacks a trace variable.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise StoreError(f"{path} exists already; give another name or pass --overwrite.")
    missing = [name for name in TRACE_VARIABLES if name not in template]
    if missing:
        raise ShapeError(f"A survey needs the trace variables {', '.join(missing)}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(path)
    if part.exists():
        shutil.rmtree(part)
    n_traces, n_samples = template.sizes["trace"], template.sizes["time"]
    chunk = int(
        template.attrs.get("traces_per_gather")
        or chunk_traces(template["field_record"].values, n_samples)
    )
    shard = chunk * TRACES_SHARD_FACTOR
    group = zarr.open_group(part, mode="w", zarr_format=3)
    marks: dict[str, Any] = {
        "store_version": STORE_VERSION,
        "complete": False,
        "n_done": 0,
        "traces_per_gather": chunk,
    }
    given = plain_json({**template.attrs, **(attrs or {})})
    group.attrs.update({**given, **marks})
    amplitude = group.create_array(
        "amplitude",
        shape=(n_traces, n_samples),
        chunks=(chunk, n_samples),
        shards=(shard, n_samples),
        dtype="float32",
        dimension_names=("trace", "time"),
        fill_value=0.0,
    )
    amplitude.attrs["long_name"] = "amplitude"
    group.create_array(
        "header_bytes",
        shape=(n_traces, HEADER_BYTES),
        chunks=(shard, HEADER_BYTES),
        dtype="uint8",
        dimension_names=("trace", "header_byte"),
    )
    _write_small_arrays(group, template, shard)
    return SurveyWriter(path, group, chunk)


class SurveyWriter:
    """Writes the traces of a laid-out store, whole shards only.

    Attributes:
        shard_traces: Traces a shard.
    """

    def __init__(self, path: Path, group: zarr.Group, chunk: int) -> None:
        self._path = path
        self._group = group
        self.shard_traces = chunk * TRACES_SHARD_FACTOR
        self._amplitude: Any = group["amplitude"]
        self._headers: Any = group["header_bytes"]
        self._done: set[int] = set()

    def write(
        self,
        start: int,
        amplitude: NDArray[np.float32],
        header_bytes: NDArray[np.uint8] | None = None,
        sample_bytes: NDArray[np.uint8] | None = None,
    ) -> None:
        """Store the traces from ``start`` on: one or more whole shards, or the last part.

        Args:
            start: First trace, a multiple of ``shard_traces``.
            amplitude: Shape (trace, time).
            header_bytes: The untouched headers, shape (trace, 240).
            sample_bytes: The untouched samples of traces that float32 cannot hold, zeros for the
                others, shape (trace, sample_byte); None where there is no such trace.

        Raises:
            ShapeError: If the block does not fill whole shards.
        """
        n_traces, n_samples = self._amplitude.shape
        stop = start + amplitude.shape[0]
        whole = start % self.shard_traces == 0 and (
            stop % self.shard_traces == 0 or stop == n_traces
        )
        if amplitude.shape[1:] != (n_samples,) or not whole or stop > n_traces:
            raise ShapeError(
                f"Traces {start} to {stop} of shape {amplitude.shape} do not fill whole shards of "
                f"{self.shard_traces} traces x {n_samples} samples."
            )
        self._amplitude[start:stop] = np.asarray(amplitude, dtype=np.float32)
        if header_bytes is not None:
            self._headers[start:stop] = header_bytes
        if sample_bytes is not None:
            self._kept_samples(sample_bytes.shape[1])[start:stop] = sample_bytes
        self._done.update(range(start, stop, self.shard_traces))

    def finish(self, **attrs: Any) -> None:
        """Mark the store complete and give it its name.

        Raises:
            StoreError: If shards are missing.
        """
        n_traces = self._amplitude.shape[0]
        expected = len(range(0, n_traces, self.shard_traces))
        if len(self._done) < expected:
            raise StoreError(f"{self._path}: {expected - len(self._done)} shards were not written.")
        self._group.attrs.update({**plain_json(attrs), "complete": True, "n_done": n_traces})
        replace_store(part_path(self._path), self._path)

    def _kept_samples(self, n_bytes: int) -> Any:
        """The array of untouched samples, laid out when the first such trace comes."""
        if "sample_bytes" not in self._group:
            chunk = self.shard_traces // TRACES_SHARD_FACTOR
            self._group.create_array(
                "sample_bytes",
                shape=(self._amplitude.shape[0], n_bytes),
                chunks=(chunk, n_bytes),
                shards=(self.shard_traces, n_bytes),
                dtype="uint8",
                dimension_names=("trace", "sample_byte"),
                fill_value=0,
            )
        return self._group["sample_bytes"]

    def abandon(self) -> None:
        """Remove what was written."""
        shutil.rmtree(part_path(self._path), ignore_errors=True)


def _write_small_arrays(group: zarr.Group, template: xr.Dataset, shard: int) -> None:
    n_traces = template.sizes["trace"]
    # Whole shards a chunk, so that no later writer of a shard shares a chunk with another.
    chunk = min(n_traces, shard * max(1, _TRACE_VARIABLE_CHUNK // shard))
    known = {**TRACE_VARIABLES, **OPTIONAL_TRACE_VARIABLES}
    for name, kind in known.items():
        if name not in template:
            continue
        array = group.create_array(
            name,
            shape=(n_traces,),
            chunks=(max(1, chunk),),
            dtype=kind.dtype,
            dimension_names=("trace",),
        )
        array[:] = np.asarray(template[name].values).astype(kind.dtype)
        array.attrs["long_name"] = kind.meaning
        if kind.units:
            array.attrs["units"] = kind.units
    time = group.create_array(
        "time",
        shape=(template.sizes["time"],),
        chunks=(max(1, template.sizes["time"]),),
        dtype="float64",
        dimension_names=("time",),
    )
    time[:] = np.asarray(template["time"].values, dtype=np.float64)
    time.attrs.update({"long_name": "time after the shot", "units": "s"})
