"""A line's section refined by all its shots: nearer the ground, gaps and promises kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.trend import VelocityTrend
from geoml.prediction.fwi_line import LINE_OPTIONS, refine_line_fwi
from geoml.prediction.gain_field import gain_field
from geoml.prediction.physics_check import check_physics
from geoml.prediction.remodel import (
    chosen_shots,
    group_acquisition,
    modelled_gathers,
    reach_m,
    section_slice,
)
from geoml.survey.acquisition import Acquisition
from geoml.survey.velocity import section

from .modelled_line import GROUND, SPACING_M, modelled_survey

WRONG = VelocityTrend(1760.0, 0.7, 4000.0)
OPTIONS: FwiOptions = replace(
    LINE_OPTIONS,
    bands_hz=(8.0, None),
    iterations=4,
    min_velocity_m_s=1500.0,
    max_velocity_m_s=2400.0,
    held_out=4,
)


def wrong_section(n_distance: int = 30) -> xr.Dataset:
    wrong = WRONG.section(20, n_distance, SPACING_M)
    interval = {"velocity_lower": wrong - 50, "velocity_upper": wrong + 50}
    return section(wrong, SPACING_M, velocity_std=np.full_like(wrong, 39), **interval)


@pytest.fixture(scope="module")
def refined(streamer: xr.Dataset, acquisition: Acquisition) -> xr.Dataset:
    return refine_line_fwi(streamer, wrong_section(), acquisition, OPTIONS)


def test_line_comes_nearer_to_its_gathers(
    refined: xr.Dataset, streamer: xr.Dataset, acquisition: Acquisition
) -> None:
    fwi = refined.attrs["fwi"]
    assert fwi["accepted"]
    assert fwi["held_out_misfit"][1] < 0.7 * fwi["held_out_misfit"][0]
    assert fwi["forward_solves"] > fwi["adjoint_solves"] > 0
    before, after = (
        float(check_physics(streamer, one, GROUND, acquisition)["total_data_misfit"][0])
        for one in (wrong_section(), refined)
    )
    assert after < 0.8 * before


def test_network_answer_is_kept_and_its_interval_moves_along(refined: xr.Dataset) -> None:
    np.testing.assert_array_equal(refined["velocity_network"], wrong_section()["velocity"])
    assert float(abs(refined["velocity"] - refined["velocity_network"]).max()) > 5
    moved = refined["velocity"] / refined["velocity_network"]
    np.testing.assert_allclose(
        refined["velocity_lower"], wrong_section()["velocity_lower"] * moved, rtol=1e-5
    )


def test_spread_stays_that_of_its_interval_and_is_not_called_the_refined_sections(
    refined: xr.Dataset,
) -> None:
    half_width = (refined["velocity_upper"] - refined["velocity_lower"]) / 2
    np.testing.assert_allclose(half_width / refined["velocity_std"], 50 / 39, rtol=1e-3)
    assert "not calibrated for the refined one" in refined.attrs["spread_note"]
    assert refined.attrs["warnings"][1:] == [refined.attrs["spread_note"]]


def test_line_that_may_be_worse_is_warned_of(refined: xr.Dataset) -> None:
    assert refined.attrs["fwi"]["doubtful"]
    assert refined.attrs["warnings"][0] == refined.attrs["fwi"]["message"]
    assert refined.attrs["warnings"][0].endswith("it may be worse.")


def test_gaps_stay_gaps(streamer: xr.Dataset, acquisition: Acquisition) -> None:
    gappy = wrong_section()
    for name in ("velocity", "velocity_lower", "velocity_upper"):
        gappy[name].values[:, 12:15] = np.nan
    refined = refine_line_fwi(
        streamer, gappy, acquisition, replace(OPTIONS, bands_hz=(8.0,), iterations=2)
    )
    np.testing.assert_array_equal(np.isnan(refined["velocity"]), np.isnan(gappy["velocity"]))
    gappy["velocity"].values[:] = np.nan
    with pytest.raises(GeometryError, match="No column of the section holds an answer"):
        refine_line_fwi(streamer, gappy, acquisition, OPTIONS)


def test_refinement_that_unseen_receivers_contradict_is_refused_in_words(
    streamer: xr.Dataset, acquisition: Acquisition
) -> None:
    # Receivers left out of the fit were recorded over the start, the others over other ground.
    shots = list(chosen_shots(streamer).values())
    reach = [reach_m(shot) for shot in shots]
    covered = (min(low for low, _ in reach), max(high for _, high in reach))
    begin = wrong_section()
    slice_, origin = section_slice(
        begin["velocity"].values, begin["distance"].values, SPACING_M, covered
    )
    positions = group_acquisition(shots, acquisition, origin, slice_.shape[1])
    made = modelled_gathers(slice_, positions, 2400.0, "cpu")
    contradictory = streamer.copy(deep=True)
    for shot, gather in zip(shots, made, strict=True):
        contradictory["amplitude"].values[shot.traces[2::4]] = gather[2::4]
    refined = refine_line_fwi(contradictory, begin, acquisition, OPTIONS)
    assert not refined.attrs["fwi"]["accepted"]
    for name in ("velocity", "velocity_std"):
        np.testing.assert_array_equal(refined[name], begin[name])
    assert "spread_note" not in refined.attrs
    assert refined.attrs["warnings"][-1].startswith("FWI refused, the start is kept")


def test_shots_apart_are_modelled_in_their_own_slices(acquisition: Acquisition) -> None:
    source = np.array([500.0, 3000.0])
    survey = modelled_survey(source, source[:, None] - 100 - 25.0 * np.arange(8))
    short = replace(OPTIONS, bands_hz=(8.0,), iterations=3)
    refined = refine_line_fwi(survey, wrong_section(150), acquisition, short)
    moved = np.abs(refined["velocity"] - refined["velocity_network"]).max("depth").values
    near, far, between = moved[10:25].max(), moved[130:148].max(), moved[50:100].max()
    assert min(near, far) > 20 * between


def test_given_shots_alone_are_fitted(streamer: xr.Dataset, acquisition: Acquisition) -> None:
    short = replace(OPTIONS, bands_hz=(8.0,), iterations=1)
    shots = dict(list(chosen_shots(streamer).items())[:2])
    some = refine_line_fwi(streamer, wrong_section(), acquisition, short, shots=shots)
    alone = streamer.isel(trace=np.concatenate([shot.traces for shot in shots.values()]))
    same = refine_line_fwi(alone, wrong_section(), acquisition, short)
    np.testing.assert_array_equal(some["velocity"], same["velocity"])
    every = refine_line_fwi(streamer, wrong_section(), acquisition, short)
    assert every.attrs["fwi"]["misfit"][0] != some.attrs["fwi"]["misfit"][0]


def test_gains_and_mutes_are_followed(streamer: xr.Dataset, acquisition: Acquisition) -> None:
    gain = np.linspace(0.2, 3.0, acquisition.n_samples, dtype=np.float32)
    gain[:20] = 0
    loud = streamer.assign(amplitude=streamer["amplitude"] * gain)
    truth = section(GROUND.section(20, 30, SPACING_M), SPACING_M)
    short = replace(OPTIONS, bands_hz=(None,), iterations=1)
    with_gain = refine_line_fwi(loud, truth, acquisition, short, process=lambda g, _: g * gain)
    without = refine_line_fwi(loud, truth, acquisition, short)
    assert with_gain.attrs["fwi"]["misfit"][0] < 1e-3 < without.attrs["fwi"]["misfit"][0]


def test_gain_of_an_agc_is_measured_on_the_gathers(acquisition: Acquisition) -> None:
    shape = (acquisition.n_shots, acquisition.n_receivers, acquisition.n_samples)
    time_s = acquisition.time_s
    records = (np.exp(-4 * time_s) * np.sin(60 * time_s) * np.ones(shape)).astype(np.float32)

    def levelled(gathers: np.ndarray, _: Acquisition) -> np.ndarray:
        power = np.apply_along_axis(np.convolve, -1, gathers**2, np.ones(31) / 31, "same")
        return gathers / np.sqrt(power + 1e-12)

    gain = gain_field(levelled, records, acquisition)
    inside = slice(16, -16)
    np.testing.assert_allclose(
        (gain * records)[..., inside], levelled(records, acquisition)[..., inside], atol=0.2
    )
    doubled = gain_field(lambda g, _: 2 * g, records, acquisition)
    np.testing.assert_array_equal(doubled, 2.0)
