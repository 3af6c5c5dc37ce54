"""Every chunk of a store, read and compared with its checksum; none may be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from geoml.survey.location import AnyPath, filesystem, zarr_store
from geoml.survey.memory import release_memory
from geoml.survey.scheduler import n_cores
from geoml.survey.store_journal import COUNTS, journal_counts

# Shards in work at once, decoded: with their compressed bytes about twice this is held.
_MEMORY_BYTES = 64 * 2**20
_ABSENT = 2**64 - 1
_CRC_BYTES = 4
_SPARSE = "sample_bytes"


@dataclass(frozen=True)
class ChunkCheck:
    """What a pass over all chunks found.

    Attributes:
        n_arrays: Arrays of the store.
        n_files: Files, or objects, that hold chunks.
        n_bytes: Their length [bytes].
        damage: One line for each thing that is wrong.
    """

    n_arrays: int
    n_files: int
    n_bytes: int
    damage: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _ChunkFile:
    """One file of an array: a shard of chunks, or a chunk.

    Attributes:
        array: The array, opened.
        key: Name of the file in the store.
        region: The part of the array that it holds.
    """

    array: zarr.Array[Any]
    key: str
    region: tuple[slice, ...]

    @property
    def place(self) -> str:
        """The array and the rows that the file holds."""
        return self.named(self.region)

    def named(self, region: tuple[slice, ...]) -> str:
        """The array and the rows of a part of it."""
        name = self.array.path
        if not region:
            return name
        dims = getattr(self.array.metadata, "dimension_names", None) or ("row",)
        first, last = region[0].start, region[0].stop - 1
        rows = f"{dims[0]}s {first} to {last}" if first != last else f"{dims[0]} {first}"
        return f"{name}, {rows}"

    def unreadable(self) -> list[str]:
        """The chunks that do not decode or whose checksum is wrong."""
        damage = []
        for part in self._parts():
            try:
                self.array[part]
            except Exception as error:  # a damaged chunk fails in its codec's own way
                reason = " ".join(str(error).split()) or type(error).__name__
                damage.append(f"{self.named(part)}: cannot be read back ({reason})")
        return damage

    def _parts(self) -> Iterator[tuple[slice, ...]]:
        """The region, row of chunks by row of chunks."""
        if not self.region:
            yield ()
            return
        rows, others = self.region[0], self.region[1:]
        step = self.array.chunks[0]
        for start in range(rows.start, rows.stop, step):
            yield slice(start, min(start + step, rows.stop)), *others


def check_chunks(path: AnyPath, progress: Callable[[int, int], None] | None = None) -> ChunkCheck:
    """Read every chunk of every array of a store.

    A chunk that is missing would be read as zeros by any Zarr reader, so each one is looked for:
    as a file, and in the index of its shard.

    Args:
        path: The store, a path or an fsspec URL.
        progress: Called with (files done, files in all).
    """
    fs, root = filesystem(path)
    fs.invalidate_cache()
    root = root.rstrip("/")
    sizes = {
        name[len(root) + 1 :]: int(facts["size"])
        for name, facts in fs.find(root, detail=True).items()
    }
    group = zarr.open_group(zarr_store(path, read_only=True), mode="r")
    arrays = [
        member for _, member in group.members(max_depth=None) if isinstance(member, zarr.Array)
    ]
    sparse_rows = _sparse_rows(group)
    files, damage = [], []
    for array in arrays:
        for file in _chunk_files(array):
            if file.key in sizes:
                files.append(file)
            elif array.path != _SPARSE or sparse_rows is None or _any(sparse_rows, file.region[0]):
                damage.append(f"{file.place}: the file {file.key} is missing")
    known = {file.key for file in files}
    strays = sorted(key for key in sizes if "/c/" in key and key not in known)
    strays = [key for key in strays if not key.rpartition("/")[2].startswith(".")]
    if strays:
        damage.append(f"{strays[0]}: belongs to no array ({len(strays)} such files)")

    def check(file: _ChunkFile) -> list[str]:
        found = file.unreadable()
        if found or file.array.shards is None:
            return found
        size = sizes[file.key]
        index_bytes = 16 * _chunks_a_shard(file.array) + _CRC_BYTES
        if size < index_bytes:
            return [f"{file.place}: the shard is cut, {size} bytes are left"]
        raw = fs.cat_file(f"{root}/{file.key}", start=size - index_bytes, end=size)
        return _missing_chunks(file, raw, size, sparse_rows)

    for done, found in enumerate(_side_by_side(check, files), start=1):
        damage += found
        release_memory()
        if progress is not None:
            progress(done, len(files))
    n_bytes = sum(sizes[file.key] for file in files)
    return ChunkCheck(len(arrays), len(files), n_bytes, tuple(damage))


def _chunk_files(array: zarr.Array[Any]) -> Iterator[_ChunkFile]:
    """Every file that an array consists of."""
    widths = array.shards or array.chunks
    grid = [range(-(-size // width)) for size, width in zip(array.shape, widths, strict=True)]
    for coords in product(*grid):
        region = tuple(
            slice(at * width, min((at + 1) * width, size))
            for at, width, size in zip(coords, widths, array.shape, strict=True)
        )
        name = array.metadata.encode_chunk_key(coords)
        yield _ChunkFile(array, f"{array.path}/{name}", region)


def _missing_chunks(
    file: _ChunkFile, raw: bytes, size: int, sparse_rows: NDArray[np.bool_] | None
) -> list[str]:
    """Chunks that the index of a shard leaves out.

    Args:
        file: The shard.
        raw: The end of the file, where the index stands: offset and length of each chunk.
        size: Length of the file [bytes].
        sparse_rows: See ``_sparse_rows``.

    References:
        Zarr v3 specification, sharding codec: an index entry of two times 2**64 - 1 is an absent
        chunk.
    """
    index = np.frombuffer(raw[:-_CRC_BYTES], "<u8").reshape(-1, 2)
    stored = index[index[:, 0] != _ABSENT]
    if int(stored[:, 1].sum()) + len(raw) != size:
        return [f"{file.place}: the shard holds bytes that are no chunk of it"]
    rows = file.region[0]
    step = file.array.chunks[0]
    n_along = [
        shard // chunk
        for shard, chunk in zip(file.array.shards or (), file.array.chunks, strict=True)
    ]
    there = (index[:, 0] != _ABSENT).reshape(n_along)[: -(-(rows.stop - rows.start) // step)]
    missing = []
    for at in np.flatnonzero(~there.reshape(len(there), -1).all(axis=1)):
        part = slice(rows.start + int(at) * step, min(rows.start + (int(at) + 1) * step, rows.stop))
        sparse = file.array.path == _SPARSE and sparse_rows is not None
        if not sparse or _any(sparse_rows, part):
            missing.append(f"{file.named((part,))}: the chunk is missing from its shard")
    return missing


def _sparse_rows(group: zarr.Group) -> NDArray[np.bool_] | None:
    """Traces in whose shard some samples are kept as bytes; the others need no such chunk."""
    if "amplitude" not in group or "journal" not in group:
        return None
    amplitude: Any = group["amplitude"]
    inexact = journal_counts(group)[:, COUNTS.index("n_inexact")] > 0
    return np.repeat(inexact, amplitude.shards[0])[: amplitude.shape[0]]


def _any(rows: NDArray[np.bool_] | None, region: slice) -> bool:
    return rows is None or bool(rows[region].any())


def _chunks_a_shard(array: zarr.Array[Any]) -> int:
    pairs = zip(array.shards or (), array.chunks, strict=True)
    return int(np.prod([shard // chunk for shard, chunk in pairs]))


def _side_by_side(
    check: Callable[[_ChunkFile], list[str]], files: list[_ChunkFile]
) -> Iterator[list[str]]:
    """Results in order, several files at a time within the memory budget."""
    largest = max((_decoded_bytes(file) for file in files), default=1)
    n_workers = max(1, min(n_cores(), _MEMORY_BYTES // largest))
    with ThreadPoolExecutor(n_workers) as pool:
        rest = iter(files)
        # No more than this wait at once: results are short, but a store may have many files.
        while batch := list(islice(rest, 64)):
            yield from pool.map(check, batch)


def _decoded_bytes(file: _ChunkFile) -> int:
    sizes = [part.stop - part.start for part in file.region]
    return max(1, int(np.prod(sizes)) * file.array.dtype.itemsize)
