"""Static shift step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.errors import FileFormatError, GeometryError, OptionError
from geoml.preprocess.apply_statics import ApplyStatics, read_statics, write_statics
from geoml.preprocess.shift_time import ShiftTime
from geoml.survey.schema import TRACE_VARIABLES


def test_one_static_for_all_is_the_time_shift(gathers: xr.DataArray) -> None:
    table = {"field_record": {1: 0.0123, 2: 0.0123, 3: 0.0123}}
    moved = ApplyStatics(table)(gathers).values
    expected = ShiftTime(0.0123)(gathers).values
    np.testing.assert_allclose(moved[:, 10:-10], expected[:, 10:-10], atol=0.02)


def test_tables_of_several_variables_are_added(gathers: xr.DataArray) -> None:
    by_shot = {1: 0.004, 2: 0.008, 3: 0.0}
    by_channel = dict.fromkeys(range(1, 13), 0.012)
    static = ApplyStatics({"field_record": by_shot, "trace_in_record": by_channel}).static_s(
        gathers
    )
    np.testing.assert_allclose(static, np.repeat([0.016, 0.02, 0.012], 12))
    # Whole samples: shot 2 is five samples later.
    moved = ApplyStatics({"field_record": by_shot, "trace_in_record": by_channel})(gathers)
    np.testing.assert_allclose(moved.values[12:24, 5:], gathers.values[12:24, :-5], atol=1e-5)


def test_factor_minus_one_takes_the_statics_out_again(gathers: xr.DataArray) -> None:
    table = {"field_record": {1: 0.0131, 2: -0.0087, 3: 0.0}}
    smooth = gathers.copy(data=np.apply_along_axis(np.convolve, 1, gathers, np.hanning(7), "same"))
    back = ApplyStatics(table, factor=-1.0)(ApplyStatics(table)(smooth))
    np.testing.assert_allclose(back.values[:, 40:-40], smooth.values[:, 40:-40], atol=0.01)
    np.testing.assert_allclose(back["first_break"], gathers["first_break"])


def test_variable_of_the_survey_is_used(gathers: xr.DataArray) -> None:
    shift = gathers.assign_coords(static=("trace", np.full(36, 0.008)))
    np.testing.assert_allclose(
        ApplyStatics()(shift).values[:, 2:], gathers.values[:, :-2], atol=1e-5
    )
    with pytest.raises(GeometryError, match="shift by 'static', which the traces do not have"):
        ApplyStatics()(gathers)


def test_file_gives_the_statics_that_were_written(tmp_path: Path, gathers: xr.DataArray) -> None:
    survey = gathers.to_dataset(name="amplitude").reset_coords()
    static = np.random.default_rng(0).uniform(-0.03, 0.03, 36)
    path = tmp_path / "statics.csv"
    write_statics(survey.assign(static=("trace", static)), path)
    step = ApplyStatics(str(path))
    np.testing.assert_allclose(step.static_s(gathers), static, atol=1e-6)
    shuffled = np.random.default_rng(1).permutation(36)
    np.testing.assert_allclose(
        step.static_s(gathers.isel(trace=shuffled)), static[shuffled], atol=1e-6
    )


def test_changed_file_is_read_again(tmp_path: Path, gathers: xr.DataArray) -> None:
    path = tmp_path / "statics.csv"
    for value in (0.004, 0.012):
        path.write_text(f"trace_kind,static_s\n1,{value}\n2,{value}\n")
        static = ApplyStatics(str(path)).static_s(gathers)
        np.testing.assert_allclose(static, value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("field_record,static_s\n1,0.1\n1,0.2\n", "two lines have the same field_record"),
        ("field_record,seconds\n1,0.1\n", "statics are CSV"),
        ("static_s\n0.1\n", "statics are CSV"),
        ("field_record,static_s\n1,soon\n", "statics are CSV"),
        ("field_record,static_s\n1\n", "statics are CSV"),
        ("", "statics are CSV"),
    ],
)
def test_file_that_is_no_table_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "statics.csv"
    path.write_text(content)
    with pytest.raises(FileFormatError, match=message):
        read_statics(path)
    path.write_text("shot,static_s\n1,0.1\n")
    with pytest.raises(OptionError, match="no trace variable 'shot'"):
        read_statics(path)
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_statics(tmp_path / "none.csv")


def test_trace_that_is_not_in_the_table_is_named_before_anything_is_read() -> None:
    survey = xr.Dataset({name: ("trace", np.arange(4.0)) for name in TRACE_VARIABLES})
    with pytest.raises(GeometryError, match=r"2 of 4 traces .* \(first: field_record 2\)"):
        ApplyStatics({"field_record": {0: 0.1, 1: 0.2}}).check(survey)


def test_statics_that_do_not_exist_are_refused() -> None:
    with pytest.raises(OptionError, match="knows no statics 'residual'"):
        ApplyStatics("residual")
    with pytest.raises(OptionError, match="no trace variable 'shot'"):
        ApplyStatics({"shot": {1: 0.1}})
    with pytest.raises(OptionError, match="empty table"):
        ApplyStatics({})
    with pytest.raises(OptionError, match="factor is inf"):
        ApplyStatics(factor=float("inf"))
