"""A survey on disk: one Zarr v3 group that plain ``xarray.open_zarr`` reads.

A store is written whole shard by whole shard, under a temporary name beside its target, and gets
its name and its ``complete`` mark only when every trace is there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
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
from geoml.survey.trace_header import HEADER_BYTES

Progress = Callable[[int, int], None]
"""Called with (traces done, traces in all)."""

_KEPT_BYTES = ("header_bytes", "sample_bytes")
_SMALL_GATHER = 16
_DEFAULT_CHUNK_TRACES = 128
_LARGEST_CHUNK_BYTES = 16 * 2**20
_TRACE_VARIABLE_CHUNK = 65536


def open_survey(path: str | Path, *, partial: bool = False) -> xr.Dataset:
    """A survey whose amplitudes are read from disk when they are used.

    Args:
        path: The store.
        partial: Accept a store that is still being written.

    Returns:
        Dataset of dims (trace, time); one Dask block is one stored chunk, about one gather.

    Raises:
        StoreError: If there is no store, or it is incomplete or of another version.
    """
    path = Path(path)
    if not (path / "zarr.json").is_file():
        raise StoreError(f"{path}: no survey store there. Make one with: geoml ingest FILE {path}")
    survey = xr.open_zarr(path, consolidated=False)
    if "amplitude" not in survey or survey["amplitude"].dims != ("trace", "time"):
        raise StoreError(
            f"{path}: a Zarr group without amplitude(trace, time); a survey store is needed."
        )
    version = survey.attrs.get("store_version")
    if version != STORE_VERSION:
        raise StoreError(
            f"{path}: store version {version}, this geoml reads {STORE_VERSION}; ingest it again."
        )
    if not survey.attrs.get("complete", False) and not partial:
        raise StoreError(f"{path}: the store is incomplete; run the command that writes it again.")
    return survey


def save_survey(
    survey: xr.Dataset,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write a survey, computing and storing one shard at a time.

    Args:
        survey: Dataset of dims (trace, time); the amplitude may be a Dask graph.
        path: The store to make.
        overwrite: Replace a store that is already there.
        progress: Told the traces done after each shard.

    Raises:
        StoreError: If the target exists and ``overwrite`` is False.
    """
    writer = create_store(path, survey, overwrite=overwrite)
    n_traces = survey.sizes["trace"]
    for start in range(0, n_traces, writer.shard_traces):
        block = survey.isel(trace=slice(start, start + writer.shard_traces))
        kept = {name: block[name].values for name in _KEPT_BYTES if name in survey}
        writer.write(start, block["amplitude"].values, **kept)
        if progress is not None:
            progress(min(start + writer.shard_traces, n_traces), n_traces)
    writer.finish()


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


def part_path(path: Path) -> Path:
    """Where a store or file stands while it is being written."""
    return path.with_name(f".{path.name}.part")


def replace_store(part: Path, path: Path) -> None:
    """Give a finished store its name; an older one of that name goes away last."""
    old = path.with_name(f".{path.name}.old")
    if old.exists():
        shutil.rmtree(old)
    if path.exists():
        path.rename(old)
    part.rename(path)
    if old.is_dir():
        shutil.rmtree(old)
    elif old.exists():
        old.unlink()


def plain_json(value: Any) -> Any:
    """The value with NumPy scalars and arrays turned into what JSON holds."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value


def history_line(step: str, options: Mapping[str, Any], version: str) -> str:
    """One entry of a survey's ``history``: what was done, with what, by which version."""
    return json.dumps(
        {"step": step, "options": plain_json(options), "version": version}, sort_keys=True
    )


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
