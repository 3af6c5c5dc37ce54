"""A survey on disk: one Zarr v3 group that plain ``xarray.open_zarr`` reads.

A store is written whole shard by whole shard, under a temporary name beside its target, and gets
its name and its ``complete`` mark only when every trace is there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import xarray as xr

from geoml.errors import StoreError
from geoml.survey.schema import STORE_VERSION
from geoml.survey.store_files import history_line, part_path, plain_json, replace_store
from geoml.survey.store_writer import SurveyWriter, chunk_traces, create_store

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
]

Progress = Callable[[int, int], None]
"""Called with (traces done, traces in all)."""

_KEPT_BYTES = ("header_bytes", "sample_bytes")


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
