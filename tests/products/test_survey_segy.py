"""Surveys back to SEG-Y: whole files, folders of files, other orders, other formats."""

from __future__ import annotations

import struct
from pathlib import Path

import fsspec
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numbered_shots import N_RECEIVERS, N_SAMPLES, shot_file
from segy_strategy import segy_files

from geoml.errors import FileFormatError, OptionError, StoreError
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import ingest, read_survey
from geoml.readers.options import IngestOptions
from geoml.survey.store import open_survey


@pytest.mark.parametrize("layout", ["file", "receiver"])
def test_several_files_are_given_back_under_their_names(line, tmp_path, layout):
    ingest(line, tmp_path / "line.zarr", layout=layout)
    survey = open_survey(tmp_path / "line.zarr")
    out = tmp_path / "new" / "folder"
    written = write_survey_segy(survey, out)
    assert written == [out / path.name for path in line]
    assert sorted(path.name for path in out.iterdir()) == [path.name for path in line]
    for path in line:
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name


def test_receiver_layout_gives_one_file_back_in_its_own_order(tmp_path):
    path = tmp_path / "line.sgy"
    path.write_bytes(shot_file(1) + b"".join(shot_file(shot)[3600:] for shot in (2, 3, 4)))
    ingest(path, tmp_path / "line.zarr", layout="receiver")
    survey = open_survey(tmp_path / "line.zarr")
    assert survey["source_trace"].values[:4].tolist() == [0, 5, 10, 15]
    write_survey_segy(survey, tmp_path / "again.sgy")
    assert (tmp_path / "again.sgy").read_bytes() == path.read_bytes()


def test_folder_takes_a_file_under_the_name_it_was_read_from(line, tmp_path):
    survey = read_survey(line[0])
    out = tmp_path / "out"
    out.mkdir()
    assert write_survey_segy(survey, out) == [out / "shot_1.sgy"]
    assert (out / "shot_1.sgy").read_bytes() == line[0].read_bytes()


def test_a_name_in_the_survey_never_becomes_a_path(line, tmp_path):
    survey = read_survey(line[0])
    out = tmp_path / "out"
    out.mkdir()
    for name in ("../../evil.sgy", "/etc/evil.sgy", "..\\evil.sgy", "C:/x/evil.sgy"):
        renamed = survey.assign_attrs(source_file=name)
        assert write_survey_segy(renamed, out) == [out / "evil.sgy"]
    assert [path.name for path in out.iterdir()] == ["evil.sgy"]
    for name in ("", "..", "a/..", "\x00"):
        with pytest.raises(OptionError, match="no name for the file"):
            write_survey_segy(survey.assign_attrs(source_file=name), out)


