"""Selection step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.kill import Kill
from geoml.preprocess.select import Select


def kept(step: Select, gathers: xr.DataArray) -> list[int]:
    out = step(gathers)
    live = out["live"].values
    np.testing.assert_array_equal(out.values[live], gathers.values[live])
    assert not out.values[~live].any()
    assert out.sizes == gathers.sizes
    return np.flatnonzero(live).tolist()


def test_offsets_are_unsigned_and_both_ends_are_kept(gathers: xr.DataArray) -> None:
    mirrored = gathers.assign_coords(offset=-gathers["offset"])
    for one in (gathers, mirrored):
        assert kept(Select(offset_m=(250, 450)), one) == [1, 2, 3, 13, 14, 15, 25, 26, 27]


def test_traces_that_fulfil_every_condition_are_kept(gathers: xr.DataArray) -> None:
    step = Select(
        offset_m=(0, 600), ranges={"field_record": (2, 3)}, headers={"trace_in_record": (1, 2, 9)}
    )
    assert kept(step, gathers) == [12, 13, 24, 25]


def test_killed_traces_stay_killed(gathers: xr.DataArray) -> None:
    killed = Kill(traces=(1,))(gathers)
    assert kept(Select(offset_m=(250, 350)), killed) == [2, 13, 14, 25, 26]


def test_nan_of_a_trace_that_is_left_out_is_gone(damaged: xr.DataArray) -> None:
    out = Select(headers={"field_record": (2, 3)})(damaged)
    assert np.isfinite(out.values).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "has no condition"),
        ({"offset_m": (500, 100)}, "offset_m is 500 to 100; it must not fall"),
        ({"ranges": {"cdp": (float("nan"), 4)}}, "cdp is nan to 4"),
        ({"ranges": {"ffid": (1, 4)}}, "no trace variable 'ffid'"),
    ],
)
def test_impossible_conditions_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Select(**options)


def test_conditions_that_the_survey_cannot_fulfil_are_refused(gathers: xr.DataArray) -> None:
    survey = gathers.to_dataset(name="amplitude").reset_coords(
        [name for name in gathers.coords if name != "time"]
    )
    with pytest.raises(OptionError, match="would keep no trace"):
        Select(offset_m=(5000, 6000)).check(survey)
    with pytest.raises(OptionError, match="field_record 9, which no trace"):
        Select(headers={"field_record": (9,)}).check(survey)
    bare = survey.assign({name: 0 * survey[name] for name in ("offset", "source_x", "receiver_x")})
    with pytest.raises(GeometryError, match="every offset of the survey is 0"):
        Select(offset_m=(0, 100)).check(bare)
    Select(offset_m=(0, 300), ranges={"field_record": (2, 9)}).check(survey)
