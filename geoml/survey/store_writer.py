"""Lays out a survey store and fills it, whole shards only, in one process or many."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from geoml.errors import ShapeError, StoreError
from geoml.survey.gathers import GatherKind, gather_index
from geoml.survey.location import AnyPath, exists, inside, is_url, remove, zarr_store
from geoml.survey.schema import STORE_VERSION, TRACE_BYTES, TRACE_VARIABLES, TRACES_SHARD_FACTOR
from geoml.survey.store_files import check_target, plain_json, publish, remove_litter, work_place
from geoml.survey.store_journal import (
    NOTES,
    VALUES,
    close_journal,
    journal_counts,
    lay_out_journal,
    lay_out_values,
    note_shard,
    take_over_values,
)
from geoml.survey.store_layout import (
    chunk_traces,
    consolidated,
    create_array,
    lay_out_bytes,
    lay_out_traces,
    write_index,
    write_trace_variables,
)
from geoml.survey.store_layout_group import layout_group
from geoml.survey.store_seal import sealed

_RESUME_KEY = "resume_key"


def create_store(
    path: AnyPath,
    template: xr.Dataset,
    *,
    overwrite: bool = False,
    attrs: Mapping[str, Any] | None = None,
    trace_bytes: Mapping[str, int] | None = None,
    late: Sequence[str] = (),
    resume_key: str = "",
) -> SurveyWriter:
    """Lay out a store and write everything but amplitudes and bytes of traces.

    Args:
        path: The store to make. Until ``finish`` it stands beside its target as ``.NAME.part``,
            or in its place on an object store, where nothing can be renamed.
        template: Trace variables and ``time``; its ``amplitude`` gives the shape only and may be
            absent, its attrs go into the store.
        overwrite: Replace a store that is already there, at ``finish``; on an object store now.
        attrs: More attributes.
        trace_bytes: Bytes a trace of ``header_bytes`` and ``extension_bytes``; by default those
            that the template has. ``sample_bytes`` are laid out when the first ones come.
        late: Trace variables of the template whose values come with the shards.
        resume_key: Names the work. An unfinished store of the same key is taken up where it was
            left; any other is removed.

    Raises:
        StoreError: If the target exists and ``overwrite`` is False.
        ShapeError: If the template lacks a trace variable.
    """
    missing = [name for name in TRACE_VARIABLES if name not in template]
    if missing:
        raise ShapeError(f"A survey needs the trace variables {', '.join(missing)}.")
    place = work_place(path)
    begun = _attributes(place)
    resumed = bool(resume_key) and begun.get(_RESUME_KEY) == resume_key
    if is_url(path):
        taken = exists(path) and begun.get("complete", True)
        resumed = resumed and not taken
    else:
        taken = exists(path)
    if taken:
        check_target(path, overwrite)
    if not resumed:
        remove(place)
        wanted = trace_bytes
        if wanted is None:
            wanted = {name: template[name].shape[1] for name in TRACE_BYTES if name in template}
        _lay_out(place, template, {**(attrs or {}), _RESUME_KEY: resume_key}, wanted, late)
    n_traces = template.sizes["trace"]
    return SurveyWriter(path, n_traces, template.sizes["time"], _attributes(place))


def _attributes(place: AnyPath) -> dict[str, Any]:
    """Attributes of a store's group, empty where none can be read."""
    if not exists(inside(place, "zarr.json")):
        return {}
    try:
        return dict(zarr.open_group(zarr_store(place, read_only=True), mode="r").attrs)
    except (ValueError, KeyError, FileNotFoundError):
        return {}


