"""A trace file read where it lies, behind an S3 URL."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from shot_file import write_shots

from geoml.readers import SegyReader, open_reader


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, shared_bucket: str) -> tuple[SegyReader, str]:
    """A reader on a local file, and the URL of the same file."""
    import s3fs

    path: Path = write_shots(tmp_path_factory.mktemp("line") / "line.sgy", n_shots=3)
    url = f"{shared_bucket}/line.sgy"
    s3fs.S3FileSystem(skip_instance_cache=True).put_file(str(path), url)
    return open_reader(path), url


def test_reader_gives_what_the_local_one_gives(pair):
    local, url = pair
    remote = open_reader(url)
    assert (remote.name, remote.source.path) == ("line.sgy", url)
    assert (remote.n_traces, remote.n_samples) == (local.n_traces, local.n_samples)
    assert remote.source.modified
    scattered = np.array([local.n_traces - 1, 0, 5, 5])
    for traces in (slice(0, local.n_traces), slice(3, 9), scattered):
        np.testing.assert_array_equal(remote.amplitude(traces), local.amplitude(traces))
        np.testing.assert_array_equal(remote.header_bytes(traces), local.header_bytes(traces))
    for name in ("field_record", "source_x", "n_samples"):
        np.testing.assert_array_equal(
            remote.headers.column(name), local.headers.column(name), err_msg=name
        )


def one_trace(reader: SegyReader, number: int) -> np.ndarray:
    return reader.amplitude(np.array([number]))


def test_reader_that_was_used_before_serves_forked_processes(pair):
    local, url = pair
    remote = open_reader(url)
    remote.amplitude(slice(0, 2))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.starmap(one_trace, [(remote, number) for number in range(8)])
    np.testing.assert_array_equal(np.concatenate(found), local.amplitude(slice(0, 8)))
