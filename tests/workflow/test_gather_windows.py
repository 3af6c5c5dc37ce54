"""Shot gathers as windows of one size, and values on them back on the traces of the survey."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from shot_file import write_shots

from geoml.errors import GeometryError, OptionError
from geoml.readers.ingest import ingest
from geoml.survey.store import open_survey
from geoml.workflow.gather_events import event_gather
from geoml.workflow.gather_windows import shot_windows


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """Twenty shots into sixteen channels at offsets from -100 m to -475 m."""
    folder = tmp_path_factory.mktemp("line")
    ingest(write_shots(folder / "line.sgy", n_shots=20), folder / "line.zarr")
    return open_survey(folder / "line.zarr").load()


def test_whole_gathers_come_in_the_order_of_their_offsets(survey: xr.Dataset) -> None:
    windows = shot_windows(survey)
    assert windows.gathers.samples.shape == (20, 16, 50)
    offset_m = windows.gathers.offset_m
    assert (np.diff(offset_m, axis=1) > 0).all()
    np.testing.assert_allclose(np.abs(offset_m), np.abs(survey["offset"].values[windows.trace]))
    np.testing.assert_array_equal(
        windows.gathers.samples, survey["amplitude"].values[windows.trace]
    )


@pytest.mark.parametrize("n_traces", [3, 7, 16, 20])
def test_every_trace_gets_its_own_value_back(survey: xr.Dataset, n_traces: int) -> None:
    windows = shot_windows(survey, n_traces=n_traces)
    assert windows.gathers.samples.shape[1] == n_traces
    number = np.where(windows.trace < 0, 999, windows.trace).astype(float)
    np.testing.assert_allclose(windows.on_traces(number), np.arange(320))


def test_trace_without_a_value_stays_without(survey: xr.Dataset) -> None:
    windows = shot_windows(survey)
    values = np.ones(windows.trace.shape)
    values[4, 2] = np.nan
    told = windows.on_traces(values)
    assert np.flatnonzero(np.isnan(told)).tolist() == [windows.trace[4, 2]]


def test_filling_is_dead_and_has_no_pick(survey: xr.Dataset) -> None:
    picked = survey.assign(first_break=("trace", np.full(320, 0.1)))
    windows = shot_windows(picked, n_traces=20)
    assert not windows.gathers.samples[:, 16:].any()
    assert np.isnan(windows.gathers.first_break_s[:, 16:]).all()
    assert (windows.gathers.first_break_s[:, :16] == np.float32(0.1)).all()


def test_picks_outside_the_window_are_unknown(survey: xr.Dataset) -> None:
    picked = survey.assign(first_break=("trace", np.linspace(-0.1, 0.3, 320)))
    windows = shot_windows(picked, max_time_s=0.1)
    known = np.isfinite(windows.on_traces(windows.gathers.first_break_s))
    truth = picked["first_break"].values
    np.testing.assert_array_equal(known, (truth >= 0) & (truth <= 0.1))
    assert windows.gathers.samples.shape[2] == 26


def test_slow_signals_survive_resampling(survey: xr.Dataset) -> None:
    time_s = survey["time"].values
    slow = survey.copy()
    slow["amplitude"] = survey["amplitude"].copy(
        data=np.tile(np.exp(-(((time_s - 0.1) / 0.02) ** 2)), (320, 1)).astype(np.float32)
    )
    windows = shot_windows(slow, dt_s=0.008, n_times=25)
    wanted = np.exp(-(((0.008 * np.arange(25) - 0.1) / 0.02) ** 2))
    np.testing.assert_allclose(windows.gathers.samples[3, 5], wanted, atol=0.01)
    assert windows.gathers.dt_s == 0.008


def test_bad_samples_and_killed_traces_are_dead(survey: xr.Dataset) -> None:
    live = np.ones(320, dtype=bool)
    live[40] = False
    broken = survey.copy(deep=True).assign(live=("trace", live))
    broken["amplitude"][7, 3] = np.nan
    windows = shot_windows(broken)
    alive = windows.on_traces(windows.gathers.samples.any(axis=2).astype(float))
    assert np.flatnonzero(alive == 0).tolist() == [7, 40]


def test_neighbouring_shots_stay_together(survey: xr.Dataset) -> None:
    groups = shot_windows(survey).gathers.group
    assert np.unique(groups).size == 8
    assert (np.diff(groups) >= 0).all()


def test_survey_without_offsets_is_refused(survey: xr.Dataset) -> None:
    bare = survey.assign(offset=("trace", np.zeros(320)))
    with pytest.raises(GeometryError, match="no offsets, which networks on gathers read"):
        shot_windows(bare)
    with pytest.raises(OptionError, match="are too few; give a longer time"):
        shot_windows(survey, max_time_s=0.01)


def test_gather_of_many_traces_is_thinned_and_one_of_few_is_filled(survey: xr.Dataset) -> None:
    shot = survey.isel(trace=slice(0, 16))
    few, many = (event_gather(shot, n, 50, 0.004) for n in (6, 20))
    assert few.samples.shape == (1, 6, 50)
    np.testing.assert_allclose(few.offset_m[0], [100, 175, 250, 325, 400, 475])
    np.testing.assert_allclose(few.samples[0, 0], shot["amplitude"].values[0])
    np.testing.assert_allclose(many.offset_m[0, :16], np.abs(shot["offset"].values))
    assert not many.samples[0, 16:].any()
    assert (many.offset_m[0, 16:] == 475).all()
