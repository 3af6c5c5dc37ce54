from __future__ import annotations

import hashlib
import json
import logging
import warnings

import numpy as np
import pytest
import xarray as xr

from geoml.errors import FileFormatError, OptionError, StoreError
from geoml.readers import IngestOptions
from geoml.readers.ingest import ingest, read_survey
from geoml.survey.gathers import gather_index
from geoml.survey.store import open_survey, part_path, stored_gather_index

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
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        survey = xr.open_zarr(tmp_path / "line.zarr")
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
    # Shards finish in any order.
    assert [total for _, total in steps] == [800] * 3
    assert [done for done, _ in steps] in ([320, 640, 800], [320, 480, 800], [160, 480, 800])


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
    assert not (tmp_path / "line.zarr").exists()
    with pytest.raises(StoreError, match="incomplete"):
        open_survey(tmp_path / "line.zarr")
    ingest(line, tmp_path / "line.zarr")
    np.testing.assert_array_equal(open_survey(tmp_path / "line.zarr")["amplitude"], DATA)


def stored_bytes(store):
    """Every file of a store and what is in it."""
    files = sorted(path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("when", [1, 2, 3])
def test_resumed_ingest_gives_the_same_store(line, tmp_path, when):
    def stop(done: int, total: int) -> None:
        nonlocal when
        when -= 1
        if when == 0:
            raise KeyboardInterrupt

    ingest(line, tmp_path / "whole.zarr")
    with pytest.raises(KeyboardInterrupt):
        ingest(line, tmp_path / "line.zarr", progress=stop, scheduler="synchronous")
    assert open_survey(tmp_path / "line.zarr", partial=True).attrs["complete"] is False
    done_before = []
    ingest(line, tmp_path / "line.zarr", progress=lambda done, total: done_before.append(done))
    assert len(done_before) < 3
    assert stored_bytes(tmp_path / "line.zarr") == stored_bytes(tmp_path / "whole.zarr")
    assert not part_path(tmp_path / "line.zarr").exists()


def test_changed_file_is_not_taken_for_the_interrupted_one(line, tmp_path):
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(line, tmp_path / "line.zarr", progress=stop)
    content = bytearray(line.read_bytes())
    content[3600 + 240 : 3600 + 244] = np.array(77, dtype=">f4").tobytes()
    line.write_bytes(content)
    ingest(line, tmp_path / "line.zarr")
    assert open_survey(tmp_path / "line.zarr")["amplitude"][0, 0] == 77


def test_every_scheduler_gives_the_same_store(line, tmp_path):
    for name in ("synchronous", "threads", "processes"):
        ingest(line, tmp_path / f"{name}.zarr", scheduler=name)
    first = stored_bytes(tmp_path / "synchronous.zarr")
    assert stored_bytes(tmp_path / "threads.zarr") == first
    assert stored_bytes(tmp_path / "processes.zarr") == first
    with pytest.raises(OptionError, match="Did you mean 'threads'"):
        ingest(line, tmp_path / "other.zarr", scheduler="thread")


def test_receiver_layout_puts_a_receiver_gather_in_one_chunk(line, tmp_path):
    ingest(line, tmp_path / "line.zarr")
    ingest(line, tmp_path / "receivers.zarr", layout="receiver")
    by_file = open_survey(tmp_path / "line.zarr")
    by_receiver = open_survey(tmp_path / "receivers.zarr")
    order = by_receiver["source_trace"].values
    assert sorted(order) == list(range(RECORDS * TRACES))
    for name in by_file.variables:
        if name != "time":
            np.testing.assert_array_equal(by_receiver[name], by_file[name][order], err_msg=name)
    index = stored_gather_index(tmp_path / "receivers.zarr", "receiver")
    assert (np.diff(index.order) == 1).all()
    with pytest.raises(OptionError, match="layout"):
        ingest(line, tmp_path / "other.zarr", layout="cdp")


def one_shot_files(make_segy, n_files=12, record=1):
    """Files of one shot each, all with the same record number."""
    return [
        make_segy(
            DATA[TRACES * n : TRACES * (n + 1)],
            trace={
                9: ("i", record),
                73: ("i", 25 * n),
                81: ("i", [25 * n + 10 * trace for trace in range(TRACES)]),
            },
            name=f"shot_{n}.sgy",
        )
        for n in range(n_files)
    ]


def test_pattern_reads_one_shot_a_file_in_natural_order(make_segy, tmp_path):
    files = one_shot_files(make_segy)
    ingest(str(tmp_path / "shot_*.sgy"), tmp_path / "line.zarr")
    survey = open_survey(tmp_path / "line.zarr")
    np.testing.assert_array_equal(survey["amplitude"], DATA[: 12 * TRACES])
    np.testing.assert_array_equal(survey["source_x"], np.repeat(25.0 * np.arange(12), TRACES))
    assert [record["name"] for record in survey.attrs["source_files"]] == [f.name for f in files]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    assert [record["sha256"] for record in survey.attrs["source_files"]] == digests
    assert survey["amplitude"].encoding["chunks"] == (TRACES, SAMPLES)
    read = read_survey(files)
    for name in read.variables:
        np.testing.assert_array_equal(survey[name], read[name], err_msg=name)


def test_equal_record_numbers_of_several_files_are_several_shots(make_segy, tmp_path):
    files = one_shot_files(make_segy, 3)
    ingest(files, tmp_path / "line.zarr")
    for index in (
        gather_index(open_survey(tmp_path / "line.zarr")),
        stored_gather_index(tmp_path / "line.zarr"),
    ):
        assert index.keys.tolist() == [[0, 1], [1, 1], [2, 1]]
        assert index.sizes.tolist() == [TRACES] * 3


def test_files_of_different_formats_make_one_survey(make_segy, tmp_path):
    whole = np.arange(12.0).reshape(3, 4)
    files = [
        make_segy(whole + 100 * n, sample_format=code, order=order, name=f"{n}.sgy")
        for n, (code, order) in enumerate([(5, ">"), (3, "<"), (6, ">")])
    ]
    survey = read_survey(files)
    expected = np.concatenate([whole + 100 * n for n in range(3)])
    np.testing.assert_array_equal(survey["amplitude"], expected)
    listed = survey.attrs["source_files"]
    assert [{**survey.attrs, **each}["sample_format"] for each in listed] == [5, 3, 6]


def test_files_of_different_time_axes_are_refused(make_segy, tmp_path):
    files = [
        make_segy(name="a.sgy"),
        make_segy(binary={3217: ("h", 2000)}, name="b.sgy"),
    ]
    with pytest.raises(FileFormatError, match=r"b\.sgy: 4 samples of 2 ms .* a\.sgy: 4"):
        read_survey(files)


def test_geometry_of_many_files_is_given_for_the_whole_survey(make_segy, tmp_path):
    files = one_shot_files(make_segy, 2)
    table = tmp_path / "positions.csv"
    rows = [f"{n + 1},{n}" for n in range(2 * TRACES)]
    table.write_text("trace,source_x\n" + "\n".join(rows))
    survey = read_survey(files, IngestOptions(geometry=table))
    np.testing.assert_array_equal(survey["source_x"], np.arange(2 * TRACES))


def test_finding_shared_by_many_files_is_told_once(make_segy, tmp_path):
    files = [make_segy(trace={115: ("H", 9)}, name=f"{n}.sgy") for n in range(3)]
    findings = read_survey(files).attrs["findings"]
    about = [finding for finding in findings if "9 samples" in finding]
    assert len(about) == 1
    assert about[0].startswith("0.sgy and 2 more files: ")


def test_no_file_and_doubled_files_are_refused(line, tmp_path):
    with pytest.raises(FileFormatError, match="no file fits the pattern"):
        read_survey(tmp_path / "none_*.sgy")
    with pytest.raises(FileFormatError, match="given twice"):
        read_survey([line, line])


def test_shard_of_zeros_is_stored_like_any_other(make_segy, tmp_path):
    ingest(make_segy(np.zeros((40, 4))), tmp_path / "zeros.zarr")
    assert (tmp_path / "zeros.zarr/amplitude/c/0/0").is_file()


def test_flipped_bit_is_noticed_when_it_is_read(line, tmp_path):
    ingest(line, tmp_path / "line.zarr")
    shard = tmp_path / "line.zarr/amplitude/c/0/0"
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.write_bytes(content)
    with pytest.raises(ValueError, match="checksum"):
        open_survey(tmp_path / "line.zarr")["amplitude"].load()
