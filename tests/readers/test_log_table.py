"""Laws of log tables: contest files of one well and of many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoml.errors import FileFormatError, OptionError
from geoml.readers.log_options import LogOptions
from geoml.readers.log_readers import read_wells
from geoml.survey.well import text_values


def _read(tmp_path: Path, text: str, options: LogOptions | None = None):  # type: ignore[no-untyped-def]
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return [well for well, _ in read_wells(path, options)]


def test_wells_of_a_table_come_in_its_order(tmp_path: Path) -> None:
    wells = _read(
        tmp_path,
        "Well Name,Depth,GR,Formation\nZ,1.0,50,A1\nZ,1.5,,A1\nB,7.0,70,\nB,7.5,80,C\n",
        LogOptions(depth_unit="m"),
    )
    assert [well.attrs["name"] for well in wells] == ["Z", "B"]
    np.testing.assert_array_equal(wells[0]["GR"], [50, np.nan])
    assert text_values(wells[1]["FORMATION"]).tolist() == ["", "C"]


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    (well,) = _read(tmp_path, "WELL;DEPTH_MD;GR;RHOB\nA;10,0;50,5;2,5\nA;10,5;51,5;2,6\n")
    np.testing.assert_array_equal(well["depth"], [10, 10.5])
    np.testing.assert_array_equal(well["GR"], [50.5, 51.5])


def test_force_like_table(tmp_path: Path) -> None:
    (well,) = _read(
        tmp_path,
        "WELL;DEPTH_MD;X_LOC;Y_LOC;GROUP;CALI;RDEP;DTC;FORCE_2020_LITHOFACIES_LITHOLOGY\n"
        "15/9-13;494.528;437641;6470972;NORDLAND GP.;19.4;1.8;161.1;65000\n"
        "15/9-13;494.680;437641;6470972;NORDLAND GP.;19.5;;160.6;65000.0\n",
        LogOptions(depth_unit="m"),
    )
    assert well.attrs["x_m"] == 437641
    np.testing.assert_array_equal(well["LITHOLOGY"], [65000, 65000])
    np.testing.assert_allclose(well["DTC"], np.array([161.1, 160.6]) / 0.3048, rtol=1e-6)
    assert any("DTC us/ft" in line for line in well.attrs["findings"])


@pytest.mark.parametrize(
    "text",
    [
        "DEPTH (ft),RHOB [kg/m3],GR\n100,2500,1\n101,2600,2\n",
        "# exported\nDEPTH,RHOB,GR\nft,kg/m3,gAPI\n100,2500,1\n101,2600,2\n",
    ],
)
def test_units_are_read_from_the_heading_or_the_line_below(tmp_path: Path, text: str) -> None:
    (well,) = _read(tmp_path, text)
    np.testing.assert_allclose(well["depth"], [30.48, 30.7848])
    np.testing.assert_allclose(well["RHOB"], [2.5, 2.6], rtol=1e-6)


def test_curve_that_a_well_lacks_is_none_of_it(tmp_path: Path) -> None:
    wells = _read(
        tmp_path,
        "WELL,DEPTH,GR,PE\nA,1,50,\nA,2,51,\nB,1,50,3\nB,2,51,4\n",
        LogOptions(depth_unit="m"),
    )
    assert ["PEF" in well for well in wells] == [False, True]


def test_table_without_depth_needs_the_distance_of_its_rows(tmp_path: Path) -> None:
    text = "CAL,GR\n8.5,1\n8.6,2\n8.7,3\n8.8,4\n"
    with pytest.raises(FileFormatError, match=r"no depth among the columns CAL, GR.*--row-step-m"):
        _read(tmp_path, text)
    (well,) = _read(tmp_path, text, LogOptions(row_step_m=0.1524))
    # 3 * 0.1524 is 0.45720000000000005, which is no depth to write into a file.
    ((_, original),) = read_wells(tmp_path / "t.csv", LogOptions(row_step_m=0.1524))
    assert original["depth"].values.tolist() == [0, 0.1524, 0.3048, 0.4572]
    np.testing.assert_allclose(well["depth"], [0, 0.1524, 0.3048, 0.4572])


def test_missing_depth_unit_is_told(tmp_path: Path) -> None:
    (well,) = _read(tmp_path, "DEPTH,GR\n1,2\n2,3\n")
    assert "the depths have no unit; metres are taken" in well.attrs["findings"][0]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="not a log table"):
        _read(tmp_path, "DEPTH GR\n1 2\n")
    with pytest.raises(FileFormatError, match="the first line holds no names"):
        _read(tmp_path, "1,2\n3,4\n")
    with pytest.raises(FileFormatError, match="not a table of equal lines"):
        _read(tmp_path, "DEPTH,GR\n1,2\n1,2,3\n")
    with pytest.raises(FileFormatError, match="several columns are called GR"):
        _read(tmp_path, "DEPTH,GR,gr\n1,2,3\n2,3,4\n")
    with pytest.raises(OptionError, match=r"no column 'DEPHT' for --depth.*Did you mean 'DEPTH'"):
        _read(tmp_path, "DEPTH,GR\n1,2\n2,3\n", LogOptions(depth="DEPHT"))
    with pytest.raises(FileFormatError, match="are words, not numbers"):
        _read(tmp_path, "DEPTH,GR\na,2\nb,3\n")


@pytest.mark.data
def test_seg_2016_keeps_every_row_and_label(data_dir: Path) -> None:
    path = data_dir / "logs" / "seg2016_facies_vectors.csv"
    pairs = read_wells(path, LogOptions(depth_unit="ft"))
    assert len(pairs) == 10
    for well, original in pairs:
        rows = original.sizes["depth"]
        labels = np.isfinite(well["FACIES"].values).sum()
        repeated = rows - np.unique(original["depth"]).size
        assert labels == rows - repeated, well.attrs["name"]
        at = np.searchsorted(well["depth"].values, original["depth"].values * 0.3048 - 1e-3)
        same = well["FACIES"].values[at] == original["FACIES"].values
        assert same.sum() >= rows - repeated
        np.testing.assert_allclose(
            np.log10(well["RDEP"].values[at][same]), original["ILD_LOG10"].values[same], atol=1e-5
        )


@pytest.mark.data
def test_spwla_is_in_standard_units(data_dir: Path) -> None:
    path = data_dir / "logs" / "spwla2020_train.csv"
    ((well, original),) = read_wells(path, LogOptions(row_step_m=0.1524))
    assert well.sizes["depth"] == 30143
    kept = np.isfinite(well["DTC"].values)
    assert kept.sum() == 30143 - 4054
    np.testing.assert_allclose(
        well["DTC"].values[kept], original["DTC"].values[kept] / 0.3048, rtol=1e-6
    )
