"""Surveys in a bucket: the same bytes as on a disk, through the same calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from shot_file import stored_bytes, write_shots

from geoml.errors import StoreError
from geoml.preprocess.pipeline import preprocess_store
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import ingest, read_survey
from geoml.survey import store_layout_group
from geoml.survey.gathers import gathers
from geoml.survey.location import filesystem
from geoml.survey.mdio import open_mdio
from geoml.survey.store import open_survey, save_survey, stored_gather_index
from geoml.survey.trace_source import StoreTraces
from geoml.workflow.verification import verify

N_SHOTS = 64  # 4 shards
STEPS = [{"bandpass": {"low_hz": 8.0, "high_hz": 60.0}}, {"agc": {"window_s": 0.08}}]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(tmp_path_factory.mktemp("line") / "line.sgy", N_SHOTS)


@pytest.fixture(scope="module")
def on_disk(line: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("disk") / "line.zarr"
    ingest(line, out)
    return out


@pytest.fixture(scope="module")
def line_url(line: Path, shared_bucket: str) -> str:
    """The line as an object."""
    return _upload(line, f"{shared_bucket}/line.sgy")


@pytest.fixture(scope="module")
def in_bucket(line: Path, shared_bucket: str) -> str:
    """The line as a store in a bucket; no test changes it."""
    ingest(line, f"{shared_bucket}/line.zarr")
    return f"{shared_bucket}/line.zarr"


def _upload(file: Path, url: str) -> str:
    fs, name = filesystem(url)
    fs.pipe_file(name, file.read_bytes())
    return url


def _objects(url: str) -> dict[str, bytes]:
    """Every object of a store, by its name below it."""
    fs, name = filesystem(url)
    fs.invalidate_cache()
    return {found[len(name) + 1 :]: content for found, content in fs.cat(fs.find(name)).items()}


def test_store_in_a_bucket_has_the_bytes_of_one_on_disk(in_bucket: str, on_disk: Path) -> None:
    assert _objects(in_bucket) == stored_bytes(on_disk)


def test_file_in_a_bucket_is_ingested_to_the_same_bytes(
    line_url: str, bucket: str, on_disk: Path, tmp_path: Path
) -> None:
    expected = stored_bytes(on_disk)
    ingest(line_url, f"{bucket}/deep/folder/line.zarr")
    assert _objects(f"{bucket}/deep/folder/line.zarr") == expected
    ingest(line_url, tmp_path / "line.zarr")
    assert stored_bytes(tmp_path / "line.zarr") == expected


def test_pattern_of_objects_is_one_survey(bucket: str, tmp_path: Path) -> None:
    files = []
    for number in (1, 2, 10):
        name = f"shot{number}.sgy"
        files.append(write_shots(tmp_path / name, n_shots=2, seed=number))
        _upload(files[-1], f"{bucket}/{name}")
    expected = read_survey(files)["amplitude"].values
    np.testing.assert_array_equal(read_survey(f"{bucket}/shot*.sgy")["amplitude"], expected)


def test_store_in_a_bucket_reads_as_one_on_disk(in_bucket: str, on_disk: Path) -> None:
    survey, expected = open_survey(in_bucket), open_survey(on_disk)
    xr.testing.assert_identical(survey.load(), expected.load())
    (_, first), *_ = gathers(survey, "shot")
    np.testing.assert_array_equal(first["amplitude"], expected["amplitude"][:16])
    index, on_disk_index = (stored_gather_index(path, "receiver") for path in (in_bucket, on_disk))
    np.testing.assert_array_equal(index.keys, on_disk_index.keys)
    np.testing.assert_array_equal(index.order, on_disk_index.order)


def test_plain_xarray_reads_a_store_in_a_bucket(in_bucket: str, on_disk: Path) -> None:
    plain = xr.open_zarr(in_bucket, consolidated=False)
    np.testing.assert_array_equal(plain["amplitude"], open_survey(on_disk)["amplitude"])


def test_traces_come_by_number_from_a_bucket(in_bucket: str, on_disk: Path) -> None:
    traces, expected = StoreTraces(in_bucket), StoreTraces(on_disk)
    np.testing.assert_array_equal(
        traces.amplitude(slice(250, 300)), expected.amplitude(slice(250, 300))
    )
    picked = np.array([1000, 3, 700])
    np.testing.assert_array_equal(traces.amplitude(picked), expected.amplitude(picked))


def test_export_from_a_bucket_gives_the_file_back(
    in_bucket: str, line: Path, bucket: str, tmp_path: Path
) -> None:
    write_survey_segy(open_survey(in_bucket), tmp_path / "line.sgy")
    assert (tmp_path / "line.sgy").read_bytes() == line.read_bytes()
    write_survey_segy(open_survey(in_bucket), f"{bucket}/again.sgy")
    fs, name = filesystem(f"{bucket}/again.sgy")
    assert fs.cat_file(name) == line.read_bytes()


def test_preprocessed_store_in_a_bucket_equals_the_one_on_disk(
    in_bucket: str, on_disk: Path, bucket: str, tmp_path: Path
) -> None:
    preprocess_store(in_bucket, f"{bucket}/clean.zarr", STEPS)
    preprocess_store(on_disk, tmp_path / "clean.zarr", STEPS)
    assert _objects(f"{bucket}/clean.zarr") == stored_bytes(tmp_path / "clean.zarr")


def test_damage_in_a_bucket_is_found(bucket: str, tmp_path: Path) -> None:
    line = write_shots(tmp_path / "short.sgy", n_shots=3)
    out = f"{bucket}/short.zarr"
    ingest(line, out)
    assert "ingested" in dict(verify(out, line).checks)["source"]
    fs, name = filesystem(f"{out}/amplitude/c/0/0")
    content = bytearray(fs.cat_file(name))
    content[len(content) // 2] ^= 1
    fs.pipe_file(name, bytes(content))
    with pytest.raises(StoreError, match="amplitude, traces 16 to 31: cannot be read"):
        verify(out)


@pytest.mark.slow
def test_saved_survey_in_a_bucket_equals_the_one_on_disk(on_disk: Path, bucket: str) -> None:
    save_survey(open_survey(on_disk), f"{bucket}/copy.zarr")
    np.testing.assert_array_equal(
        open_survey(f"{bucket}/copy.zarr")["amplitude"], open_survey(on_disk)["amplitude"]
    )


def test_store_in_a_bucket_is_replaced_only_on_demand(
    line: Path, bucket: str, tmp_path: Path
) -> None:
    out = f"{bucket}/line.zarr"
    other = write_shots(tmp_path / "other.sgy", n_shots=3, seed=1)
    ingest(other, out)
    before = _objects(out)
    with pytest.raises(StoreError, match="exists already"):
        ingest(line, out)
    assert _objects(out) == before
    again = write_shots(tmp_path / "again.sgy", n_shots=2, seed=2)
    ingest(again, out, overwrite=True)
    ingest(again, tmp_path / "other.zarr")
    assert _objects(out) == stored_bytes(tmp_path / "other.zarr")


@pytest.mark.slow
def test_layout_cut_short_in_a_bucket_is_begun_again(
    line: Path, bucket: str, on_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = f"{bucket}/line.zarr"
    calls: list[str] = []
    put = store_layout_group._put

    def put_twice(place: Any, content: Any) -> None:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(place)
        put(place, content)

    with monkeypatch.context() as patch:
        patch.setattr(store_layout_group, "_put", put_twice)
        with pytest.raises(KeyboardInterrupt):
            ingest(line, out)
    with pytest.raises(StoreError, match="incomplete"):
        open_survey(out)
    ingest(line, out)
    assert _objects(out) == stored_bytes(on_disk)


KILLED = """
import os, signal, sys
from geoml.readers.ingest import ingest
def kill(done, _all):
    if done >= 256:
        os.kill(os.getpid(), signal.SIGKILL)
