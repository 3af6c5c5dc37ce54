"""A section corrected by picked first arrivals."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter

from geoml.errors import CheckpointError, GeometryError, OptionError
from geoml.physics.travel_times import first_arrival_times
from geoml.prediction.first_arrival_fit import FirstArrivalFit, fit_first_arrivals
from geoml.prediction.hold_out import fitted_shots, held_out_traces
from geoml.prediction.remodel import chosen_shots
from geoml.survey.geometry import line_coordinates
from geoml.survey.velocity import section

from .modelled_line import bare_survey

SPACING_M = 20.0
N_DEPTH, N_DISTANCE = 20, 61


def background() -> np.ndarray:
    return np.repeat(1700 + 1.0 * SPACING_M * np.arange(N_DEPTH)[:, None], N_DISTANCE, axis=1)


def fast_lens() -> np.ndarray:
    """Seven per cent faster around 600 m along the line and 80 m down."""
    depth, distance = np.meshgrid(
        SPACING_M * np.arange(N_DEPTH), SPACING_M * np.arange(N_DISTANCE), indexing="ij"
    )
    return 1 + 0.07 * np.exp(-(((depth - 80) / 60) ** 2) - ((distance - 600) / 180) ** 2)


@pytest.fixture(scope="module")
def survey() -> xr.Dataset:
    """A fixed spread with the exact first breaks of the background with the lens."""
    sources = np.linspace(0, 1200, 9)
    receivers = np.repeat(np.linspace(0, 1200, 31)[None], 9, axis=0)
    bare = bare_survey(sources, receivers)
    line = line_coordinates(bare)
    at = np.stack([line.receiver_distance_m, line.receiver_depth_m], axis=-1).reshape(9, 31, 2)
    start = np.stack([line.source_distance_m, line.source_depth_m], axis=-1).reshape(9, 31, 2)[:, 0]
    times = first_arrival_times(background() * fast_lens(), SPACING_M, start, at)
    return bare.assign(first_break=("trace", times.ravel()))


def prediction(relative_std: float = 0.05) -> xr.Dataset:
    made = section(background().astype(np.float32), SPACING_M)
    std = (relative_std * background()).astype(np.float32)
    return made.assign(velocity_std=(("depth", "distance"), std))


def test_picks_draw_the_section_to_the_ground_they_came_from(survey: xr.Dataset) -> None:
    fitted = fit_first_arrivals(survey, prediction(), FirstArrivalFit(pick_error_s=0.001))
    rms_s = fitted.attrs["first_arrival_fit"]
    assert rms_s[0] > 0.004
    assert rms_s[-1] < 0.25 * rms_s[0]
    change = fitted["velocity"].values / background()
    true = fast_lens()
    seen = np.s_[:8, 10:50]
    assert np.corrcoef(change[seen].ravel(), true[seen].ravel())[0, 1] > 0.8
    assert change[4, 30] == pytest.approx(true[4, 30], abs=0.025)


def test_network_answer_is_kept_beside(survey: xr.Dataset) -> None:
    fitted = fit_first_arrivals(survey, prediction())
    np.testing.assert_array_equal(fitted["velocity_network"], prediction()["velocity"])
    assert float(np.abs(fitted["velocity"] - fitted["velocity_network"]).max()) > 20


def test_nothing_moves_where_the_network_is_sure(survey: xr.Dataset) -> None:
    sure = prediction()
    sure["velocity_std"][:3] = 0.0
    fitted = fit_first_arrivals(survey, sure)
    change = np.abs(fitted["velocity"].values / background() - 1)
    assert change[:3].max() < 1e-3
    assert change[3:].max() > 0.01


def test_nothing_moves_where_no_path_runs(survey: xr.Dataset) -> None:
    fitted = fit_first_arrivals(survey, prediction())
    change = np.abs(fitted["velocity"].values / background() - 1)
    assert change[-3:].max() < 1e-3


def test_held_water_keeps_its_velocity_to_the_bit(survey: xr.Dataset) -> None:
    fitted = fit_first_arrivals(survey, prediction(), FirstArrivalFit(hold_above_m=60.0))
    change = np.abs(fitted["velocity"] - fitted["velocity_network"]).values
    assert change[:3].max() == 0
    assert change[3:].max() > 20


def test_coarse_picks_move_less(survey: xr.Dataset) -> None:
    def moved(error_s: float) -> float:
        fitted = fit_first_arrivals(survey, prediction(), FirstArrivalFit(pick_error_s=error_s))
        return float(np.abs(fitted["velocity"].values / background() - 1).max())

    assert moved(0.05) < 0.5 * moved(0.001)


def test_survey_without_picks_is_refused(survey: xr.Dataset) -> None:
    with pytest.raises(GeometryError, match="needs picks, and the survey has none"):
        fit_first_arrivals(survey.drop_vars("first_break"), prediction())


def test_option_at_zero_is_refused() -> None:
    with pytest.raises(OptionError, match="'pick_error_s' is 0"):
        FirstArrivalFit(pick_error_s=0)


def test_slices_under_the_shots_trace_what_the_whole_section_does(survey: xr.Dataset) -> None:
    # A longer section around the same spread changes neither paths nor correction.
    wide = section(
        np.pad(background(), ((0, 0), (40, 40)), "edge").astype(np.float32),
        SPACING_M,
        first_distance_m=-40 * SPACING_M,
    )
    wide = wide.assign(velocity_std=0.05 * wide["velocity"])
    there = fit_first_arrivals(survey, wide)
    here = fit_first_arrivals(survey, prediction())
    np.testing.assert_allclose(
        there.attrs["first_arrival_fit"][0], here.attrs["first_arrival_fit"][0], rtol=1e-6
    )
    middle = there["velocity"].values[:, 50:90]
    np.testing.assert_allclose(middle, here["velocity"].values[:, 10:50], rtol=5e-3)


def test_network_without_a_spread_is_refused(survey: xr.Dataset) -> None:
    with pytest.raises(CheckpointError, match="predicts none"):
        fit_first_arrivals(survey, prediction().drop_vars("velocity_std"))


def test_picks_narrow_the_spread_where_paths_run_and_nowhere_else(survey: xr.Dataset) -> None:
    start = prediction()
    fitted = fit_first_arrivals(survey, start)
    moved = fitted["velocity"].values / background()
    factor = fitted["velocity_std"].values / start["velocity_std"].values / moved
    assert factor.max() <= 1 + 1e-5
    assert factor[2:5, 15:45].mean() < 0.7
    np.testing.assert_allclose(factor[-3:], 1, atol=0.01)
    assert fitted.attrs["first_arrival_spread"] < 0.95


def test_coarse_picks_narrow_less(survey: xr.Dataset) -> None:
    spread = [
        fit_first_arrivals(survey, prediction(), FirstArrivalFit(pick_error_s=error_s))
        for error_s in (0.001, 0.05)
    ]
    fine, coarse = (one["velocity_std"].values[2:5, 15:45].mean() for one in spread)
    assert fine < 0.8 * coarse


def test_narrowed_spread_covers_the_ground_that_the_picks_came_from() -> None:
    """Ground drawn from the prior itself: the posterior's two standard deviations hold it."""
    sources, receivers = np.linspace(0, 1200, 9), np.repeat(np.linspace(0, 1200, 31)[None], 9, 0)
    bare = bare_survey(sources, receivers)
    line = line_coordinates(bare)
    at = np.stack([line.receiver_distance_m, line.receiver_depth_m], axis=-1).reshape(9, 31, 2)
    start = np.stack([line.source_distance_m, line.source_depth_m], axis=-1).reshape(9, 31, 2)[:, 0]
    rng = np.random.default_rng(3)
    inside, narrowed = [], []
    for _ in range(2):
        unit = gaussian_filter(rng.standard_normal((N_DEPTH, N_DISTANCE)), (2.0, 7.5))
        unit *= np.sqrt(4 * np.pi * 2.0 * 7.5)
        ground = background() * np.exp(0.03 * unit)
        times = first_arrival_times(ground, SPACING_M, start, at)
        noisy = times + 0.002 * rng.standard_normal(times.shape)
        survey = bare.assign(first_break=("trace", noisy.ravel()))
        options = FirstArrivalFit(pick_error_s=0.002)
        fitted = fit_first_arrivals(survey, prediction(0.03), options)
        error = np.abs(np.log(fitted["velocity"].values / ground))
        std = (fitted["velocity_std"] / fitted["velocity"]).values
        inside.append((error < 2 * std)[:6].mean())
        narrowed.append(std[:6].mean() / 0.03)
    assert 0.85 < np.mean(inside) < 0.99
    assert np.mean(narrowed) < 0.75


def test_picks_that_are_held_out_do_not_move_the_section(survey: xr.Dataset) -> None:
    shots = chosen_shots(survey)
    held_out = held_out_traces(shots, survey.sizes["trace"], 4)
    allowed = fitted_shots(shots, held_out)
    wild = survey.assign(first_break=survey["first_break"] + 0.05 * held_out)
    one, other = (fit_first_arrivals(s, prediction(), shots=allowed) for s in (survey, wild))
    np.testing.assert_array_equal(one["velocity"], other["velocity"])
    assert float(np.abs(one["velocity"] - one["velocity_network"]).max()) > 20


def test_paths_in_held_ground_alone_change_neither_velocity_nor_spread(survey: xr.Dataset) -> None:
    held = FirstArrivalFit(hold_above_m=(N_DEPTH - 1) * SPACING_M, smooth_depth_m=1.0)
    fitted = fit_first_arrivals(survey, prediction(), held)
    np.testing.assert_array_equal(fitted["velocity"], prediction()["velocity"])
    np.testing.assert_array_equal(fitted["velocity_std"], prediction()["velocity_std"])
