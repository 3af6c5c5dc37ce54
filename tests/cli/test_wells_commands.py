"""The commands for wells: from files to a store, and what is inside it."""

from __future__ import annotations

from pathlib import Path

import lasio
import numpy as np
from command import geoml, refused
from samples.made_wells import made_wells

from geoml.readers.log_readers import read_wells
from geoml.survey.wells import original_well, save_wells, well, well_names

STRAIGHT_LINE = "straight line across the gap"

LAS = (
    "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.M 100 :\nSTOP.M 101 :\nSTEP.M 0.5 :\nNULL. -999.25 :\n"
    "WELL. {name} :\nFLD. Troll :\n~C\nDEPT.M :\nGR.GAPI :\nODD. :\n~A\n"
    "100 50 80\n100.5 60 90\n101 -999.25 100\n"
)


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "las"
    folder.mkdir()
    for name in ("A", "B", "C", "D"):
        (folder / f"{name}.las").write_text(LAS.format(name=name))
    return folder


def test_ingest_then_show(tmp_path: Path) -> None:
    store = tmp_path / "w.zarr"
    (tmp_path / "bad.las").write_text("no log")
    status, out, err = geoml(
        "wells", "ingest", _folder(tmp_path), tmp_path / "bad.las", store,
        "--name", "ODD=DTC", "--unit", "ODD=us/ft",
    )  # fmt: skip
    assert status == 0, err
    assert "refused    bad.las: no section starts with '~'" in out
    assert out.rstrip().endswith("4 wells from 4 files")
    assert well_names(store) == ["A", "B", "C", "D"]
    np.testing.assert_allclose(well(store, "A")["DTC"][0], 80 / 0.3048, rtol=1e-6)
    status, out, _ = geoml("wells", "show", store)
    assert status == 0
    assert "DTC                               4 us/m       100%" in out
    assert "GR                                4 gAPI        67%" in out
    status, out, _ = geoml("wells", "show", store, "--well", "B", "--original", "--png", tmp_path)
    assert "B  Troll" in out
    assert "ODD []" in out
    assert (tmp_path / "B.png").is_file()


def test_export_gives_the_files_back(tmp_path: Path) -> None:
    store, folder = tmp_path / "w.zarr", _folder(tmp_path)
    geoml("wells", "ingest", folder, store)
    status, out, err = geoml("wells", "export", store, tmp_path / "out", "--well", "C")
    assert status == 0, err
    assert out.strip() == str(tmp_path / "out" / "C.las")
    ((_, before),), ((_, after),) = (
        read_wells(path) for path in (folder / "C.las", tmp_path / "out" / "C.las")
    )
    assert before.equals(after)
    assert "exists already" in refused("wells", "export", store, tmp_path / "out")
    geoml("wells", "export", store, tmp_path / "grid", "--well", "C", "--regular")
    ((grid, _),) = read_wells(tmp_path / "grid" / "C.las")
    np.testing.assert_array_equal(grid["GR"], [50, 60, np.nan])


def test_qc_counts_draws_and_leaves_out(tmp_path: Path) -> None:
    rows = "".join(f"{100 + 0.5 * i} {50 + i % 3} {80 + i % 5}\n" for i in range(60))
    rows = rows.replace("110.0 52 80", "110.0 5000 80")
    (tmp_path / "A.las").write_text(LAS.format(name="A").partition("~A\n")[0] + "~A\n" + rows)
    store, clean = tmp_path / "w.zarr", tmp_path / "c.zarr"
    geoml("wells", "ingest", tmp_path / "A.las", store)
    status, out, err = geoml("wells", "qc", store, clean, "--png", tmp_path)
    assert status == 0, err
    assert [line.split() for line in out.splitlines()[1:2]] == [["A", "GR", "1", "1", "0"]]
    assert (tmp_path / "A_qc.png").is_file()
    gamma_ray = well(clean, "A")["GR"].values
    assert np.flatnonzero(np.isnan(gamma_ray)).tolist() == [20]
    assert well(clean, "A")["GR_QC"].values[20] == 3
    assert original_well(clean, "A")["GR"].values[20] == 5000


def test_gaps_are_filled_flagged_and_scored_on_hidden_pieces(tmp_path: Path) -> None:
    made = made_wells(2)
    made[0]["NPHI"][100:140] = np.nan
    store, out = tmp_path / "w.zarr", tmp_path / "las"
    save_wells(made, store)
    learn = ("--task", "imputation", "--target", "NPHI", "--model", "ridge", "--block-m", "2")
    learn += ("--input", "GR", "--input", "DTC")
    status, table, err = geoml("wells", "evaluate", store, *learn)
    assert status == 0, err
    scores = {line[:28].strip(): line[28:].split() for line in table.splitlines()[1:5]}
    assert list(scores) == ["ridge", "constant", "nearest depth (no logs)", STRAIGHT_LINE]
    assert min(scores, key=lambda name: float(scores[name][0])) == "ridge"
    status, _, err = geoml("wells", "train", store, *learn, "--out", tmp_path / "run")
    assert status == 0, err
    predict = ("wells", "predict", store, "--checkpoint", tmp_path / "run", "--out", out)
    status, _, err = geoml(*predict)
    assert status == 0, err
    # The folder may be that of the files which were read.
    assert "exists already" in refused(*predict)
    assert geoml(*predict, "--overwrite")[0] == 0
    log = lasio.read(out / "A.las")
    assert np.flatnonzero(log["NPHI_FILLED_FLAG"] == 1).tolist() == list(range(100, 140))
    assert np.isnan(log["NPHI"][100:140]).all()
    assert np.isfinite(log["NPHI_FILLED"]).all()
    kept = np.r_[0:100, 140:240]
    np.testing.assert_allclose(log["NPHI_FILLED"][kept], log["NPHI"][kept], rtol=1e-6)


def test_refusals_are_one_line(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert "at least one file and a store" in refused("wells", "ingest", folder)
    line = refused("wells", "ingest", folder, tmp_path / "w.zarr", "--unit", "GR")
    assert "--unit 'GR': MNEMONIC=VALUE is needed" in line
    assert "no wells store there" in refused("wells", "show", tmp_path / "none.zarr")
    (tmp_path / "w.zarr").mkdir()
    assert "exists already" in refused("wells", "ingest", folder, tmp_path / "w.zarr")
    line = refused("wells", "ingest", folder, tmp_path / "v.zarr", "--name", "DT=DTC")
    assert "No curve 'DT' in the file" in line
