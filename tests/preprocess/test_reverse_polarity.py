"""Polarity step."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.bad_traces import BadTraceRules
from geoml.preprocess.kill import Kill
from geoml.preprocess.reverse_polarity import ReversePolarity


def turned(step: ReversePolarity, gathers: xr.DataArray) -> list[int]:
    out = step(gathers)
    np.testing.assert_array_equal(np.abs(out.values), np.abs(gathers.values))
    return np.flatnonzero((out.values != gathers.values).any(axis=1)).tolist()


def test_named_traces_are_turned_and_the_others_kept(gathers: xr.DataArray) -> None:
    assert turned(ReversePolarity(traces=(3, 17)), gathers) == [3, 17]
    step = ReversePolarity(headers={"field_record": (2,), "trace_in_record": (1, 8)})
    assert turned(step, gathers) == [12, 19]


def test_twice_is_nothing(gathers: xr.DataArray) -> None:
    step = ReversePolarity(headers={"trace_in_record": (2,)})
    np.testing.assert_array_equal(step(step(gathers)).values, gathers.values)


def test_whole_survey_turns_all_but_the_named(gathers: xr.DataArray) -> None:
    live = [i for i in range(36) if gathers.values[i].any()]
    assert turned(ReversePolarity(whole_survey=True), gathers) == live
    step = ReversePolarity(whole_survey=True, traces=(0,))
    assert turned(step, gathers) == live[1:]


def test_detector_turns_reversed_traces_and_mends_their_note(gathers: xr.DataArray) -> None:
    broken = gathers.copy(deep=True)
    broken.values[[8, 20, 31]] *= -1
    marked = Kill(detect=(), silent=False, header_dead=False)(broken)
    assert marked["bad_trace_reason"].values[[8, 20, 31]].tolist() == [4, 4, 4]
    mended = ReversePolarity(detect=True)(marked)
    np.testing.assert_array_equal(mended.values, gathers.values)
    assert np.flatnonzero(mended["bad_trace_reason"]).tolist() == [5]


def test_options_that_turn_nothing_are_refused() -> None:
    with pytest.raises(OptionError, match="turns nothing; give traces, headers, detect"):
        ReversePolarity()
    with pytest.raises(OptionError, match="has rules but detects nothing"):
        ReversePolarity(traces=(1,), rules=BadTraceRules(dead_ratio=0.1))
    with pytest.raises(OptionError, match="counts traces from 0; found -2"):
        ReversePolarity(traces=(-2,))


def test_trace_beyond_the_survey_is_refused(gathers: xr.DataArray) -> None:
    with pytest.raises(OptionError, match="'reverse_polarity' names trace 36, but the survey"):
        ReversePolarity(traces=(36,)).check(gathers.to_dataset(name="amplitude"))