def _lay_out(
    place: AnyPath,
    template: xr.Dataset,
    attrs: dict[str, Any],
    trace_bytes: Mapping[str, int],
    late: Sequence[str],
) -> None:
    n_traces, n_samples = template.sizes["trace"], template.sizes["time"]
    chunk = int(
        template.attrs.get("traces_per_gather")
        or chunk_traces(template["field_record"].values, n_samples)
    )
    with layout_group(place) as group:
        lay_out_traces(group, n_traces, n_samples, chunk)
        for name, n_bytes in trace_bytes.items():
            lay_out_bytes(group, name, n_bytes, chunk)
        write_trace_variables(group, template, chunk)
        for kind in get_args(GatherKind):
            write_index(group, gather_index(template, kind))
        shard = chunk * TRACES_SHARD_FACTOR
        lay_out_journal(group, -(-n_traces // shard))
        lay_out_values(group, late, shard)
        # Last, in one write: without the key a store whose layout was cut short is never resumed.
        marks = {"store_version": STORE_VERSION, "complete": False, "traces_per_gather": chunk}
        group.attrs.update(plain_json({**template.attrs, **attrs, **marks}))


class SurveyWriter:
    """Writes the traces of a laid-out store, whole shards only.

    It may be copied to other threads, processes and machines: each shard is written by one.

    Attributes:
        path: The store's final place.
        n_traces: Traces in all.
        n_samples: Samples a trace.
        shard_traces: Traces a shard.
    """

    def __init__(
        self, path: AnyPath, n_traces: int, n_samples: int, attrs: Mapping[str, Any]
    ) -> None:
        self.path = path
        self.n_traces = n_traces
        self.n_samples = n_samples
        self._chunk = int(attrs["traces_per_gather"])
        self.shard_traces = self._chunk * TRACES_SHARD_FACTOR
        self._opened: tuple[int, zarr.Group, dict[str, Any]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def shards(self) -> list[tuple[int, int]]:
        """First and last trace of every shard."""
        starts = range(0, self.n_traces, self.shard_traces)
        return [(start, min(start + self.shard_traces, self.n_traces)) for start in starts]

    def pending(self) -> list[tuple[int, int]]:
        """The shards that are not stored yet."""
        done = self.counts()[:, 0] > 0
        return [shard for shard, there in zip(self.shards(), done, strict=True) if not there]

    def counts(self) -> NDArray[np.int64]:
        """What was counted in each shard, shape (shard, count); see ``store_journal``."""
        return journal_counts(self._group())

    def write(
        self,
        start: int,
        amplitude: NDArray[np.float32],
        trace_bytes: Mapping[str, NDArray[np.uint8]] | None = None,
        counts: tuple[int, int, int] = (0, 0, 0),
        trace_values: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """Store the traces from ``start`` on: one or more whole shards, or the last part.

        Args:
            start: First trace, a multiple of ``shard_traces``.
            amplitude: Shape (trace, time).
            trace_bytes: Untouched bytes, each of shape (trace, ...): ``header_bytes``,
                ``extension_bytes``, and ``sample_bytes`` of traces that float32 cannot hold,
                zeros for the others, absent where the block has no such trace.
            counts: Traces that are not finite, dead, and not exact in float32.
            trace_values: The ``late`` trace variables, each of shape (trace,).

        Raises:
            ShapeError: If the block does not fill whole shards.
        """
        stop = start + amplitude.shape[0]
        whole = start % self.shard_traces == 0 and (
            stop % self.shard_traces == 0 or stop == self.n_traces
        )
        if amplitude.shape[1:] != (self.n_samples,) or not whole or stop > self.n_traces:
            raise ShapeError(
                f"Traces {start} to {stop} of shape {amplitude.shape} do not fill whole shards of "
                f"{self.shard_traces} traces x {self.n_samples} samples."
            )
        self._array("amplitude")[start:stop] = np.asarray(amplitude, dtype=np.float32)
        for name, block in (trace_bytes or {}).items():
            self._array(name, block.shape[1])[start:stop] = block
        for name, values in (trace_values or {}).items():
            self._array(f"{VALUES}/{name}")[start:stop] = values
        for first in range(start, stop, self.shard_traces):
            last = min(first + self.shard_traces, stop)
            note_shard(self._group(), first // self.shard_traces, (last - first, *counts))
            counts = (0, 0, 0)

    def set_trace_values(self, name: str, values: NDArray[Any]) -> None:
        """Replace a trace variable of the layout, shape (trace,)."""
        self._array(name)[:] = values

    def set_trailing_bytes(self, values: NDArray[np.uint8]) -> None:
        """Keep what follows the last trace in the source, shape (trailing_byte,)."""
        remove(inside(work_place(self.path), "trailing_bytes"))  # of a run that was killed here
        dims, shape = ("trailing_byte",), (values.size,)
        array = create_array(self._group(), "trailing_bytes", shape, shape, "uint8", dims)
        array[:] = values

    def finish(self, **attrs: Any) -> None:
        """Mark the store complete and give it its name.

        Raises:
            StoreError: If shards are missing.
        """
        missing = len(self.pending())
        if missing:
            raise StoreError(f"{self.path}: {missing} shards were not written.")
        group = self._group()
        with zarr.config.set({"array.write_empty_chunks": True}):
            take_over_values(group)
        close_journal(group)
        place = work_place(self.path)
        # First what makes the notes an array: a writer killed here must not take the rest for all.
        remove(inside(place, NOTES, "zarr.json"))
        remove(inside(place, NOTES))
        remove(inside(place, VALUES))
        remove_litter(place)
        kept = {name: value for name, value in group.attrs.items() if name != _RESUME_KEY}
        whole = {**kept, **plain_json(attrs), "complete": True}
        consolidated(place).attrs.put(sealed(place, whole))
        publish(self.path)

    def abandon(self) -> None:
        """Remove what was written."""
        remove(work_place(self.path))

    def _group(self) -> zarr.Group:
        return self._open()[0]

    def _open(self) -> tuple[zarr.Group, dict[str, Any]]:
        """The group and its opened arrays, opened anew in each process."""
        if self._opened is None or self._opened[0] != os.getpid():
            # A killed ``finish`` may have left a list of members that is not true any more.
            group = zarr.open_group(
                zarr_store(work_place(self.path)), mode="r+", use_consolidated=False
            )
            self._opened = (os.getpid(), group, {})
        return self._opened[1:]

    def _array(self, name: str, n_bytes: int | None = None) -> Any:
        group, arrays = self._open()
        if name not in arrays:
            # A missing file must never pass for zeros, so shards of zeros are stored as well.
            with zarr.config.set({"array.write_empty_chunks": True}):
                if n_bytes is not None and name not in group:
                    lay_out_bytes(group, name, n_bytes, self._chunk)
                arrays[name] = group[name]
        return arrays[name]
