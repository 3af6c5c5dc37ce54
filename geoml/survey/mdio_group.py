"""The arrays of an MDIO version 1 store: their names, dimensions, units and live traces.

An MDIO store is a Zarr group of one sample array over a grid such as (shot_point, channel, time),
its coordinates, a mask of the grid points that hold a trace, and the trace headers as records.

References:
    TGS (2025), MDIO 1.1 data model, https://mdio-python.readthedocs.io.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from geoml.errors import StoreError
from geoml.survey.location import AnyPath, exists, filesystem, inside, zarr_store

MDIO_MAJOR = "1"
_DOMAINS = ("time", "depth")
_GROUP_MARKS = ("zarr.json", ".zgroup")
# What Zarr raises for metadata that are missing, damaged, or newer than it is.
_ZARR_ERRORS = (KeyError, ValueError, TypeError, AttributeError, NotImplementedError, OSError)


@contextmanager
def quiet_records() -> Iterator[None]:
    """Records have no final Zarr v3 specification yet; Zarr says so at each opening."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Zarr V3 specification.*")
        yield


def mdio_attrs(path: AnyPath) -> dict[str, Any] | None:
    """Attributes of an MDIO group of any version, None where the place is no MDIO store."""
    # Asked first: Zarr looks for all of them at once, and fails less readably at a service.
    if not any(exists(inside(path, mark)) for mark in _GROUP_MARKS):
        return None
    try:
        group = zarr.open_group(zarr_store(path, read_only=True), mode="r")
    except _ZARR_ERRORS:
        return None
    attrs = dict(group.attrs)
    return attrs if "apiVersion" in attrs or "api_version" in attrs else None


