"""A survey on disk or in an object store: one Zarr v3 group that ``xarray.open_zarr`` reads.

A store is written whole shard by whole shard, on a disk under a temporary name beside its target,
and gets its ``complete`` mark and its name only when every trace is there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import xarray as xr
import zarr

from geoml.errors import StoreError
from geoml.survey.gathers import GatherIndex, GatherKind, check_kind
from geoml.survey.location import AnyPath, exists, inside, is_url, zarr_store
from geoml.survey.mdio import is_mdio, open_mdio
from geoml.survey.schema import STORE_VERSION, TRACE_BYTES
from geoml.survey.store_files import (
    history_line,
    part_path,
    plain_json,
    replace_store,
    work_place,
)
from geoml.survey.store_layout import chunk_traces
from geoml.survey.store_writer import SurveyWriter, create_store

__all__ = [
    "Progress",
    "SurveyWriter",
    "chunk_traces",
    "create_store",
    "history_line",
    "open_survey",
    "part_path",
    "plain_json",
    "replace_store",
    "save_survey",
    "stored_gather_index",
]

Progress = Callable[[int, int], None]
"""Called with (traces done, traces in all)."""


def open_survey(path: AnyPath, *, partial: bool = False) -> xr.Dataset:
    """A survey whose amplitudes are read from disk when they are used.

    A store that MDIO wrote opens as ``open_mdio`` says.

    Args:
        path: The store, a path or an fsspec URL.
        partial: Accept a store that is still being written; traces not yet there are 0.

    Returns:
        Dataset of dims (trace, time); one Dask block is one stored chunk, about one gather.

    Raises:
        StoreError: If there is no store, or it is incomplete or of another version.
    """
    if is_mdio(path):
        return open_mdio(path)
    place = _place(path, partial)
    survey = xr.open_zarr(zarr_store(place, read_only=True), consolidated=False)
    if "amplitude" not in survey or survey["amplitude"].dims != ("trace", "time"):
        if survey.attrs.get("complete") is False:
            raise StoreError(_unfinished(path))
        raise StoreError(
            f"{path}: a Zarr group without amplitude(trace, time); a survey store is needed."
        )
    if not survey.attrs.get("complete", False) and not partial:
        raise StoreError(_unfinished(path))
    version = survey.attrs.get("store_version")
    if version != STORE_VERSION:
        raise StoreError(
            f"{path}: store version {version}, this geoml reads {STORE_VERSION}; ingest it again."
        )
    return survey


def stored_gather_index(path: AnyPath, kind: GatherKind = "shot") -> GatherIndex:
    """The gathers of a store, as they were computed when it was written.

    Args:
        path: The store.
        kind: What the traces of a gather share.

    Raises:
        OptionError: If the kind is unknown.
        StoreError: If there is no such store.
    """
    check_kind(kind)
    group = zarr.open_group(zarr_store(_place(path, partial=False), read_only=True), mode="r")
    name = f"gathers/{kind}"
    if name not in group:
        raise StoreError(f"{path}: no gather index in the store; ingest it again.")
    key, trace, start = (group[f"{name}/{part}"][:] for part in ("key", "trace", "start"))  # type: ignore[index]
    return GatherIndex(kind, key, trace, start)  # type: ignore[arg-type]


def save_survey(
    survey: xr.Dataset,
    path: AnyPath,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write a survey, computing and storing one shard at a time.

    Args:
        survey: Dataset of dims (trace, time); the amplitude may be a Dask graph.
        path: The store to make, a path or an fsspec URL.
        overwrite: Replace a store that is already there.
        progress: Told the traces done after each shard.

    Raises:
        StoreError: If the target exists and ``overwrite`` is False.
    """
    writer = create_store(path, survey, overwrite=overwrite)
    for start, stop in writer.shards():
        block = survey.isel(trace=slice(start, stop))
        kept = {name: block[name].values for name in TRACE_BYTES if name in survey}
        writer.write(start, block["amplitude"].values, kept)
        if progress is not None:
            progress(stop, writer.n_traces)
    if "trailing_bytes" in survey:
        writer.set_trailing_bytes(survey["trailing_bytes"].values)
    writer.finish()


def _place(path: AnyPath, partial: bool) -> AnyPath:
    """Where the store stands."""
    if exists(inside(path, "zarr.json")):
        return path
    begun = not is_url(path) and exists(inside(work_place(path), "zarr.json"))
    if begun and partial:
        return work_place(path)
    if begun:
        raise StoreError(_unfinished(path))
    where = path if is_url(path) else Path(path)
    raise StoreError(f"{where}: no survey store there. Make one with: geoml ingest FILE {where}")


def _unfinished(path: AnyPath) -> str:
    return (
        f"{path}: the store is incomplete; run the command that writes it again, or pass "
        "--partial to look at what is there."
    )
