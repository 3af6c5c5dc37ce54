"""A wells store: one Zarr v3 group that ``xarray.open_zarr`` reads, all wells in one table of rows.

Wells stand one below the other in a flat table, so that two thousand of them are as few files as
one. The group ``original`` holds every well as its file had it: depths, units, nulls made NaN.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from geoml.errors import StoreError
from geoml.registry import lookup
from geoml.survey.well_writer import ORIGINAL, RESERVED, WELLS_VERSION, WellWriter

__all__ = [
    "WellWriter",
    "open_wells",
    "original_if_stored",
    "original_well",
    "save_wells",
    "well",
    "well_attrs",
    "well_curves",
    "well_names",
    "wells",
]

WellItem = xr.Dataset | tuple[xr.Dataset, xr.Dataset | None]

# Rows that are in memory at a time while wells are gone through.
_BLOCK_ROWS = 2**19


def save_wells(
    items: Iterable[WellItem],
    path: str | Path,
    *,
    history: Sequence[str] = (),
    overwrite: bool = False,
) -> None:
    """Write wells into a store, one in memory at a time.

    Args:
        items: Wells as ``well_dataset`` makes them, each alone or with its original.
        path: The store to make.
        history: Lines of what was done, see ``history_line``.
        overwrite: Replace a store that is already there.

    Raises:
        StoreError: If the target exists and ``overwrite`` is False, or there is no well.
    """
    writer = WellWriter(path, history=history, overwrite=overwrite)
    try:
        for item in items:
            one, original = item if isinstance(item, tuple) else (item, None)
            writer.append(one, original)
    except BaseException:
        writer.abandon()
        raise
    writer.finish()


def open_wells(path: str | Path) -> xr.Dataset:
    """The table of a wells store, read when it is used.

    Returns:
        Curves of dim (row) with ``depth`` [m] and ``well_index``; ``well_name``, ``well_row``,
        ``well_rows`` and ``well_metadata`` of dim (well).

    Raises:
        StoreError: If there is no store, or it is of another kind or version.
    """
    return _open(path, None)


def well_names(store: xr.Dataset | str | Path) -> list[str]:
    """Names of the wells in a store, in its order."""
    return [str(name) for name in _table(store)["well_name"].values]


def well_attrs(store: xr.Dataset | str | Path) -> dict[str, dict[str, Any]]:
    """Attributes of every well by name; no curve is read."""
    return {name: facts["attrs"] for name, facts in _metadata(_table(store)).items()}


def well_curves(store: xr.Dataset | str | Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Attributes of every curve by well and name; no curve is read."""
    return {name: facts["curves"] for name, facts in _metadata(_table(store)).items()}


def wells(
    store: xr.Dataset | str | Path,
    names: Sequence[str] | None = None,
    curves: Sequence[str] | None = None,
) -> Iterator[tuple[str, xr.Dataset]]:
    """Every well of a store in turn, in memory, with the curves that it has.

    Args:
        store: A store, or its table as ``open_wells`` gives it.
        names: Only these wells, in the store's order; all of them by default.
        curves: Only these curves, where a well has them.

    Yields:
        Name and dataset of dim (depth), as ``well_dataset`` makes it.

    Raises:
        UnknownNameError: If there is no well of a name.
    """
    table = _table(store)
    metadata = _metadata(table)
    for name in names or ():
        lookup(metadata, name, "well")
    columns = [str(c) for c in table.data_vars if c not in RESERVED]
    if curves is not None:
        columns = [column for column in columns if column in curves]
    spans = _spans(table)
    chosen = [name for name in spans if names is None or name in set(names)]
    for block in _blocks(chosen, spans):
        first, last = spans[block[0]][0], spans[block[-1]][1]
        there = {c for name in block for c in metadata[name]["curves"]}
        wanted = ["depth", *(column for column in columns if column in there)]
        rows = table[wanted].isel(row=slice(first, last)).load()
        for name in block:
            start, stop = spans[name]
            part = {str(c): v.values[start - first : stop - first] for c, v in rows.items()}
            yield name, _one_well(table, part, metadata[name])


