from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from numcodecs import blosc
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec

from geoml.errors import StoreError
from geoml.survey import sharded_rows
from geoml.survey.sharded_rows import ShardedRows

N_ROWS, WIDTH, CHUNK, SHARD = 50, 7, 4, 16


def make_array(path: Path, values: np.ndarray, *, fill_value: float = 0.0, **changes) -> None:
    """A float32 array laid out as geoml's amplitudes are, but for ``changes``."""
    options = {
        "chunks": (CHUNK, values.shape[1]),
        "shards": (SHARD, values.shape[1]),
        "dtype": "float32",
        "compressors": [BloscCodec(cname="lz4", shuffle="bitshuffle"), Crc32cCodec()],
        **changes,
    }
    array = zarr.create_array(path, shape=values.shape, fill_value=fill_value, **options)
    array[:] = values


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(N_ROWS, WIDTH)).astype(np.float32)


@pytest.fixture
def rows(values, tmp_path) -> ShardedRows:
    make_array(tmp_path / "a", values)
    found = ShardedRows.of(tmp_path / "a")
    assert found is not None
    return found


def test_runs_are_those_of_the_array(rows, values):
    @given(st.integers(0, N_ROWS), st.integers(0, N_ROWS))
    def check(one, other):
        run = slice(min(one, other), max(one, other))
        np.testing.assert_array_equal(rows.read(run), values[run])

    check()


def test_scattered_rows_are_those_of_the_array(rows, values):
    @given(st.sets(st.integers(0, N_ROWS - 1)))
    def check(wanted):
        numbers = np.array(sorted(wanted), dtype=np.int64)
        np.testing.assert_array_equal(rows.read(numbers), values[numbers])

    check()


def test_special_floats_keep_their_bits(tmp_path):
    bits = np.random.default_rng(1).integers(0, 2**32, (20, 5), dtype=np.uint32)
    bits[0, :3] = [0x80000000, 0x7F800000, 0x00000001]
    make_array(tmp_path / "a", bits.view(np.float32))
    found = ShardedRows.of(tmp_path / "a").read(slice(0, 20))
    np.testing.assert_array_equal(found.view(np.uint32), bits)


@pytest.mark.parametrize("compression", ["lz4", "zstd", "zlib", "blosclz"])
@pytest.mark.parametrize("shuffle", ["noshuffle", "shuffle", "bitshuffle"])
def test_every_compression_of_blosc_is_read(values, tmp_path, compression, shuffle):
    codec = BloscCodec(cname=compression, shuffle=shuffle, clevel=1)
    make_array(tmp_path / "a", values, compressors=[codec, Crc32cCodec()])
    np.testing.assert_array_equal(ShardedRows.of(tmp_path / "a").read(slice(0, 50)), values)


def test_chunk_that_was_never_written_is_the_fill_value(values, tmp_path):
    values[8:12] = 3.5
    config = {"write_empty_chunks": False}
    make_array(tmp_path / "a", values, fill_value=3.5, config=config)
    found = ShardedRows.of(tmp_path / "a").read(slice(5, 40))
    np.testing.assert_array_equal(found, values[5:40])
    np.testing.assert_array_equal(found, zarr.open_array(tmp_path / "a")[5:40])


@pytest.mark.parametrize(
    "changes",
    [
        {"compressors": [BloscCodec()]},
        {"compressors": [zarr.codecs.ZstdCodec(), Crc32cCodec()]},
        {"compressors": None},
        {"serializer": BytesCodec(endian="big")},
        {"dtype": "float64"},
        {"shards": None},
        {"chunks": (CHUNK, 1)},
        {"filters": [zarr.codecs.TransposeCodec(order=(1, 0))]},
        {"chunk_key_encoding": {"name": "default", "separator": "."}},
        {"zarr_format": 3, "chunk_key_encoding": {"name": "v2", "separator": "/"}},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_other_layouts_are_left_to_zarr(values, tmp_path, changes):
    make_array(tmp_path / "a", values, **changes)
    assert ShardedRows.of(tmp_path / "a") is None


def test_missing_shard_is_no_row_of_zeros(rows, values, tmp_path):
    shutil.rmtree(tmp_path / "a" / "c" / "1")
    np.testing.assert_array_equal(rows.read(slice(0, SHARD)), values[:SHARD])
    with pytest.raises(StoreError, match="the shard is missing"):
        rows.read(np.array([0, SHARD]))


def test_every_flipped_byte_is_found(rows, values, tmp_path):
    shard = tmp_path / "a" / "c" / "0" / "0"
    sound = shard.read_bytes()
    for at in range(len(sound)):
        flipped = bytearray(sound)
        flipped[at] ^= 0xFF
        shard.write_bytes(flipped)
        with pytest.raises(StoreError, match="do not fit their checksum"):
            rows.read(slice(0, SHARD))
    shard.write_bytes(sound)
    np.testing.assert_array_equal(rows.read(slice(0, SHARD)), values[:SHARD])


def test_cut_shard_is_found(rows, tmp_path):
    shard = tmp_path / "a" / "c" / "0" / "0"
    sound = shard.read_bytes()
    for n_bytes in range(0, len(sound), 7):
        shard.write_bytes(sound[:n_bytes])
        with pytest.raises(StoreError, match="checksum"):
            rows.read(slice(0, SHARD))


def test_child_of_a_bare_fork_reads_the_same(rows, values):
    rows.read(slice(0, N_ROWS))
    child = os.fork()
    if child == 0:
        right = np.array_equal(rows.read(slice(3, 45)), values[3:45])
        os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_setting_of_blosc_is_as_before_however_readers_overlap():
    first, second = sharded_rows._WITHOUT_THREADS, sharded_rows._WITHOUT_THREADS
    before = blosc.use_threads
    with ExitStack() as one, ExitStack() as other:
        one.enter_context(first)
        other.enter_context(second)
        assert blosc.use_threads is False
        one.close()  # the first in is the first out, as threads may be
        assert blosc.use_threads is False
    assert blosc.use_threads is before
