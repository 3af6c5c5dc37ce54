"""A grid of an MDIO store as a table of traces, read block by block when it is used."""

from __future__ import annotations

from typing import Any

import dask.array
import numpy as np
import zarr
from numpy.typing import NDArray

from geoml.survey.location import AnyPath, inside, zarr_store
from geoml.survey.mdio_group import MdioGroup, quiet_records

_LARGEST_BLOCK_BYTES = 32 * 2**20


class GridRows:
    """Live traces of one stored array, indexed by trace number; picklable, no handle kept.

    Attributes:
        shape: Traces, then what an item of the table holds.
        dtype: Type of the items.
        ndim: 2.

    Args:
        path: The array.
        live: Grid points of the traces, row-major, shape (trace,).
        grid: Lengths of the grid's axes.
        width: Samples, or bytes of a header.
        dtype: Type to give.
    """

    ndim = 2

    def __init__(
        self,
        path: AnyPath,
        live: NDArray[np.int64],
        grid: tuple[int, ...],
        width: int,
        dtype: Any,
    ) -> None:
        self._path = path
        self._live = live
        self._grid = grid
        self.shape = (live.size, width)
        self.dtype = np.dtype(dtype)
        self._array: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_array": None}

    def __getitem__(self, key: tuple[Any, Any]) -> NDArray[Any]:
        rows, columns = key
        points = np.atleast_1d(self._live[rows])
        if points.size == 0:
            return np.empty((0, self.shape[1]), dtype=self.dtype)[:, columns]
        where = np.unravel_index(points, self._grid)
        low = [int(axis.min()) for axis in where]
        box = tuple(slice(a, int(axis.max()) + 1) for a, axis in zip(low, where, strict=True))
        table = self._box(box)[tuple(axis - a for a, axis in zip(low, where, strict=True))]
        table = table[:, columns]
        return np.asarray(table if np.ndim(self._live[rows]) else table[0])

    def _box(self, box: tuple[slice, ...]) -> NDArray[Any]:
        """A corner-to-corner part of the grid, shape (..., width)."""
        if self._array is None:
            with quiet_records():
                self._array = zarr.open_array(zarr_store(self._path, read_only=True), mode="r")
        values = np.ascontiguousarray(self._array[box])
        if values.ndim == len(self._grid):  # headers: one record a grid point
            return values.view(np.uint8).reshape(*values.shape, -1)
        return values.astype(self.dtype, copy=False)


def lazy_samples(mdio: MdioGroup) -> dask.array.Array:
    """Samples of the live traces, row-major over the grid, float32 of shape (trace, time)."""
    return _lazy(mdio, mdio.sample_name, int(mdio.samples.shape[-1]), np.float32)


def lazy_header_bytes(mdio: MdioGroup) -> dask.array.Array | None:
    """The untouched trace headers of shape (trace, 240), None where they were not kept."""
    array = mdio.array("raw_headers")
    return None if array is None else _lazy(mdio, "raw_headers", array.dtype.itemsize, np.uint8)


def _lazy(mdio: MdioGroup, name: str, width: int, dtype: Any) -> dask.array.Array:
    rows = GridRows(inside(mdio.path, name), mdio.live, mdio.grid, width, dtype)
    sizes = block_traces(mdio, width * np.dtype(dtype).itemsize)
    # fancy=False: a list of traces reads whole blocks once instead of point by point.
    return dask.array.from_array(rows, chunks=(sizes, (width,)), name=False, fancy=False)


def block_traces(mdio: MdioGroup, trace_bytes: int) -> tuple[int, ...]:
    """Traces of consecutive blocks that read each stored chunk as seldom as memory allows.

    A block spans one stored chunk along the first axis whose slabs are small enough; all of the
    axes inside it are whole, so that its traces follow each other.

    Args:
        mdio: The opened store.
        trace_bytes: Bytes of a trace.
    """
    grid, chunk = mdio.grid, mdio.samples.chunks
    largest = max(1, _LARGEST_BLOCK_BYTES // trace_bytes)
    strides = [int(np.prod(grid[axis + 1 :], dtype=np.int64)) for axis in range(len(grid))]
    axis = next((n for n, stride in enumerate(strides) if stride <= largest), len(grid) - 1)
    step = max(1, min(int(chunk[axis]), largest // strides[axis]))
    slab = grid[axis] * strides[axis]
    starts = np.arange(0, grid[axis], step) * strides[axis]
    n_slabs = int(np.prod(grid[:axis], dtype=np.int64))
    edges = (np.arange(n_slabs)[:, None] * slab + starts).reshape(-1)
    first = np.append(np.searchsorted(mdio.live, edges), mdio.live.size)
    sizes = np.diff(np.unique(first))
    return tuple(int(size) for size in sizes)
