"""Laws of reading LAS: what is written is what is read, and no bytes make it crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoml.errors import FileFormatError, GeomlError, OptionError
from geoml.readers.las import las_logs
from geoml.readers.log_options import LogOptions
from geoml.readers.log_readers import read_wells
from geoml.readers.well_reader import wells_of


def las_text(
    rows: str,
    curves: str = "DEPT.M :\nGR.GAPI :\nRHOB.G/C3 :",
    *,
    null: str = "-999.25",
    version: str = "2.0",
    wrap: str = "NO",
    well: str = "STRT.M 1000 :\nSTOP.M 1001 :\nSTEP.M 0.5 :",
    delimiter: str = "",
) -> str:
    """A LAS file of few lines."""
    extra = f"DLM. {delimiter} :\n" if delimiter else ""
    return (
        f"~V\nVERS. {version} :\nWRAP. {wrap} :\n{extra}~W\n{well}\nNULL. {null} :\nWELL. A-1 :\n"
        f"~C\n{curves}\n~A\n{rows}"
    )


def read(text: str, options: LogOptions | None = None):  # type: ignore[no-untyped-def]
    """The only well of a file, and its original."""
    logs = las_logs(text.encode(), "a.las")
    ((well, original),) = wells_of(logs, options or LogOptions(), "a.las", {})
    return well, original


ROWS = "1000.0 50 2.5\n1000.5 60 2.6\n1001.0 70 2.7\n"


def test_plain_file_by_hand() -> None:
    well, _ = read(las_text(ROWS))
    assert well.attrs["name"] == "A-1"
    np.testing.assert_array_equal(well["depth"], [1000, 1000.5, 1001])
    np.testing.assert_array_equal(well["GR"], [50, 60, 70])
    np.testing.assert_array_equal(well["RHOB"], np.float32([2.5, 2.6, 2.7]))
    assert well.attrs["findings"] == []


def test_null_never_touches_the_depth() -> None:
    rows = "-999.75 50 2.5\n-999.25 -999.25 2.6\n-998.75 70 -999.25\n"
    well, original = read(las_text(rows, well="STRT.M -999.75 :\nSTOP.M -998.75 :\nSTEP.M 0.5 :"))
    np.testing.assert_array_equal(well["depth"], [-999.75, -999.25, -998.75])
    np.testing.assert_array_equal(np.isnan(well["GR"]), [False, True, False])
    np.testing.assert_array_equal(np.isnan(original["RHOB"]), [False, False, True])


@pytest.mark.parametrize("null", ["-999", "-9999", "-99999", "-9999.25", "1e30", "-999.2500"])
def test_usual_null_is_missing_although_another_is_declared(null: str) -> None:
    well, original = read(las_text(f"1000 50 2.5\n1000.5 {null} 2.6\n1001 70 2.7\n", null="-1"))
    np.testing.assert_array_equal(np.isnan(well["GR"]), [False, True, False])
    assert original["GR"].values[1] == float(null)


def test_elevation_of_minus_999_is_a_value() -> None:
    curves = "DEPT.M :\nZ_LOC.M :\nGR.GAPI :"
    well, _ = read(las_text("1000 -998 1\n1000.5 -999 2\n1001 -1000 -999\n", curves))
    np.testing.assert_array_equal(well["Z"], [-998, -999, -1000])
    assert np.isnan(well["GR"].values[2])


def test_wrong_range_in_the_header_is_told_and_the_data_count() -> None:
    well, _ = read(las_text(ROWS, well="STRT.M 0 :\nSTOP.M 5 :\nSTEP.M 0.1 :"))
    (line,) = well.attrs["findings"]
    assert "STRT 0, the data 1000; STOP 5, the data 1001; STEP 0.1, the data 0.5" in line
    np.testing.assert_array_equal(well["depth"], [1000, 1000.5, 1001])


def test_run_together_columns_are_parted() -> None:
    _, original = read(las_text("1000.0 50.12-999.25\n1000.5 60.00-999.25\n1001.0 70.5 2.7\n"))
    np.testing.assert_array_equal(original["GR"], [50.12, 60, 70.5])
    np.testing.assert_array_equal(np.isnan(original["RHOB"]), [True, True, False])


def test_dates_stay_words() -> None:
    curves = "DEPT.M :\nDAY. :\nGR.GAPI :"
    well, _ = read(las_text("1000 2018-05-22 1\n1000.5 2018-05-23 2\n", curves))
    assert well["DAY"].attrs["categories"] == ["2018-05-22", "2018-05-23"]


@pytest.mark.parametrize(("delimiter", "mark"), [("COMMA", ","), ("TAB", "\t"), ("", ",")])
def test_delimiters(delimiter: str, mark: str) -> None:
    rows = ROWS.replace(" ", mark)
    well, _ = read(las_text(rows, delimiter=delimiter))
    np.testing.assert_array_equal(well["GR"], [50, 60, 70])
    assert any("commas" in line for line in well.attrs["findings"]) == (delimiter == "")


def test_empty_cell_between_commas_is_missing() -> None:
    well, _ = read(las_text("1000,,2.5\n1000.5,60,\n1001,70,2.7\n", delimiter="COMMA"))
    np.testing.assert_array_equal(np.isnan(well["GR"]), [True, False, False])
    np.testing.assert_array_equal(np.isnan(well["RHOB"]), [False, True, False])


def test_cut_last_line_is_left_out_and_told() -> None:
    well, _ = read(las_text(ROWS + "1001.5 8"))
    assert well.sizes["depth"] == 3
    assert any("1 of 4 data lines without 3 values" in line for line in well.attrs["findings"])


def test_ragged_lines_are_refused() -> None:
    with pytest.raises(FileFormatError, match="2 of 4 data lines do not have 3 values"):
        read(las_text("1000 50 2.5\n1000.5 60\n1001 70\n1001.5 80 2.8\n"))


def test_two_log_sections_are_two_logs_of_one_well() -> None:
    text = (
        "~V\nVERS. 3.0 :\nWRAP. NO :\nDLM. COMMA :\n~W\nNULL. -999.25 :\nWELL. A-1 :\n"
        "~Log_Definition[1]\nDEPT.M :\nGR.GAPI :\n~Log_Data[1] | Log_Definition[1]\n1,50\n2,60\n"
        "~Log_Definition[2]\nDEPT.M :\nRHOB.K/M3 :\n~Log_Data[2] | Log_Definition[2]\n"
        "5,2500\n6,2600\n"
    )
    logs = las_logs(text.encode(), "a.las")
    first, second = (well for well, _ in wells_of(logs, LogOptions(), "a.las", {}))
    assert (first.attrs["name"], second.attrs["name"]) == ("A-1 [1]", "A-1 [2]")
    assert first.attrs["well"] == second.attrs["well"] == "A-1"
    assert list(first.data_vars) == ["GR"]
    np.testing.assert_allclose(second["RHOB"], [2.5, 2.6], rtol=1e-6)


def test_log_over_time_is_refused() -> None:
    with pytest.raises(FileFormatError, match="the index 'TIME' is in 'S'; a depth"):
        read(las_text(ROWS, "TIME.S :\nGR.GAPI :\nRHOB.G/C3 :"))


def test_user_names_curves_and_units() -> None:
    curves = "DEPT.M :\nSTRANGE. :\nRHOB.G/C3 :"
    options = LogOptions(names={"strange": "DTC"}, units={"STRANGE": "us/ft"})
    well, _ = read(las_text(ROWS, curves), options)
    np.testing.assert_allclose(well["DTC"], np.array([50, 60, 70]) / 0.3048, rtol=1e-6)
    with pytest.raises(OptionError, match=r"No curve 'STRONGE'.*Did you mean 'STRANGE'"):
        read(las_text(ROWS, curves), LogOptions(names={"STRONGE": "DTC"}))


def test_missing_file_and_unknown_suffix_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="no such file"):
        read_wells(tmp_path / "none.las")
    with pytest.raises(FileFormatError, match=r"no log reader for '\.xyz'"):
        read_wells(tmp_path / "none.xyz")
    (tmp_path / "e.las").write_bytes(b"")
    with pytest.raises(FileFormatError, match="an empty file"):
        read_wells(tmp_path / "e.las")
    (tmp_path / "b.las").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(FileFormatError, match="binary data, not a text file"):
        read_wells(tmp_path / "b.las")


@given(
    values=st.lists(
        st.tuples(st.floats(0, 500, width=32), st.floats(1, 3, width=32)), min_size=2, max_size=30
    ),
    wrap=st.booleans(),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read(
    values: list[tuple[float, float]], wrap: bool, ends: str, encoding: str
) -> None:
    between = "\n" if wrap else " "
    rows = "\n".join(f"{1000 + i * 0.5}{between}{a!r}  {b!r}" for i, (a, b) in enumerate(values))
    content = las_text(rows + "\n", wrap="YES" if wrap else "NO").replace("\n", ends)
    (log,) = las_logs(content.encode(encoding), "a.las")
    np.testing.assert_array_equal(log.curves[0].values, [a for a, _ in values])
    np.testing.assert_array_equal(log.curves[1].values, [b for _, b in values])


_PARTS = st.sampled_from(
    ["~V", "~W", "~C", "~A", "~Log_Data[1] | X", "\n", " ", "VERS. 3.0:", "WRAP. YES:", "NULL. x:",
     "DLM. TAB:", "DLM. ?:", "DEPT.M:", "DEPT.FT:", "GR.GAPI:", ".:", ":", "STRT.M nan:",
     "STEP.M 0:", "1e999", "-999.25", "nan", "1_0", "1,5", "\x00", "é", "~", "#", '"', "'", "1000",
     "1000.5 3 4"]
)  # fmt: skip


@given(parts=st.lists(_PARTS, max_size=60), seed=st.binary(max_size=20))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_makes_the_reader_crash(parts: list[str], seed: bytes) -> None:
    _read_or_refuse("\n".join(parts).encode("utf-8") + seed)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_makes_the_reader_crash(data: st.DataObject) -> None:
    content = bytearray(las_text(ROWS).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        action = data.draw(st.sampled_from(("set", "cut", "double", "drop")))
        if action == "set":
            content[place] = data.draw(st.integers(0, 255))
        elif action == "cut":
            content = content[: max(place, 1)]
        elif action == "double":
            content[place:place] = content[place : place + 40]
        else:
            del content[place : place + 7]
        if not content:
            return
    _read_or_refuse(bytes(content))


def _read_or_refuse(content: bytes) -> None:
    try:
        for well, _ in wells_of(las_logs(content, "a.las"), LogOptions(), "a.las", {}):
            assert np.isfinite(well["depth"].values).all()
    except GeomlError as refusal:
        if "\n" in str(refusal):
            pytest.fail(f"more than one line: {refusal}")
