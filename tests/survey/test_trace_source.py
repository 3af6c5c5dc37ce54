from __future__ import annotations

import multiprocessing
import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from zarr.storage import LocalStore

from geoml.errors import ShapeError, StoreError
from geoml.survey import sharded_rows
from geoml.survey.gathers import gather_index
from geoml.survey.sharded_rows import ShardedRows
from geoml.survey.store import create_store, save_survey
from geoml.survey.trace_source import StoreTraces

N_SHOTS, N_RECEIVERS = 40, 20


def store_otherwise(path: Path) -> None:
    """Put the amplitudes into an array that geoml leaves to zarr."""
    group = zarr.open_group(path)
    values, attrs = group["amplitude"][:], group.attrs.asdict()
    array = group.create_array(
        "amplitude",
        shape=values.shape,
        chunks=(N_RECEIVERS, values.shape[1]),
        shards=(16 * N_RECEIVERS, values.shape[1]),
        dtype="float32",
        compressors=[zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()],
        dimension_names=("trace", "time"),
        overwrite=True,
    )
    array[:] = values
    group.attrs.update(attrs)


@pytest.fixture(params=["geoml's layout", "another layout"])
def line(request, streamer, tmp_path):
    """A survey of 40 shots, 20 traces each, and its store: 3 shards of up to 16 shots."""
    survey = streamer(N_SHOTS, N_RECEIVERS)
    path = tmp_path / "line.zarr"
    save_survey(survey, path)
    if request.param == "another layout":
        store_otherwise(path)
    assert (ShardedRows.of(path / "amplitude") is None) == (request.param == "another layout")
    return survey, path


@pytest.fixture
def reads(monkeypatch) -> Counter[tuple[str, object]]:
    """How often each part of a shard is read."""
    counts: Counter[tuple[str, object]] = Counter()
    get, checked = LocalStore.get, sharded_rows._checked

    async def counted(self, key, prototype=None, byte_range=None):
        if "/c/" in key:
            counts[key, str(byte_range)] += 1
        return await get(self, key, prototype, byte_range)

    def counted_too(file, offset, n_bytes):
        counts[file.name, offset] += 1
        return checked(file, offset, n_bytes)

    monkeypatch.setattr(LocalStore, "get", counted)
    monkeypatch.setattr(sharded_rows, "_checked", counted_too)
    return counts


def test_run_of_traces_is_what_was_stored(line):
    survey, path = line
    source = StoreTraces(path)
    assert (source.n_traces, source.n_samples, source.shard_traces) == (800, 6, 320)
    found = source.amplitude(slice(310, 345))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, survey["amplitude"][310:345])


def test_any_traces_come_in_the_order_asked_for(line):
    survey, path = line
    source, truth = StoreTraces(path), survey["amplitude"].values
    numbers = st.lists(st.integers(0, len(truth) - 1), max_size=30)

    @given(numbers)
    def check(wanted):
        traces = np.array(wanted, dtype=np.int64)
        np.testing.assert_array_equal(source.amplitude(traces), truth[traces])

    check()


def test_slices_end_where_the_survey_ends(line):
    survey, path = line
    source = StoreTraces(path)
    np.testing.assert_array_equal(source.amplitude(slice(790, 900)), survey["amplitude"][790:])
    assert source.amplitude(slice(5, 5)).shape == (0, 6)
    assert source.amplitude(slice(9, 3)).shape == (0, 6)


def test_traces_outside_the_survey_are_refused(line):
    source = StoreTraces(line[1])
    for wanted in ([-1, 3], [3, 800]):
        with pytest.raises(ShapeError, match="are asked of 800, counted from 0"):
            source.amplitude(np.array(wanted))


def test_small_gathers_share_the_read_of_their_chunk(line, reads):
    survey, path = line
    source, truth = StoreTraces(path), survey["amplitude"].values
    assert source.chunk_traces == N_RECEIVERS
    reads.clear()
    for start in np.random.default_rng(0).permutation(np.arange(0, 200, 3)):
        np.testing.assert_array_equal(
            source.amplitude(slice(start, start + 3)), truth[start : start + 3]
        )
    # Ten chunks and the one that the last gather reaches into, each with the shard's index.
    assert sum(reads.values()) == 2 * 11


