"""Every odd LAS file of the data folder, by name: read right, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.errors import FileFormatError
from geoml.readers.log_readers import read_wells
from geoml.survey.well import text_values

pytestmark = pytest.mark.data

SAMPLE_DEPTH = [1669.75, 1669.875, 1670.0]
REFUSED = {
    "barebones.las": "no curve beside the depth 'DEPT'",
    "header_only.las": "no data section",
    "missing_a_section.las": "the data section is empty",
    "not_a_las_file.las": "not a LAS file",
}
SAMPLES = (
    "comma_decimal_mark.las",
    "encodings_cp1252.las",
    "encodings_utf16le.las",
    "missing_null.las",
    "mnemonic_duplicate.las",
    "null_policy_ERR.las",
    "sample.las",
    "sample_3.0.las",
    "sample_str_in_data.las",
)
ALONE = ("autodepthindex_FT.las", "excess_curves.las", "sample_rev.las", "sample_wrapped.las")


def _read(data_dir: Path, name: str) -> tuple[xr.Dataset, xr.Dataset]:
    (pair,) = read_wells(data_dir / "logs" / "las_cases" / name)
    return pair


def _found(well: xr.Dataset, text: str) -> bool:
    return any(text in line for line in well.attrs["findings"])


def test_every_file_has_a_test(data_dir: Path) -> None:
    there = {path.name for path in (data_dir / "logs" / "las_cases").iterdir()}
    assert there == {*REFUSED, *SAMPLES, *ALONE}


@pytest.mark.parametrize("name", REFUSED)
def test_file_without_logs_is_refused_in_one_line(data_dir: Path, name: str) -> None:
    with pytest.raises(FileFormatError, match=REFUSED[name]) as refusal:
        _read(data_dir, name)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith(name)


@pytest.mark.parametrize("name", SAMPLES)
def test_decreasing_depth_is_turned(data_dir: Path, name: str) -> None:
    well, original = _read(data_dir, name)
    np.testing.assert_allclose(well["depth"], SAMPLE_DEPTH)
    np.testing.assert_allclose(original["depth"], SAMPLE_DEPTH[::-1])
    assert _found(well, "depths decrease")
    assert well.attrs["name"].startswith("ANY ET AL")


def test_sample_has_standard_names_and_units(data_dir: Path) -> None:
    well, original = _read(data_dir, "sample.las")
    assert list(well.data_vars) == ["DTC", "RHOB", "NPHI", "RSHA", "SFLA", "RMED", "RDEP"]
    np.testing.assert_allclose(well["RHOB"], 2.55, rtol=1e-6)
    np.testing.assert_allclose(well["DTC"], 123.45, rtol=1e-6)
    assert well["RHOB"].attrs["original_units"] == "K/M3"
    assert well.attrs["uwi"] == "100091604920W300"
    assert well.attrs["field"] == "EDAM"
    np.testing.assert_array_equal(original["RHOB"], 2550.0)


def test_comma_is_a_decimal_mark(data_dir: Path) -> None:
    _, original = _read(data_dir, "comma_decimal_mark.las")
    np.testing.assert_array_equal(original["SFLU"], [123.45, 123.42, 123.45])


def test_encodings_are_told(data_dir: Path) -> None:
    well, _ = _read(data_dir, "encodings_cp1252.las")
    assert _found(well, "the text is cp1252")
    wide, original = _read(data_dir, "encodings_utf16le.las")
    assert _found(wide, "the text is utf-16-le")
    assert original["UNNAMED"].attrs["mnemonic"] == "ºᶟᵌᴬń"
    np.testing.assert_array_equal(original["UNNAMED"], 2550.0)


def test_usual_null_counts_where_none_is_declared(data_dir: Path) -> None:
    well, original = _read(data_dir, "missing_null.las")
    np.testing.assert_array_equal(np.isnan(well["DTC"]), [False, True, True])
    np.testing.assert_array_equal(original["DT"], [-999.25, -999.25, 123.45])
    assert _found(well, "no null value is declared")


def test_curves_of_one_mnemonic_are_all_kept(data_dir: Path) -> None:
    well, original = _read(data_dir, "mnemonic_duplicate.las")
    assert _found(well, "stand for several curves: SFLU")
    assert {"RSHA", "SFLU"} <= set(well.data_vars)
    assert {"SFLU", "SFLU_2"} <= set(original.data_vars)
    assert not np.array_equal(original["SFLU"], original["SFLU_2"])


def test_word_for_an_error_is_missing_and_9999_is_a_value(data_dir: Path) -> None:
    well, original = _read(data_dir, "null_policy_ERR.las")
    np.testing.assert_array_equal(np.isnan(well["RHOB"]), [True, False, False])
    np.testing.assert_array_equal(original["DT"], [9998.0, 9999.0, 10000.0])
    assert np.isnan(original["SFLA"].values[2])


def test_las_3_has_its_words_its_arrays_and_its_delimiter(data_dir: Path) -> None:
    well, _ = _read(data_dir, "sample_3.0.las")
    assert text_values(well["CDES"]).tolist() == [
        "LOST INTERVAL",
        "LIMESTOVE",
        "DOLOMITE WI/VUGS",
    ]
    np.testing.assert_array_equal(well["NMR_3"], [10.0, 21.0, 14.0])
    np.testing.assert_allclose(well["YME"], [2.85e12, 1.47e12, 1.45e12], rtol=1e-6)
    assert well.attrs["las_version"] == 3.0
    assert _found(well, "tables that are no logs were not read: Drilling_Data")


def test_names_that_end_in_their_type_are_kept(data_dir: Path) -> None:
    well, _ = _read(data_dir, "sample_str_in_data.las")
    assert list(well.data_vars) == ["DT_STR", "RHOB_INT", "NPHI_FLOAT"]


def test_feet_become_metres(data_dir: Path) -> None:
    well, original = _read(data_dir, "autodepthindex_FT.las")
    np.testing.assert_allclose(well["depth"], 0.3048 * np.arange(101))
    np.testing.assert_array_equal(original["depth"], np.arange(101))
    assert well["DD"].attrs["units"] == "US/M"


def test_declared_curves_without_data_are_told(data_dir: Path) -> None:
    well, _ = _read(data_dir, "excess_curves.las")
    assert _found(well, "the data have 4 columns, without ROP, TEMP")
    np.testing.assert_allclose(well["TVD"], np.array([10415.184, 10415.19]) * 0.3048, rtol=1e-6)
    # A vertical section in feet is no shear velocity, a count rate no gamma ray in API units.
    assert "VS" in well
    assert well["VS"].attrs["units"] == "F"
    assert "GR" not in well


def test_reversed_sample_is_whole(data_dir: Path) -> None:
    well, _ = _read(data_dir, "sample_rev.las")
    np.testing.assert_allclose(well["depth"], np.arange(1660, 1671))
    np.testing.assert_allclose(well["DTC"], 133.45 - np.arange(11), rtol=1e-6)


def test_wrapped_lines_are_joined(data_dir: Path) -> None:
    well, original = _read(data_dir, "sample_wrapped.las")
    assert well.sizes["depth"] == 5
    assert len(original.data_vars) == 35
    np.testing.assert_allclose(well["RHOB"].values[-1], 2.6927075, rtol=1e-6)
    np.testing.assert_allclose(original["GR"].values[:2], [96.5306, 90.2803])
    assert np.isnan(original["DT"].values).all()
    assert _found(well, "'K/M' is no known unit of 'RHOB'")


def test_force_wells_are_read_whole(data_dir: Path) -> None:
    files = sorted((data_dir / "logs" / "force2020").glob("*.las"))
    assert len(files) == 16
    with_shear = 0
    for path in files:
        ((well, original),) = read_wells(path)
        assert well.attrs["regular_in_file"], path.name
        assert well.attrs["step_m"] == pytest.approx(0.152)
        assert {"LITHOLOGY", "LITHOLOGY_CONFIDENCE", "GR", "RDEP", "DTC", "X", "Y", "Z"} <= set(
            well
        )
        assert set(np.unique(well["LITHOLOGY"].values[np.isfinite(well["LITHOLOGY"])])) <= {
            30000, 65000, 65030, 70000, 70032, 74000, 80000, 86000, 88000, 90000, 93000, 99000,
        }  # fmt: skip
        assert 20 < float(well["GR"].median()) < 200
        assert 200 < float(well["DTC"].median()) < 600
        assert 1e5 < well.attrs["x_m"] < 1e6
        assert original.sizes["depth"] == well.sizes["depth"]
        with_shear += "DTS" in well
    assert with_shear == 5