@dataclass(frozen=True, eq=False)
class MdioGroup:
    """An opened MDIO store.

    Attributes:
        path: The store.
        group: Its Zarr group.
        attrs: Its attributes.
        sample_name: Name of the array of samples.
        dims: Names of the grid's axes and, last, of the vertical axis.
        live: Grid points that hold a trace, as numbers in row-major order, shape (trace,).
    """

    path: AnyPath
    group: zarr.Group
    attrs: dict[str, Any]
    sample_name: str
    dims: tuple[str, ...]
    live: NDArray[np.int64]

    @property
    def samples(self) -> Any:
        """Array of samples, dims ``dims``."""
        return self.group[self.sample_name]

    @property
    def grid(self) -> tuple[int, ...]:
        """Lengths of the grid's axes."""
        return tuple(int(size) for size in self.samples.shape[:-1])

    def array(self, name: str) -> Any | None:
        """An array over axes of this grid, None where there is none of that name."""
        if name not in self.group:
            return None
        with quiet_records():
            array: Any = self.group[name]
        fits = isinstance(array, zarr.Array) and set(dimension_names(array)) <= set(self.dims)
        return array if fits else None

    def trace_values(self, name: str) -> NDArray[Any] | None:
        """A coordinate's value at each live trace, shape (trace,); None where there is none."""
        array = self.array(name)
        if array is None or self.dims[-1] in dimension_names(array):
            return None
        points = dict(zip(self.dims, np.unravel_index(self.live, self.grid), strict=False))
        values = np.asarray(array[...])
        return np.asarray(values[tuple(points[dim] for dim in dimension_names(array))])

    def length_unit(self) -> str:
        """Unit of the coordinates, empty where none is named."""
        for name in ("source_coord_x", "group_coord_x", "cdp_x"):
            array = self.array(name)
            unit = None if array is None else _unit(array, "length")
            if unit:
                return unit
        return ""

    def time_unit(self) -> str:
        """Unit of a time axis, empty where none is named."""
        array = self.array(self.dims[-1])
        return "" if array is None else _unit(array, "time")

    def file_header(self) -> dict[str, Any]:
        """Text and binary header of the SEG-Y, empty where they were not kept."""
        if "segy_file_header" not in self.group:
            return {}
        return dict(self.group["segy_file_header"].attrs)

    def traces_without_samples(self) -> NDArray[np.bool_]:
        """Live traces of which a stored block is missing, shape (trace,).

        The names of the blocks are compared with those that the traces need; no sample is read.
        """
        array = self.samples
        block = array.shards or array.chunks
        counts = [-(-size // step) for size, step in zip(array.shape, block, strict=True)]
        points = np.unravel_index(self.live, self.grid)
        columns = [point // step for point, step in zip(points, block[:-1], strict=True)]
        column = np.ravel_multi_index(columns, counts[:-1])
        needed, member = np.unique(column, return_inverse=True)
        fs, name = filesystem(inside(self.path, self.sample_name))
        there = {found[len(name) :].lstrip("/") for found in fs.find(name)}
        whole = [
            all(
                array.metadata.encode_chunk_key((*outer, vertical)) in there
                for vertical in range(counts[-1])
            )
            for outer in zip(*np.unravel_index(needed, counts[:-1]), strict=True)
        ]
        return ~np.array(whole, dtype=bool)[member.reshape(-1)]


def open_group(path: AnyPath) -> MdioGroup:
    """Open an MDIO store and find its samples and live traces.

    Raises:
        StoreError: If it is no MDIO store, of another version, or lacks what a survey needs.
    """
    name = os.fspath(path)
    attrs = mdio_attrs(path)
    if attrs is None:
        raise StoreError(f"{name}: no MDIO store there.")
    if "apiVersion" not in attrs:
        raise StoreError(
            f"{name}: an MDIO version 0 store ({attrs['api_version']}); version 1 is needed. "
            "Ingest the SEG-Y itself, or export it with the mdio release that wrote the store."
        )
    version = str(attrs["apiVersion"])
    if version.partition(".")[0] != MDIO_MAJOR:
        raise StoreError(f"{name}: MDIO version {version}; this geoml reads version {MDIO_MAJOR}.")
    try:
        with quiet_records():
            group = zarr.open_group(zarr_store(path, read_only=True), mode="r")
            return _described(path, group, attrs)
    except _ZARR_ERRORS as error:
        raise StoreError(
            f"{name}: a damaged MDIO store ({' '.join(str(error).split())})."
        ) from None


def dimension_names(array: Any) -> tuple[str, ...]:
    """Axis names of an array of either Zarr format."""
    names = getattr(array.metadata, "dimension_names", None)
    return tuple(names or array.attrs.get("_ARRAY_DIMENSIONS", ()))


def _described(path: AnyPath, group: zarr.Group, attrs: dict[str, Any]) -> MdioGroup:
    name = os.fspath(path)
    kept: dict[str, Any] = attrs.get("attributes") or {}
    sample_name = str(kept.get("defaultVariableName", "amplitude"))
    if sample_name not in group:
        raise StoreError(f"{name}: an MDIO store without its samples, the array '{sample_name}'.")
    samples: Any = group[sample_name]
    dims = dimension_names(samples)
    if len(dims) < 2 or dims[-1] not in _DOMAINS or samples.dtype.kind not in "fiu":
        raise StoreError(
            f"{name}: the array '{sample_name}' has the axes ({', '.join(dims)}) of "
            f"{samples.dtype}; a grid and then time or depth, of real numbers, is needed."
        )
    mask = np.ones(samples.shape[:-1], dtype=bool)
    if "trace_mask" in group:
        stored: Any = group["trace_mask"]
        order = [dimension_names(stored).index(dim) for dim in dims[:-1]]
        mask = np.asarray(stored[...], dtype=bool).transpose(order)
    live = np.flatnonzero(mask)
    if live.size == 0:
        raise StoreError(f"{name}: an MDIO store without a single live trace.")
    return MdioGroup(path, group, attrs, sample_name, dims, live)


def _unit(array: Any, kind: str) -> str:
    units = array.attrs.get("unitsV1") or {}
    return str(units.get(kind, "")) if isinstance(units, dict) else ""