def test_chunks_are_forgotten_where_memory_ends(line, reads):
    survey, path = line
    chunk_mb = 4e-6 * N_RECEIVERS * 6
    source = StoreTraces(path, cache_mb=2.5 * chunk_mb)
    reads.clear()
    for shot, n_reads in ((0, 2), (1, 4), (0, 4), (2, 6), (0, 6), (1, 8)):
        first = shot * N_RECEIVERS + 3
        found = source.amplitude(slice(first, first + 2))
        np.testing.assert_array_equal(found, survey["amplitude"][first : first + 2])
        assert sum(reads.values()) == n_reads, shot


def test_scattered_gather_reads_each_chunk_once(line, reads):
    survey, path = line
    source = StoreTraces(path, cache_mb=0)
    gather = gather_index(survey, "receiver").traces(7)
    reads.clear()
    found = source.amplitude(gather)
    np.testing.assert_array_equal(found, survey["amplitude"].values[gather])
    # Every chunk, and the index of every shard.
    n_chunks = np.unique(gather // N_RECEIVERS).size
    assert len(reads) == n_chunks + np.unique(gather // source.shard_traces).size
    assert set(reads.values()) == {1}


def test_one_gather_costs_one_chunk(line, reads):
    source = StoreTraces(line[1])
    source.amplitude(slice(0, 1))
    reads.clear()
    source.amplitude(slice(5 * N_RECEIVERS, 6 * N_RECEIVERS))
    assert sorted(reads.values()) == [1, 1]  # the shard's own index, and the chunk


def test_pickle_holds_no_handle_and_no_chunk(line):
    survey, path = line
    source = StoreTraces(path)
    unused = pickle.dumps(source)
    source.amplitude(slice(0, 9))
    assert pickle.dumps(source) == unused
    again = pickle.loads(unused).amplitude(slice(0, 9))
    np.testing.assert_array_equal(again, survey["amplitude"][:9])


def _send(source: StoreTraces, traces: np.ndarray, end) -> None:
    end.send(source.amplitude(traces))
    end.close()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_store_read_before_a_process_starts_is_read_in_it(line, method):
    survey, path = line
    source = StoreTraces(path)
    source.amplitude(slice(0, 40))
    context = multiprocessing.get_context(method)
    mine, theirs = context.Pipe()
    traces = np.arange(3, 800, 7)
    process = context.Process(target=_send, args=(source, traces, theirs))
    process.start()
    assert mine.poll(30), "the process reads nothing"
    np.testing.assert_array_equal(mine.recv(), survey["amplitude"].values[traces])
    process.join(10)
    assert process.exitcode == 0


def test_incomplete_store_is_refused(streamer, tmp_path):
    create_store(tmp_path / "line.zarr", streamer())
    with pytest.raises(StoreError, match="incomplete"):
        StoreTraces(tmp_path / "line.zarr")
    with pytest.raises(StoreError, match="no survey store there"):
        StoreTraces(tmp_path / "other.zarr")


def test_flipped_byte_is_found_when_its_gather_is_read(line):
    survey, path = line
    shard: Path = max((path / "amplitude" / "c").rglob("*"), key=lambda file: file.stat().st_size)
    content = bytearray(shard.read_bytes())
    content[40] ^= 1
    shard.write_bytes(content)
    source = StoreTraces(path)
    with pytest.raises(StoreError, match=r"damaged or unreadable .* geoml verify"):
        source.amplitude(slice(0, 800))
    shot = N_SHOTS - 1
    untouched = slice(shot * N_RECEIVERS, (shot + 1) * N_RECEIVERS)
    np.testing.assert_array_equal(source.amplitude(untouched), survey["amplitude"][untouched])
