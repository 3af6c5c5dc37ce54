"""Bytes of a file, from a disk and over URLs."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import tracemalloc
from pathlib import Path

import fsspec
import numpy as np
import pytest

from geoml.errors import FileFormatError, ShapeError, StoreError
from geoml.readers import SegyReader, open_reader
from geoml.readers.source_file import BLOCK_BYTES, SourceFile

DATA = np.random.default_rng(7).normal(size=(60, 50)).astype(np.float32)
HEADERS = {9: ("i", list(range(1, 61))), 115: ("H", 50), 117: ("h", 2000)}
SCATTERED = np.array([59, 3, 3, 0, 41])


@pytest.fixture
def line(make_segy) -> Path:
    return make_segy(DATA, trace=HEADERS)


@pytest.fixture
def url(line: Path) -> str:
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/bucket/line.sgy", line.read_bytes())
    return "memory://bucket/line.sgy"


def test_bytes_are_those_of_the_file(line: Path, url: str):
    content = line.read_bytes()
    for place in (line, str(line), url):
        source = SourceFile(place)
        assert source.name == "line.sgy"
        assert source.path == str(place)
        assert source.n_bytes == len(content)
        for start, stop in (
            (0, 3600),
            (3601, 9000),
            (5000, 5000),
            (len(content) - 1, len(content)),
        ):
            assert source.read(start, stop).tobytes() == content[start:stop]


def test_runs_longer_than_one_request_are_put_together():
    content = np.random.default_rng(1).integers(0, 256, BLOCK_BYTES // 2 + 12345, dtype=np.uint8)
    fsspec.filesystem("memory").pipe_file("/bucket/long.bin", content.tobytes())
    source = SourceFile("memory://bucket/long.bin")
    np.testing.assert_array_equal(source.read(7, content.size), content[7:])
    several = source.read_ranges([(5, 20), (0, content.size), (9, 9)])
    assert [part.size for part in several] == [15, content.size, 0]
    np.testing.assert_array_equal(several[0], content[5:20])
    fsspec.filesystem("memory").rm_file("/bucket/long.bin")


def test_local_bytes_take_no_memory_and_cannot_be_written(tmp_path: Path):
    path = tmp_path / "large.bin"
    path.touch()
    os.truncate(path, 2 * 2**30)
    tracemalloc.start()
    found = SourceFile(path).read(0, 2 * 2**30)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
    assert not found.flags.writeable
    assert found.size == 2 * 2**30


@pytest.mark.parametrize("place", ["line", "url"])
def test_any_trace_numbers_give_their_traces(place, request):
    reader = open_reader(request.getfixturevalue(place))
    np.testing.assert_array_equal(reader.amplitude(SCATTERED), DATA[SCATTERED])
    np.testing.assert_array_equal(reader.amplitude(slice(7, 19)), DATA[7:19])
    np.testing.assert_array_equal(reader.amplitude(slice(None)), DATA)
    np.testing.assert_array_equal(reader.amplitude(slice(50, 10, -7)), DATA[50:10:-7])
    np.testing.assert_array_equal(reader.amplitude(np.array([], dtype=np.int64)), DATA[:0])
    np.testing.assert_array_equal(reader.headers.column("field_record"), np.arange(1, 61))
    headers = reader.header_bytes(SCATTERED)
    np.testing.assert_array_equal(headers[:, 11], SCATTERED + 1)
    assert reader.raw_samples(SCATTERED).tobytes() == DATA[SCATTERED].astype(">f4").tobytes()
    assert reader.trailing_bytes().size == 0


@pytest.mark.parametrize("place", ["line", "url"])
@pytest.mark.parametrize("numbers", [[60], [0, -1]])
def test_trace_that_is_not_there_is_refused(place, numbers, request):
    reader = open_reader(request.getfixturevalue(place))
    with pytest.raises(ShapeError, match="are asked of 60, counted from 0"):
        reader.amplitude(np.array(numbers))


def test_scattered_traces_of_a_large_file_are_gathered_without_reading_it(make_segy):
    path = make_segy(np.zeros((1, 2000)), trace={115: ("H", 2000), 117: ("h", 2000)})
    first = path.read_bytes()
    with path.open("r+b") as file:
        # 240,000 traces, nearly 2 GB, of which only a few are written.
        for number in (1, 2, 120_000, 239_999):
            file.seek(3600 + number * 8240)
            file.write(first[3600:3840] + np.full(2000, number, dtype=">f4").tobytes())
        for number in np.linspace(0, 239_999, 100).astype(int):
            file.seek(3600 + int(number) * 8240)
            file.write(first[3600:3840])
        for number in range(100):
            file.seek(3600 + number * 8240)
            file.write(first[3600:3840])
    reader = SegyReader(path)
    wanted = np.array([239_999, 2, 120_000])
    tracemalloc.start()
    found = reader.amplitude(wanted)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found[:, 0], wanted)
    assert peak < 500_000


def read_a_trace(reader: SegyReader, number: int) -> np.ndarray:
    return reader.amplitude(np.array([number]))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_reader_opened_before_serves_every_process(line: Path, method: str):
    reader = open_reader(line)
    reader.amplitude(slice(0, 5))
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.starmap(read_a_trace, [(reader, number) for number in range(60)])
    np.testing.assert_array_equal(np.concatenate(found), DATA)


def test_pickled_reader_leaves_the_header_columns_behind(line: Path):
    reader = open_reader(line)
    lean = len(pickle.dumps(reader))
    record = reader.headers.column("field_record")
    copy = pickle.loads(pickle.dumps(reader))
    assert len(pickle.dumps(reader)) == lean < 10_000
    np.testing.assert_array_equal(copy.headers.column("field_record"), record)


def test_file_that_became_shorter_is_told_and_does_not_crash(line: Path):
    reader = open_reader(line)
    os.truncate(line, 9000)
    with pytest.raises(FileFormatError, match="became shorter, 9000 of"):
        reader.amplitude(slice(0, 60))


def test_what_is_no_file_is_refused_in_one_line(tmp_path: Path):
    folder = tmp_path / "folder.sgy"
    folder.mkdir()
    pipe = tmp_path / "pipe.sgy"
    os.mkfifo(pipe)
    cases = {
        folder: "a folder; a file is needed",
        pipe: "a pipe or device; a file is needed",
        tmp_path / "nothing.sgy": "no such file",
        folder / "nothing" / "line.sgy": "no such file",
        "x" * 5000 + ".sgy": "cannot be read",
        "nul\0.sgy": "cannot be read",
        "memory://bucket/nothing.sgy": "no such file",
    }
    for path, message in cases.items():
        with pytest.raises(FileFormatError, match=message) as caught:
            open_reader(path)
        assert "\n" not in str(caught.value)


def test_unknown_kind_of_url_is_refused():
    with pytest.raises(StoreError, match="not a URL that fsspec knows"):
        open_reader("nonsense://bucket/line.sgy")


def test_file_that_may_not_be_read_is_refused(line: Path):
    if os.geteuid() == 0:
        pytest.skip("the administrator may read every file")
    line.chmod(0)
    with pytest.raises(FileFormatError, match="Permission denied"):
        open_reader(line)


def test_modification_changes_the_token(line: Path):
    before = SourceFile(line).modified
    os.utime(line, ns=(1, 1))
    assert SourceFile(line).modified != before
