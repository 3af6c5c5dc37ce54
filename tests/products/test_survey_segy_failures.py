"""Exports that fail leave nothing, and say why in one line."""

from __future__ import annotations

import os
import subprocess
import sys

import fsspec
import pytest

from geoml.errors import FileFormatError, ShapeError, StoreError
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import ingest, read_survey
from geoml.survey.store import open_survey


def test_file_that_is_there_is_kept_unless_told_otherwise(line, tmp_path):
    out = tmp_path / "out.sgy"
    out.write_bytes(b"precious")
    with pytest.raises(StoreError, match=r"out\.sgy exists already; .* --overwrite"):
        write_survey_segy(read_survey(line[0]), out, overwrite=False)
    assert out.read_bytes() == b"precious"


FULL_DISK = """
import resource, sys
from geoml.errors import GeomlError
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import read_survey
survey = read_survey(sys.argv[1:-1])
resource.setrlimit(resource.RLIMIT_FSIZE, (3700, 3700))
try:
    write_survey_segy(survey, sys.argv[-1])
except GeomlError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs file size limits")
def test_disk_that_fills_up_leaves_nothing_and_says_so_in_one_line(line, tmp_path):
    out = tmp_path / "full"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *map(str, line), str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "shot_1.sgy: cannot be written (File too large). Choose a folder" in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(out.iterdir()) == []


def test_folder_that_cannot_be_made_is_refused_in_one_line(line, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match=r"cannot be written \(.*(exists|directory)\)") as refusal:
        write_survey_segy(read_survey(line[0]), tmp_path / "file" / "out.sgy")
    assert "\n" not in str(refusal.value)


def test_failure_in_the_middle_leaves_no_file_of_several(line, tmp_path):
    survey = read_survey(line)
    # Format 2 cannot hold 1/3: the third file fails after two were written.
    broken = survey.assign(amplitude=survey["amplitude"].copy())
    broken["amplitude"][12, 3] = 0.5
    with pytest.raises(FileFormatError, match="no whole numbers of format 2"):
        write_survey_segy(broken, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_failed_upload_leaves_no_file(line):
    survey = read_survey(line[2])
    survey["amplitude"][4, 3] = 0.5
    with pytest.raises(FileFormatError, match="no whole numbers of format 2"):
        write_survey_segy(survey, "memory://failed/out.sgy")
    assert not fsspec.filesystem("memory").exists("/failed/out.sgy")


def test_missing_parts_are_said(line, tmp_path):
    with pytest.raises(ShapeError, match="no traces to write"):
        write_survey_segy(read_survey(line[0]).isel(trace=slice(0, 0)), tmp_path / "out.sgy")
    survey = read_survey(line)
    with pytest.raises(FileFormatError, match="4 source files, but not which of them"):
        write_survey_segy(survey.drop_vars("source_file"), tmp_path / "out")
    extended = read_survey(line[0]).assign_attrs(n_extra_trace_headers=1)
    with pytest.raises(FileFormatError, match="1 additional trace headers a trace, but has no"):
        write_survey_segy(extended, tmp_path / "out.sgy")


def test_damaged_store_is_not_exported(line, tmp_path):
    ingest(line[0], tmp_path / "line.zarr")
    shard = tmp_path / "line.zarr" / "amplitude" / "c" / "0" / "0"
    content = bytearray(shard.read_bytes())
    content[5] ^= 1
    shard.write_bytes(content)
    with pytest.raises(StoreError, match="Traces 0 to 4 cannot be read back") as refusal:
        write_survey_segy(open_survey(tmp_path / "line.zarr"), tmp_path / "out.sgy")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out.sgy").exists()
