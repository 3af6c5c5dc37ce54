from __future__ import annotations

import hashlib
import json
import logging

import numpy as np
import pytest
import xarray as xr

from geoml.errors import FileFormatError, StoreError
from geoml.readers import IngestOptions
from geoml.readers.ingest import ingest, read_survey
from geoml.survey.store import open_survey

RECORDS, TRACES, SAMPLES = 40, 20, 9
DATA = np.random.default_rng(4).normal(size=(RECORDS * TRACES, SAMPLES)).astype(np.float32)


@pytest.fixture
def line(make_segy):
    """40 records of 20 traces, with a chunk a record."""
    records = np.repeat(np.arange(1, RECORDS + 1), TRACES)
    return make_segy(
        DATA,
        trace={
            9: ("i", records.tolist()),
            73: ("i", (25 * records).tolist()),
            81: ("i", (25 * records + 10 * np.tile(np.arange(TRACES), RECORDS)).tolist()),
            115: ("H", 99),
        },
    )


def test_store_holds_what_the_file_holds(line, tmp_path):
    ingest(line, tmp_path / "line.zarr")
    stored = open_survey(tmp_path / "line.zarr")
    read = read_survey(line)
    for name in read.variables:
        np.testing.assert_array_equal(stored[name], read[name], err_msg=name)
    for name, value in read.attrs.items():
        assert stored.attrs[name] == value, name


def test_store_opens_with_plain_xarray(line, tmp_path):
    ingest(line, tmp_path / "line.zarr")
    survey = xr.open_zarr(tmp_path / "line.zarr", consolidated=False)
    np.testing.assert_array_equal(survey["amplitude"], DATA)
    assert survey["source_x"].attrs["units"] == "m"


def test_one_chunk_is_one_gather_and_one_shard_sixteen(line, tmp_path):
    ingest(line, tmp_path / "line.zarr")
    survey = open_survey(tmp_path / "line.zarr")
    assert survey["amplitude"].encoding["chunks"] == (TRACES, SAMPLES)
    assert survey["amplitude"].encoding["shards"] == (16 * TRACES, SAMPLES)


def test_progress_goes_shard_by_shard(line, tmp_path):
    steps = []
    ingest(line, tmp_path / "line.zarr", progress=lambda done, total: steps.append((done, total)))
    assert steps == [(320, 800), (640, 800), (800, 800)]


def test_provenance_is_kept(line, tmp_path):
    ingest(line, tmp_path / "line.zarr", IngestOptions(dt_s=0.001))
    attrs = open_survey(tmp_path / "line.zarr").attrs
    assert attrs["source_sha256"] == hashlib.sha256(line.read_bytes()).hexdigest()
    assert attrs["source_size"] == line.stat().st_size
    entry = json.loads(attrs["history"][0])
    assert entry["step"] == "ingest"
    assert entry["options"] == {"file": "line.sgy", "dt_s": 0.001}


def test_warnings_are_logged_and_kept(line, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        ingest(line, tmp_path / "line.zarr")
    assert "99 samples, the binary header 9; reading 9" in caplog.text
    findings = open_survey(tmp_path / "line.zarr").attrs["findings"]
    assert any("99 samples" in finding for finding in findings)


def test_existing_store_is_left_alone_unless_overwritten(line, tmp_path):
    ingest(line, tmp_path / "line.zarr")
    with pytest.raises(StoreError, match="exists already"):
        ingest(line, tmp_path / "line.zarr")
    ingest(line, tmp_path / "line.zarr", IngestOptions(dt_s=0.001), overwrite=True)
    assert open_survey(tmp_path / "line.zarr")["time"].values[1] == pytest.approx(0.001)


def test_refused_file_leaves_nothing_behind(line, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FileFormatError, match="Strict"):
        ingest(line, tmp_path / "line.zarr", IngestOptions(strict=True))
    assert sorted(tmp_path.iterdir()) == before


def test_interrupted_ingest_leaves_no_store_of_that_name(line, tmp_path):
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(line, tmp_path / "line.zarr", progress=stop)
    with pytest.raises(StoreError, match="no survey store there"):
        open_survey(tmp_path / "line.zarr")
    ingest(line, tmp_path / "line.zarr")
    np.testing.assert_array_equal(open_survey(tmp_path / "line.zarr")["amplitude"], DATA)
