"""Kill step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.bad_traces import BadTraceRules
from geoml.preprocess.kill import Kill
from geoml.preprocess.pipeline import preprocess_store
from geoml.preprocess.recipe import build_steps
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.store import open_survey, save_survey


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
    with pytest.raises(OptionError, match=r"names trace 36, .* 36 traces; the last one is 35"):
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


def test_detected_traces_are_killed_and_their_reasons_written(gathers: xr.DataArray) -> None:
    rng = np.random.default_rng(0)
    line = gathers.copy(data=np.repeat(rng.normal(size=(3, 1, 300)), 12, axis=1).reshape(36, 300))
    line = line.astype(np.float32)
    line.values[4] *= -1
    line.values[17] = rng.normal(size=300)
    line.values[30] = 0
    quiet = {"silent": False, "header_dead": False}
    everything = Kill(detect=True, **quiet)(line)
    assert np.flatnonzero(everything["bad_trace_reason"]).tolist() == [4, 17, 30]
    assert everything["bad_trace_reason"].values[[4, 17, 30]].tolist() == [4, 5, 1]
    assert everything["bad_trace_reason"].dtype == np.int32
    assert killed(Kill(detect=True, **quiet), line) == [4, 17, 30]
    assert killed(Kill(detect=("reversed",), **quiet), line) == [4]


def test_empty_list_of_reasons_only_marks(gathers: xr.DataArray) -> None:
    marked = Kill(detect=(), silent=False, header_dead=False)(gathers)
    assert marked["live"].values.all()
    np.testing.assert_array_equal(marked.values, gathers.values)
    assert marked["bad_trace_reason"].values[5] == 1


def test_first_reason_is_kept_when_a_killed_trace_is_looked_at_again(
    gathers: xr.DataArray,
) -> None:
    gathers.values[7, 3] = np.nan
    once = Kill(detect=True)(gathers)
    assert once["bad_trace_reason"].values[7] == 6
    assert Kill(detect=True)(once)["bad_trace_reason"].values[7] == 6


def test_rules_without_detection_and_misspelled_rules_are_refused() -> None:
    with pytest.raises(OptionError, match="has rules but detects nothing"):
        Kill(rules=BadTraceRules(dead_ratio=0.1))
    with pytest.raises(OptionError, match=r"'kill', option 'rules\.ded_ratio'"):
        build_steps([{"kill": {"detect": True, "rules": {"ded_ratio": 0.1}}}])
    with pytest.raises(OptionError, match="'kill', option 'detect"):
        build_steps([{"kill": {"detect": ["deadly"]}}])


def test_reasons_travel_through_a_store(gathers: xr.DataArray, tmp_path: Path) -> None:
    survey = gathers.to_dataset(name="amplitude").reset_coords(
        [name for name in gathers.coords if name != "time"]
    )
    for name, kind in TRACE_VARIABLES.items():
        if name not in survey:
            survey[name] = ("trace", np.zeros(36, dtype=kind.dtype))
    save_survey(survey, tmp_path / "raw.zarr")
    preprocess_store(tmp_path / "raw.zarr", tmp_path / "out.zarr", [{"kill": {"detect": True}}])
    stored = open_survey(tmp_path / "out.zarr")["bad_trace_reason"]
    assert stored.dtype == np.int32
    np.testing.assert_array_equal(stored.values, Kill(detect=True)(gathers)["bad_trace_reason"])
    assert stored.values[5] == 1
