"""Kill step."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.kill import Kill


def killed(step: Kill, gathers: xr.DataArray) -> list[int]:
    return np.flatnonzero(~step(gathers)["live"].values).tolist()


def test_header_values_kill_where_all_of_them_agree(gathers: xr.DataArray) -> None:
    quiet = {"silent": False, "non_finite": False, "header_dead": False}
    step = Kill(headers={"field_record": (2,), "trace_in_record": (1, 8)}, **quiet)
    assert killed(step, gathers) == [12, 19]
    assert not step(gathers).values[[12, 19]].any()
    kept = np.setdiff1d(np.arange(36), [12, 19])
    np.testing.assert_array_equal(step(gathers).values[kept], gathers.values[kept])


def test_detector_finds_silent_damaged_and_header_dead_traces(damaged: xr.DataArray) -> None:
    # 2 to 4 hold NaN or Inf, 5 is silent, 9 is marked dead in its header.
    assert killed(Kill(), damaged) == [2, 3, 4, 5, 9]
    assert np.isfinite(Kill()(damaged).values).all()


def test_trace_that_is_loud_late_is_noisy_whatever_the_strength_of_its_shot(
    gathers: xr.DataArray,
) -> None:
    quiet = np.random.default_rng(0).normal(size=gathers.shape) * 0.1
    strength = np.repeat([1.0, 1e4, 1e-4], 12)
    strength[[3, 20]] *= 5
    late = np.arange(300) >= 150
    noisy = gathers.copy(data=(quiet * strength[:, None] * late).astype(np.float32))
    assert killed(Kill(noisy_ratio=3.0, header_dead=False), noisy) == [3, 20]
    assert killed(Kill(noisy_ratio=6.0, header_dead=False), noisy) == []


def test_damaged_traces_do_not_shift_the_median_of_noise(gathers: xr.DataArray) -> None:
    samples = np.ones((12, 300), dtype=np.float32) * np.where(np.arange(300) % 2, 1, -1)
    samples[:5, 200] = np.nan
    samples[5:8] = 0
    samples[11] *= 4
    one = gathers.isel(trace=slice(0, 12)).copy(data=samples.astype(np.float32))
    live = np.arange(12) != 9
    step = Kill(noisy_ratio=3.0, header_dead=False)
    assert killed(step, one.assign_coords(live=("trace", live))) == [*range(8), 9, 11]


def test_constant_trace_is_silent(gathers: xr.DataArray) -> None:
    gathers.values[0] = 17
    assert 0 in killed(Kill(), gathers)


def test_earlier_kill_is_remembered(gathers: xr.DataArray) -> None:
    twice = Kill(traces=(3,))(Kill(traces=(1,))(gathers))
    assert not twice["live"].values[[1, 3]].any()


def test_trace_numbers_count_in_the_whole_survey(gathers: xr.DataArray) -> None:
    part = gathers.assign_coords(trace=np.arange(36)).isel(trace=slice(8, 16))
    assert killed(Kill(traces=(0, 10)), part) == [1, 2]


def test_trace_beyond_the_survey_is_refused(gathers: xr.DataArray) -> None:
    survey = gathers.to_dataset(name="amplitude")
    with pytest.raises(OptionError, match=r"trace 36, .* 36 traces; the last one is 35"):
        Kill(traces=(2, 36)).check(survey)


def test_header_value_that_no_trace_has_is_refused(gathers: xr.DataArray) -> None:
    survey = gathers.to_dataset(name="amplitude")
    with pytest.raises(OptionError, match="field_record 7, which no trace"):
        Kill(headers={"field_record": (1, 7)}).check(survey)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(OptionError, match="no trace variable 'ffid'"):
        Kill(headers={"ffid": (1,)})
    with pytest.raises(OptionError, match="counts traces from 0; found -1"):
        Kill(traces=(-1,))
    with pytest.raises(OptionError, match=r"noisy_ratio is 0\.5; it must be above 1"):
        Kill(noisy_ratio=0.5)