ingest(sys.argv[1], sys.argv[2], progress=kill)
"""


def test_killed_ingest_into_a_bucket_goes_on_to_the_same_bytes(
    line_url: str, bucket: str, on_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = f"{bucket}/line.zarr"
    run = subprocess.run([sys.executable, "-c", KILLED, line_url, out], timeout=60, check=False)
    assert run.returncode == -9
    with pytest.raises(StoreError, match="incomplete"):
        open_survey(out)
    partial = open_survey(out, partial=True)["amplitude"].values
    expected = open_survey(on_disk)["amplitude"].values
    stored = (partial == expected).all(axis=1)
    assert 256 <= stored.sum() < stored.size
    assert not partial[~stored].any()
    with caplog.at_level("INFO", logger="geoml"):
        ingest(line_url, out)
    assert "going on after" in caplog.text
    assert _objects(out) == stored_bytes(on_disk)


def test_mdio_store_in_a_bucket_opens(bucket: str, tmp_path: Path) -> None:
    import zarr

    group = zarr.open_group(tmp_path / "x.mdio", mode="w")
    group.attrs.update({"apiVersion": "1.1.3", "name": "PostStack2DTime"})
    kept = {"cdp": (("cdp",), np.arange(3, dtype="i4")), "trace_mask": (("cdp",), [1, 0, 1])}
    kept |= {"amplitude": (("cdp", "time"), np.ones((3, 4), dtype="f4"))}
    for name, (dims, values) in kept.items():
        group.create_array(name, data=np.asarray(values), dimension_names=dims)
    for file, content in stored_bytes(tmp_path / "x.mdio").items():
        fs, place = filesystem(f"{bucket}/x.mdio/{file}")
        fs.pipe_file(place, content)
    survey = open_mdio(f"{bucket}/x.mdio")
    assert survey["cdp"].values.tolist() == [0, 2]
    assert survey.attrs["findings"] == []
    np.testing.assert_array_equal(survey["amplitude"], np.ones((2, 4)))
    assert open_survey(f"{bucket}/x.mdio").sizes["trace"] == 2
