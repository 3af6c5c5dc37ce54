"""Laws of writing LAS: the file's own numbers are untouched, predictions stand beside them."""

from __future__ import annotations

from pathlib import Path

import lasio
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import ShapeError, StoreError
from geoml.products.las_file import las_text, save_las
from geoml.readers.las import las_logs
from geoml.readers.log_options import LogOptions
from geoml.readers.well_reader import wells_of
from geoml.survey.well import well_dataset

FILE = (
    "~V\nVERS. 2.0 :\nWRAP. NO :\n~W\nSTRT.FT 102 :\nSTOP.FT 100 :\nSTEP.FT -1 :\nNULL. -999 :\n"
    "WELL. A-1 :\nFLD. Troll : field\n~C\nDEPT.FT :\nDT.US/F : sonic\nDT.US/F : again\nROCK. :\n"
    "~P\nBS.IN 8.5 : bit\n~O\nstuck at 101\n~A\n"
    '102 90.123456789012 1 sand\n101 -999 2 "shale and sand"\n100 70.5 -9999 sand\n'
)


def _read(text: str) -> tuple[xr.Dataset, xr.Dataset]:
    (pair,) = wells_of(las_logs(text.encode(), "a.las"), LogOptions(), "a.las", {})
    return pair


def _predicted() -> tuple[xr.Dataset, xr.Dataset]:
    well, original = _read(FILE)
    for name, values in (("DTC_PRED", [231.0, 240.0, 250.0]), ("DTC_STD", [3.0, 3.0, 6.0])):
        attrs = {"units": "us/m", "description": "DTC predicted", "kind": "log"}
        well[name] = ("depth", np.array(values, np.float32), attrs)
    well["PREDICTION_FLAG"] = ("depth", np.array([0, 1, 0], np.float32), {"kind": "flag"})
    return well, original


def test_file_is_written_with_its_own_numbers_and_predictions_beside() -> None:
    well, original = _predicted()
    text = las_text(well, original, ["DTC_PRED", "DTC_STD", "PREDICTION_FLAG"], ['{"step": "x"}'])
    las = lasio.read(text)
    assert [c.original_mnemonic for c in las.curves][:4] == ["DEPT", "DT", "DT", "ROCK"]
    np.testing.assert_array_equal(las.index.astype(float), [102, 101, 100])
    assert float(las.curves[1].data[0]) == 90.123456789012
    assert las.well.NULL.value == -999
    assert las.well.FLD.value == "Troll"
    assert las.params.BS.value == 8.5
    assert "stuck at 101" in las.other
    assert '{"step": "x"}' in las.other
    # Slowness goes back to the unit and the order of the file.
    assert las.curves["DTC_PRED"].unit == "US/F"
    found = las.curves["DTC_PRED"].data.astype(float)
    np.testing.assert_allclose(found, np.array([250.0, 240, 231]) * 0.3048, rtol=1e-6)
    np.testing.assert_allclose(las.curves["DTC_STD"].data.astype(float)[0], 6 * 0.3048, rtol=1e-6)
    np.testing.assert_array_equal(las.curves["PREDICTION_FLAG"].data.astype(float), [0, 1, 0])


def test_what_is_written_reads_back_the_same() -> None:
    well, original = _predicted()
    again, first = _read(las_text(well, original, []))
    assert list(first.data_vars) == list(original.data_vars)
    for name in original.data_vars:
        np.testing.assert_array_equal(first[name], original[name])
    np.testing.assert_array_equal(first["depth"], original["depth"])
    np.testing.assert_array_equal(again["DTC"], well["DTC"])
    assert first["ROCK"].attrs["categories"] == ["sand", "shale and sand"]


@given(values=st.lists(st.floats(-900, 1e6, width=64), min_size=2, max_size=20))
@settings(max_examples=30, deadline=None)
def test_original_numbers_keep_every_digit(values: list[float]) -> None:
    depth = ("depth", 10.0 + np.arange(len(values)), {"units": "m", "mnemonic": "DEPT"})
    original = xr.Dataset({"X": ("depth", values, {"mnemonic": "X"})}, coords={"depth": depth})
    well = well_dataset("A", depth[1], {"GR": np.ones(len(values))})
    (log,) = las_logs(las_text(well, original, []).encode(), "a.las")
    np.testing.assert_array_equal(log.curves[0].values, values)


def test_without_an_original_the_grid_is_written() -> None:
    well = well_dataset("A-2", [10.0, 10.5, 11.0], {"GR": [1.5, np.nan, 3], "DTC": [300, 310, 320]})
    las = lasio.read(las_text(well, None, ["GR", "DTC"]))
    assert (las.well.STRT.value, las.well.STOP.value, las.well.STEP.value) == (10, 11, 0.5)
    assert las.well.WELL.value == "A-2"
    np.testing.assert_array_equal(las["GR"], [1.5, np.nan, 3])
    assert las.curves["DTC"].unit == "us/m"


def test_prediction_lies_at_the_depths_of_an_irregular_file() -> None:
    well = well_dataset("A", [0.0, 1.0, 2.0, 3.0], {"GR": [0.0, 10, 20, 30]})
    well["GR_PRED"] = well["GR"].copy()
    well["FACIES_PRED"] = ("depth", [1.0, 1, 2, 2], {"kind": "category"})
    index = ("depth", [0.0, 0.25, 1.6, 3.0, 9.0], {"units": "m"})
    original = xr.Dataset({"GR": ("depth", np.ones(5))}, coords={"depth": index})
    las = lasio.read(las_text(well, original, ["GR_PRED", "FACIES_PRED"]))
    np.testing.assert_allclose(las["GR_PRED"], [0, 2.5, 16, 30, np.nan])
    np.testing.assert_array_equal(las["FACIES_PRED"], [1, 1, 2, 2, np.nan])


def test_refusals(tmp_path: Path) -> None:
    well = well_dataset("A", [0.0, 1.0], {"GR": [0.0, 10]})
    save_las(well, tmp_path / "a.las")
    with pytest.raises(StoreError, match="exists already"):
        save_las(well, tmp_path / "a.las")
    with pytest.raises(ShapeError, match="Well 'A' has no curve 'DTC_PRED'"):
        save_las(well, tmp_path / "b.las", curves=["DTC_PRED"])
