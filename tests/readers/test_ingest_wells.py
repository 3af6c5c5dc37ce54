"""Laws of ingesting log files: order, refusals, originals, and workers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from geoml.errors import FileFormatError, StoreError
from geoml.readers.ingest_wells import ingest_wells, log_files
from geoml.readers.log_options import LogOptions
from geoml.survey.wells import open_wells, original_well, well, well_names


def _files(folder: Path, n: int) -> list[Path]:
    folder.mkdir(exist_ok=True)
    files = []
    for number in range(n):
        rows = "".join(f"{100 + 0.5 * i} {number} {2.0 + i / 10}\n" for i in range(10 + number))
        path = folder / f"w{number}.las"
        path.write_text(
            "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.M 100 :\nSTOP.M 100 :\nSTEP.M 0.5 :\n"
            f"NULL. -999.25 :\nWELL. well {number} :\n"
            f"~C\nDEPT.M :\nGR.GAPI :\nDEN.G/C3 :\n~A\n{rows}"
        )
        files.append(path)
    return files


def test_wells_keep_the_order_of_the_files(tmp_path: Path) -> None:
    files = _files(tmp_path / "las", 12)
    told: list[tuple[int, int]] = []
    report = ingest_wells(
        files, tmp_path / "w.zarr", progress=lambda done, total: told.append((done, total))
    )
    assert report.names == well_names(tmp_path / "w.zarr") == [f"well {i}" for i in range(12)]
    assert told[-1] == (12, 12)
    for number in (0, 7):
        one = well(tmp_path / "w.zarr", f"well {number}")
        np.testing.assert_array_equal(one["GR"], np.full(10 + number, number))
        assert one["RHOB"].attrs["mnemonic"] == "DEN"
        first = original_well(tmp_path / "w.zarr", f"well {number}")
        np.testing.assert_array_equal(first["DEN"], 2.0 + np.arange(10 + number) / 10)


def test_folder_and_pattern_give_natural_order(tmp_path: Path) -> None:
    files = _files(tmp_path / "las", 11)
    (tmp_path / "las" / "notes.md").write_text("no log")
    assert log_files([str(tmp_path / "las" / "*.las")]) == files
    assert sorted(log_files([tmp_path / "las"])) == sorted(files)


def test_bad_file_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    files = _files(tmp_path / "las", 2)
    (tmp_path / "las" / "bad.las").write_text("nothing")
    given = [files[0], tmp_path / "las" / "bad.las", files[1]]
    report = ingest_wells(given, tmp_path / "w.zarr")
    assert report.names == ["well 0", "well 1"]
    ((name, reason),) = report.refused
    assert name == "bad.las"
    assert "not a LAS file" in reason
    assert open_wells(tmp_path / "w.zarr").attrs["refused"] == [[name, reason]]
    with pytest.raises(FileFormatError, match="not a LAS file"):
        ingest_wells(given, tmp_path / "s.zarr", strict=True)
    assert not (tmp_path / "s.zarr").exists()
    with pytest.raises(FileFormatError, match="not a LAS file"):
        ingest_wells([given[1]], tmp_path / "s.zarr")
    assert not list(tmp_path.glob(".s.zarr*"))


def test_history_says_what_was_settled(tmp_path: Path) -> None:
    ingest_wells(_files(tmp_path, 1), tmp_path / "w.zarr", LogOptions(step_m=1.0))
    (line,) = open_wells(tmp_path / "w.zarr").attrs["history"]
    entry = json.loads(line)
    assert entry["step"] == "wells ingest"
    assert entry["options"] == {"files": ["w0.las"], "n_files": 1, "step_m": 1.0}
    one = well(tmp_path / "w.zarr", "well 0")
    np.testing.assert_allclose(np.diff(one["depth"]), 1.0)
    assert original_well(tmp_path / "w.zarr", "well 0").sizes["depth"] == 10


def test_store_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    files = _files(tmp_path, 1)
    ingest_wells(files, tmp_path / "w.zarr")
    with pytest.raises(StoreError, match="exists already"):
        ingest_wells(files, tmp_path / "w.zarr")
    ingest_wells(files, tmp_path / "w.zarr", overwrite=True)


@pytest.mark.slow
def test_processes_give_the_same_store(tmp_path: Path) -> None:
    files = _files(tmp_path / "las", 30)
    for scheduler in ("synchronous", "processes"):
        ingest_wells(files, tmp_path / f"{scheduler}.zarr", scheduler=scheduler)
    one, other = (open_wells(tmp_path / f"{s}.zarr").load() for s in ("synchronous", "processes"))
    assert one.equals(other)