def well(store: xr.Dataset | str | Path, name: str) -> xr.Dataset:
    """One well of a store, in memory.

    Raises:
        UnknownNameError: If there is no well of that name.
    """
    return next(iter(wells(store, [name])))[1]


def original_well(path: str | Path, name: str) -> xr.Dataset:
    """A well as its file had it: its own depths, order, units and mnemonics.

    Args:
        path: The store.
        name: The well.

    Returns:
        Dataset of dim (depth), float64, NaN where the file says null.

    Raises:
        StoreError: If the well was stored without its original.
        UnknownNameError: If there is no well of that name.
    """
    facts = lookup(_metadata(_open(path, None)), name, "well").get(ORIGINAL)
    if facts is None:
        raise StoreError(f"{path}: well '{name}' was stored without the curves of its file.")
    table = _open(path, ORIGINAL)
    rows = table.isel(row=slice(facts["row"], facts["row"] + facts["rows"]))
    data = {}
    for column, attrs in facts["curves"].items():
        words = table[column].attrs.get("categories")
        own = attrs if words is None else {**attrs, "categories": words}
        data[column] = ("depth", rows[column].values, own)
    coords = {"depth": ("depth", rows["index"].values, facts["index"])}
    return xr.Dataset(data, coords=coords, attrs=facts["attrs"])


def original_if_stored(path: str | Path, name: str) -> xr.Dataset | None:
    """As ``original_well``, None where the well was stored without."""
    try:
        return original_well(path, name)
    except StoreError:
        return None


def _one_well(table: xr.Dataset, part: dict[str, Any], facts: dict[str, Any]) -> xr.Dataset:
    data = {}
    for column, attrs in facts["curves"].items():
        if column in part:
            words = table[column].attrs.get("categories")
            own = attrs if words is None else {**attrs, "categories": words}
            data[column] = ("depth", part[column].copy(), own)
    coords = {"depth": ("depth", part["depth"].copy(), {"units": "m", "positive": "down"})}
    return xr.Dataset(data, coords=coords, attrs=facts["attrs"])


def _open(path: str | Path, group: str | None) -> xr.Dataset:
    path = Path(path)
    if not (path / "zarr.json").is_file():
        raise StoreError(
            f"{path}: no wells store there. Make one with: geoml wells ingest FILES... {path}"
        )
    # Before xarray sees it: curves of a half-written table differ in length.
    attrs = zarr.open_group(path, mode="r").attrs.asdict()
    if attrs.get("complete") is False:
        raise StoreError(
            f"{path}: incomplete, its writer was stopped; make it again with 'geoml wells ingest'."
        )
    if attrs.get("wells_version") != WELLS_VERSION:
        raise StoreError(
            f"{path}: not a wells store of version {WELLS_VERSION}; 'geoml wells ingest' makes one."
        )
    return xr.open_zarr(path, group=group, consolidated=False, chunks=None)


def _table(store: xr.Dataset | str | Path) -> xr.Dataset:
    return store if isinstance(store, xr.Dataset) else open_wells(store)


def _metadata(table: xr.Dataset) -> dict[str, dict[str, Any]]:
    texts = table["well_metadata"].values
    return {str(n): json.loads(t) for n, t in zip(table["well_name"].values, texts, strict=True)}


def _spans(table: xr.Dataset) -> dict[str, tuple[int, int]]:
    """First row and row behind the last of every well."""
    starts, counts = (table[name].values.astype(np.int64) for name in ("well_row", "well_rows"))
    names = table["well_name"].values
    return {
        str(name): (int(start), int(start + count))
        for name, start, count in zip(names, starts, counts, strict=True)
    }


def _blocks(names: Sequence[str], spans: dict[str, tuple[int, int]]) -> Iterator[list[str]]:
    """Neighbouring wells that are read together."""
    block: list[str] = []
    for name in names:
        if block and spans[name][1] - spans[block[0]][0] > _BLOCK_ROWS:
            yield block
            block = []
        block.append(name)
    if block:
        yield block