def test_files_of_the_same_name_are_refused(line, tmp_path):
    survey = read_survey(line)
    records = [dict(record, name="a/same.sgy") for record in survey.attrs["source_files"]]
    with pytest.raises(OptionError, match=r"more than once \('same\.sgy'\)"):
        write_survey_segy(survey.assign_attrs(source_files=records), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_part_of_a_survey_keeps_its_own_headers_and_drops_the_cut_end(line, tmp_path):
    survey = read_survey(line).isel(trace=slice(3, 12))
    write_survey_segy(survey, tmp_path / "out")
    for shot, traces in {1: (3, 5), 2: (0, 5), 3: (0, 2)}.items():
        content = line[shot - 1].read_bytes()
        width = 240 + N_SAMPLES * (8 if shot == 2 else 4)
        kept = content[3600 + traces[0] * width : 3600 + traces[1] * width]
        assert (tmp_path / "out" / f"shot_{shot}.sgy").read_bytes() == content[:3600] + kept
    assert not (tmp_path / "out" / "shot_4.sgy").exists()


def test_processed_samples_go_into_the_original_headers_as_ieee(line, tmp_path):
    survey = read_survey(line)
    clean = survey.assign(amplitude=survey["amplitude"] / 7).assign_attrs(steps=[{"agc": {}}])
    write_survey_segy(clean, tmp_path / "out")
    for shot, path in enumerate(line):
        again = read_survey(tmp_path / "out" / path.name)
        mine = slice(5 * shot, 5 * shot + 5)
        assert again.attrs["sample_format"] == 5
        np.testing.assert_array_equal(again["amplitude"], clean["amplitude"][mine])
        np.testing.assert_array_equal(again["header_bytes"], survey["header_bytes"][mine])


def revision_2_file(n_traces: int = N_RECEIVERS) -> bytes:
    """Revision 2.0 with its number of traces stated, and one trailer of text."""
    content = bytearray(shot_file(1))
    content[3500:3502] = bytes([2, 0])
    struct.pack_into(">Q", content, 3512, n_traces)
    struct.pack_into(">i", content, 3528, 1)
    return bytes(content) + b"C 1 TRAILER".ljust(3200)


def test_trailer_text_stays_behind_processed_traces(tmp_path):
    path = tmp_path / "line.sgy"
    path.write_bytes(revision_2_file())
    survey = read_survey(path)
    assert survey.sizes["trace"] == N_RECEIVERS
    survey = survey.assign(amplitude=survey["amplitude"] * 2).assign_attrs(steps=[{"agc": {}}])
    write_survey_segy(survey, tmp_path / "out.sgy")
    content = (tmp_path / "out.sgy").read_bytes()
    assert content[-3200:] == b"C 1 TRAILER".ljust(3200)
    assert content[:3600] == revision_2_file()[:3600]
    np.testing.assert_array_equal(
        read_survey(tmp_path / "out.sgy")["amplitude"], survey["amplitude"]
    )


def test_stated_number_of_traces_follows_the_traces(tmp_path):
    path = tmp_path / "line.sgy"
    path.write_bytes(revision_2_file())
    write_survey_segy(read_survey(path).isel(trace=slice(1, 4)), tmp_path / "part.sgy")
    content = (tmp_path / "part.sgy").read_bytes()
    assert struct.unpack_from(">Q", content, 3512) == (3,)
    assert (
        content[:3512] + content[3520:3600]
        == revision_2_file()[:3512] + revision_2_file()[3520:3600]
    )
    assert read_survey(tmp_path / "part.sgy").sizes["trace"] == 3


def test_chosen_format_changes_samples_and_the_code_alone(line, tmp_path):
    write_survey_segy(read_survey(line[2]), tmp_path / "ieee.sgy", sample_format=5)
    before, after = line[2].read_bytes(), (tmp_path / "ieee.sgy").read_bytes()
    assert struct.unpack_from(">h", after, 3224) == (5,)
    assert after[:3224] + after[3226:3600] == before[:3224] + before[3226:3600]
    width = 240 + 4 * N_SAMPLES
    assert len(after) == 3600 + N_RECEIVERS * width, "the cut trace of integers is left out"
    for trace in range(N_RECEIVERS):
        old, new = (content[3600 + trace * width :][:width] for content in (before, after))
        assert new[:240] == old[:240]
        np.testing.assert_array_equal(
            np.frombuffer(new[240:], ">f4"), np.frombuffer(old[240:], ">i4")
        )
    with pytest.raises(OptionError, match="Sample format 4 cannot be written; known: 1, 2"):
        write_survey_segy(read_survey(line[0]), tmp_path / "x.sgy", sample_format=4)
    with pytest.raises(FileFormatError, match="no whole numbers of format 2"):
        write_survey_segy(read_survey(line[0]), tmp_path / "x.sgy", sample_format=2)
    assert not (tmp_path / "x.sgy").exists()


def test_overruled_format_code_is_mended_where_samples_are_new(line, tmp_path):
    """Else the new IEEE samples would stand under the old, wrong code."""
    content = bytearray(line[0].read_bytes())
    struct.pack_into(">h", content, 3224, 1)
    lying = tmp_path / "lying.sgy"
    lying.write_bytes(content)
    survey = read_survey(lying, IngestOptions(sample_format=5))
    write_survey_segy(survey, tmp_path / "same.sgy")
    assert (tmp_path / "same.sgy").read_bytes() == bytes(content)
    write_survey_segy(survey.assign_attrs(steps=[{"agc": {}}]), tmp_path / "new.sgy")
    assert (tmp_path / "new.sgy").read_bytes() == line[0].read_bytes()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(true=segy_files(), seed=st.integers(0, 2**32 - 1))
def test_any_order_of_the_traces_gives_the_same_file(tmp_path, true, seed):
    path = tmp_path / "line.sgy"
    path.write_bytes(true.content)
    survey = read_survey(path)
    order = np.random.default_rng(seed).permutation(survey.sizes["trace"])
    mixed = survey.isel(trace=order).assign(source_trace=("trace", order))
    write_survey_segy(mixed, tmp_path / "again.sgy")
    assert (tmp_path / "again.sgy").read_bytes() == true.content


def test_files_go_to_a_url_and_come_back_the_same(line, tmp_path):
    fs = fsspec.filesystem("memory")
    survey = read_survey(line)
    written = write_survey_segy(survey, "memory://export/line/")
    assert written[0] == "memory://export/line/shot_1.sgy"
    for path in line:
        assert fs.cat(f"/export/line/{path.name}") == path.read_bytes()
    order = np.arange(survey.sizes["trace"])[::-1]
    mixed = survey.isel(trace=order).assign(source_trace=("trace", order))
    write_survey_segy(mixed, "memory://export/mixed")
    for path in line:
        assert fs.cat(f"/export/mixed/{path.name}") == path.read_bytes()
    with pytest.raises(StoreError, match="exists already; give another name or pass --overwrite"):
        write_survey_segy(survey, "memory://export/mixed/", overwrite=False)


def test_edited_survey_is_written_with_a_warning(line, tmp_path, caplog):
    survey = read_survey(line[0])
    write_survey_segy(survey, tmp_path / "same.sgy")
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    survey["amplitude"][0, 0] = 9.0
    write_survey_segy(survey, tmp_path / "edited.sgy")
    assert "not the bytes of shot_1.sgy" in caplog.text


def test_survey_without_traces_of_a_file_leaves_that_file_out(line, tmp_path):
    survey = read_survey(line).isel(trace=np.r_[0:5, 15:20])
    assert isinstance(survey, xr.Dataset)
    written = write_survey_segy(survey, tmp_path / "out")
    assert [Path(path).name for path in written] == ["shot_1.sgy", "shot_4.sgy"]
    assert (tmp_path / "out" / "shot_4.sgy").read_bytes() == line[3].read_bytes()
