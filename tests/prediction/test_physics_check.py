"""The prediction's own gathers and arrivals against the recorded ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError
from geoml.physics.trend import VelocityTrend
from geoml.prediction.physics_check import check_physics
from geoml.prediction.remodel import chosen_shots, section_slice, shot_groups
from geoml.survey.acquisition import Acquisition
from geoml.survey.line_shots import LineShot
from geoml.survey.velocity import section

from .modelled_line import GROUND, SPACING_M, modelled_survey

SLOWER = VelocityTrend(1600.0, 0.6, 4000.0)


def truth(n_distance: int = 30, first_m: float = 0.0) -> xr.Dataset:
    ground = GROUND.section(20, n_distance, SPACING_M)
    return section(ground, SPACING_M, first_distance_m=first_m)


@pytest.fixture(scope="module")
def checks(streamer: xr.Dataset, acquisition: Acquisition) -> xr.Dataset:
    return check_physics(streamer, truth(), SLOWER, acquisition)


def test_true_ground_explains_the_gathers_and_the_first_arrivals(checks: xr.Dataset) -> None:
    assert float(checks["total_first_arrival_rms_s"].sel(model="prediction")) < 0.0005
    assert float(checks["total_data_misfit"].sel(model="prediction")) < 0.02


def test_wrong_ground_explains_less_by_the_analytic_delay(checks: xr.Dataset) -> None:
    offset = checks["offset"].to_numpy()
    late = SLOWER.first_arrivals(offset, 8.0, 12.0) - GROUND.first_arrivals(offset, 8.0, 12.0)
    found = (checks["first_arrival"].sel(model="trend") - checks["first_break"]).to_numpy()
    np.testing.assert_allclose(found, late, atol=0.001)
    assert float(checks["total_data_misfit"].sel(model="trend")) > 0.2


def test_every_shot_has_its_number_and_misfits(checks: xr.Dataset) -> None:
    assert checks["shot"].values.tolist() == [101, 102, 103, 104, 105]
    assert checks["shown_shot"].values.tolist() == [101, 103, 105]
    assert np.isfinite(checks["data_misfit"]).all()
    assert np.isfinite(checks["first_arrival_rms_s"]).all()
    observed, modelled = checks["observed"], checks["modelled"].sel(model="prediction")
    np.testing.assert_allclose(observed, modelled, atol=0.02 * float(np.abs(observed).max()))


def test_shots_far_apart_are_modelled_in_their_own_slices(acquisition: Acquisition) -> None:
    source = np.array([500.0, 4000.0])
    receivers = source[:, None] - 100 - 25.0 * np.arange(6)
    survey = modelled_survey(source, receivers)
    assert len(list(shot_groups(list(chosen_shots(survey).values())))) == 2
    checks = check_physics(survey, truth(200), SLOWER, acquisition)
    assert float(checks["total_data_misfit"].sel(model="prediction")) < 0.02


def test_shot_with_fewer_receivers_is_compared_on_those(
    streamer: xr.Dataset, acquisition: Acquisition, checks: xr.Dataset
) -> None:
    fewer = streamer.isel(trace=[trace for trace in range(50) if trace not in (12, 13, 19)])
    found = check_physics(fewer, truth(), SLOWER, acquisition)
    assert np.isfinite(found["offset"]).sum("receiver").values.tolist() == [10, 7, 10, 10, 10]
    assert float(found["total_data_misfit"].sel(model="prediction")) < 0.02
    np.testing.assert_allclose(
        found["data_misfit"].isel(shot=0), checks["data_misfit"].isel(shot=0), atol=1e-3
    )


def test_trace_at_its_source_is_not_compared(
    at_source: xr.Dataset, acquisition: Acquisition
) -> None:
    found = check_physics(at_source, truth(), SLOWER, acquisition)
    misfit = found["trace_misfit"].sel(model="prediction")
    np.testing.assert_array_equal(np.isnan(misfit), found["offset"] == 0)
    assert float(found["total_data_misfit"].sel(model="prediction")) < 0.02
    assert np.isfinite(found["first_arrival"]).all()


def test_dead_traces_and_missing_picks_count_for_nothing(
    streamer: xr.Dataset, acquisition: Acquisition, checks: xr.Dataset
) -> None:
    damaged = streamer.copy(deep=True)
    damaged["amplitude"].values[7] = np.nan
    damaged["amplitude"].values[8] = 1e6
    damaged["live"] = ("trace", np.arange(50) != 8)
    damaged["first_break"].values[9] = np.nan
    found = check_physics(damaged, truth(), SLOWER, acquisition)
    assert np.isfinite(found["first_break"]).sum() == 49
    for name in ("total_data_misfit", "total_first_arrival_rms_s"):
        np.testing.assert_allclose(found[name], checks[name], rtol=0.05, atol=5e-4)


def test_survey_without_picks_has_no_time_misfit(
    streamer: xr.Dataset, acquisition: Acquisition
) -> None:
    found = check_physics(
        streamer.drop_vars("first_break"), truth(), SLOWER, acquisition, max_shots=1
    )
    assert np.isnan(found["total_first_arrival_rms_s"]).all()
    assert np.isfinite(found["total_data_misfit"]).all()


def test_steps_are_replayed_on_the_modelled_gathers(
    streamer: xr.Dataset, acquisition: Acquisition
) -> None:
    gain = np.linspace(0.2, 3.0, acquisition.n_samples, dtype=np.float32)
    loud = streamer.assign(amplitude=streamer["amplitude"] * gain)
    common = {"max_shots": 1}
    replayed = check_physics(
        loud, truth(), SLOWER, acquisition, process=lambda g, _: g * gain, **common
    )
    plain = check_physics(loud, truth(), SLOWER, acquisition, **common)
    assert float(replayed["total_data_misfit"][0]) < 0.02 < float(plain["total_data_misfit"][0])


def test_other_sampling_is_refused_with_the_step_to_add(
    streamer: xr.Dataset, acquisition: Acquisition
) -> None:
    with pytest.raises(GeometryError, match=r"every 0.008 s .* resample: \{dt_s: 0.004\}"):
        check_physics(streamer, truth(), SLOWER, replace(acquisition, dt_s=0.004))


def test_slice_goes_on_beyond_the_ends_and_over_gaps() -> None:
    velocity = np.array([[1.0, 2.0, np.nan, 4.0]])
    values, origin = section_slice(velocity, np.array([10.0, 20, 30, 40]), 10.0, (-4.0, 52.0))
    assert origin == -10
    assert values[0].tolist() == [1, 1, 1, 2, 2, 4, 4, 4]


def test_groups_keep_every_shot_once_and_in_order() -> None:
    def shot(at: float) -> LineShot:
        return LineShot(at, 5.0, np.arange(2), np.array([at - 1000, at - 100]), np.full(2, 5.0))

    shots = [shot(at) for at in (0.0, 100, 400, 1200, 1250, 9000)]
    groups = list(shot_groups(shots))
    assert [one for group in groups for one in group] == shots
    assert [len(group) for group in groups] == [3, 2, 1]
