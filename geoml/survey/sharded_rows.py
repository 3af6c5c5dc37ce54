"""Rows of a sharded Zarr array on a local disk, decoded in the calling thread.

zarr takes each read through an event loop in a thread of its own, and decodes in a third: for one
gather this costs twice as much as the work itself, and more on a busy machine. What geoml writes
has one layout, and that is read here by the specification; for any other, zarr is there.

References:
    Zarr v3 core specification, 2023; sharding_indexed codec 1.0 (ZEP 2), 2023.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

import google_crc32c
import numpy as np
from numcodecs import blosc
from numpy.typing import NDArray

from geoml.errors import StoreError

_CHECKSUM_BYTES = 4
_ENTRY_BYTES = 16  # offset and length of a chunk
_NO_CHUNK = 2**64 - 1


class ShardedRows:
    """The float32 rows of one array; no file is kept open.

    Args:
        folder: The array.
        shape: Rows, and numbers a row.
        chunk: Rows a chunk.
        shard: Rows a shard.
        fill_value: What stands where no chunk was written.
    """

    def __init__(
        self, folder: Path, shape: tuple[int, int], chunk: int, shard: int, fill_value: float
    ) -> None:
        self._folder = folder
        self._shape = shape
        self._chunk = chunk
        self._chunks_a_shard = shard // chunk
        self._fill_value = fill_value

    @classmethod
    def of(cls, folder: Path) -> ShardedRows | None:
        """The rows of an array, None where it is laid out in another way than geoml's."""
        meta = json.loads((folder / "zarr.json").read_bytes())
        shape, shards = meta["shape"], meta["chunk_grid"]["configuration"].get("chunk_shape")
        codec = meta["codecs"][0]
        chunks = codec.get("configuration", {}).get("chunk_shape")
        if len(shape) != 2 or not shards or not chunks or chunks[1] != shape[1]:
            return None
        found = cls(folder, (shape[0], shape[1]), chunks[0], shards[0], meta["fill_value"])
        return found if _layout(meta) == _LAYOUT and shards[1] == shape[1] else None

    def read(self, rows: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        """Some rows, shape (row, number); of each chunk that holds any, all is read, once.

        Args:
            rows: A slice within the array, or ascending numbers.

        Raises:
            StoreError: If a shard is missing, or a checksum does not fit.
        """
        numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        found = np.empty((numbers.size, self._shape[1]), dtype="<f4")
        if not numbers.size:
            return found
        chunks, first = np.unique(numbers // self._chunk, return_index=True)
        places = zip(first, np.append(first[1:], numbers.size), strict=True)
        scratch = np.empty((self._chunk, self._shape[1]), dtype="<f4")
        contents = self._contents(chunks.tolist())
        for (chunk, content), (low, high) in zip(contents, places, strict=True):
            if content is None:
                found[low:high] = self._fill_value
            elif high - low == self._chunk:
                _decompress(content, found[low:high])
            else:
                _decompress(content, scratch)
                found[low:high] = scratch[numbers[low:high] - chunk * self._chunk]
        return found

    def _contents(self, chunks: list[int]) -> Iterator[tuple[int, NDArray[np.uint8] | None]]:
        """Number and compressed bytes of each chunk, None of one that was never written."""
        index_bytes = _ENTRY_BYTES * self._chunks_a_shard + _CHECKSUM_BYTES
        for shard, members in groupby(chunks, key=lambda chunk: chunk // self._chunks_a_shard):
            path = self._folder / "c" / str(shard) / "0"
            try:
                file = path.open("rb", buffering=0)
            except FileNotFoundError:
                raise StoreError(f"{path}: the shard is missing") from None
            with file:
                n_bytes = file.seek(0, 2)
                index = _checked(file, n_bytes - index_bytes, index_bytes).view("<u8")
                for chunk in members:
                    at = 2 * (chunk % self._chunks_a_shard)
                    offset, length = int(index[at]), int(index[at + 1])
                    if offset == length == _NO_CHUNK:
                        yield chunk, None
                        continue
                    yield chunk, _checked(file, offset, length)


def _checked(file: Any, offset: int, n_bytes: int) -> NDArray[np.uint8]:
    """Bytes of a file without the checksum at their end.

    Raises:
        StoreError: If they are not there, or the checksum is not theirs.
    """
    if offset >= 0 and n_bytes >= _CHECKSUM_BYTES:
        file.seek(offset)
        found = np.frombuffer(file.read(n_bytes), dtype=np.uint8)
        if found.size == n_bytes:
            content, checksum = found[:-_CHECKSUM_BYTES], found[-_CHECKSUM_BYTES:]
            if google_crc32c.value(content) == int.from_bytes(checksum.tobytes(), "little"):
                return content
    raise StoreError(f"{file.name}: bytes from {offset} on do not fit their checksum")


def _decompress(content: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
    # Blosc's own threads gain nothing on one chunk, and on a busy machine wait for each other.
    with _WITHOUT_THREADS:
        blosc.decompress(content, out)


class _WithoutThreads:
    """Blosc without threads of its own while anybody is inside.

    The setting is one for the whole process: the first one in keeps what it was, and the last one
    out puts it back, or two that overlap would leave it changed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_inside = 0
        self._before: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                self._before, blosc.use_threads = blosc.use_threads, False
            self._n_inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                blosc.use_threads = self._before

    def after_fork(self) -> None:
        """Only the thread that forked goes on in a child: nobody is inside, no lock is held."""
        if self._n_inside:
            blosc.use_threads = self._before
        self._lock, self._n_inside = Lock(), 0


_WITHOUT_THREADS = _WithoutThreads()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_WITHOUT_THREADS.after_fork)


def _layout(meta: dict[str, Any]) -> dict[str, Any]:
    """What must be alike of an array's metadata: all but lengths and options of compression."""
    codec = meta["codecs"][0]
    inner = codec.get("configuration", {})
    return {
        "zarr_format": meta["zarr_format"],
        "data_type": meta["data_type"],
        "grid": meta["chunk_grid"]["name"],
        "keys": meta["chunk_key_encoding"],
        "outer": [each["name"] for each in meta["codecs"]],
        "inner": [each["name"] for each in inner.get("codecs", [])],
        "orders": [
            each.get("configuration", {}).get("endian")
            for each in [*inner.get("codecs", []), *inner.get("index_codecs", [])]
        ],
        "index": [each["name"] for each in inner.get("index_codecs", [])],
        "place": inner.get("index_location"),
        "transformers": meta.get("storage_transformers", []),
    }


_LAYOUT = {
    "zarr_format": 3,
    "data_type": "float32",
    "grid": "regular",
    "keys": {"name": "default", "configuration": {"separator": "/"}},
    "outer": ["sharding_indexed"],
    "inner": ["bytes", "blosc", "crc32c"],
    "orders": ["little", None, None, "little", None],
    "index": ["bytes", "crc32c"],
    "place": "end",
    "transformers": [],
}
