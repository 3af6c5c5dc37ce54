"""Refraction statics from first breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.physics.travel_times import first_arrival_times
from geoml.preprocess.apply_statics import ApplyStatics
from geoml.preprocess.elevation_statics import ElevationStatics
from geoml.preprocess.pipeline import run
from geoml.preprocess.refraction_statics import solve_refraction_statics
from geoml.readers.ingest import read_survey
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.uphole import with_uphole_times

VW, VR, DATUM_M = 800.0, 2400.0, 50.0
SOURCE_M = np.linspace(0, 1200, 13)
RECEIVER_M = np.arange(0.0, 1201, 25)


def survey_of(picks_s: np.ndarray, elevation: Any = lambda x: 0 * x + 100.0) -> xr.Dataset:
    """Every source into every receiver, on a surface of elevation(x), picks (source, receiver)."""
    source, receiver = (v.ravel() for v in np.meshgrid(SOURCE_M, RECEIVER_M, indexing="ij"))
    values = {name: np.zeros(source.size) for name in TRACE_VARIABLES}
    values |= {"source_x": source, "receiver_x": receiver, "offset": receiver - source}
    values |= {"source_elevation": elevation(source), "receiver_elevation": elevation(receiver)}
    return xr.Dataset(
        {
            "first_break": ("trace", picks_s.ravel()),
            **{name: ("trace", value) for name, value in values.items()},
        }
    )


def test_head_waves_over_a_dipping_base_give_its_exact_thickness() -> None:
    # The plane base of Dobrin's textbook: distances to it perpendicular, slowness cos(dip) / vr.
    dip = np.deg2rad(1.5)
    source, receiver = np.meshgrid(SOURCE_M, RECEIVER_M, indexing="ij")
    down_m = [(8 + x * np.tan(dip)) * np.cos(dip) for x in (source, receiver)]
    critical = np.arcsin(VW / VR)
    along = np.abs(receiver - source) * np.cos(dip) / VR
    survey = survey_of(along + (down_m[0] + down_m[1]) * np.cos(critical) / VW)
    solved = solve_refraction_statics(survey, VW, DATUM_M, min_offset_m=200)
    assert solved.refractor_velocity_m_s == pytest.approx(VR / np.cos(dip), rel=1e-4)
    assert solved.rms_s < 1e-6
    thick = down_m[0] + down_m[1]
    expected = -thick / VW + thick / VR + 2 * (DATUM_M - 100) / VR
    np.testing.assert_allclose(solved.static_s, expected.ravel(), atol=2e-5)


def _base_m(x: np.ndarray) -> np.ndarray:
    """Thickness of a weathering with hollows [m]."""
    return 12 + 5 * np.sin(2 * np.pi * x / 600)


def test_weathering_with_hollows_is_found_from_modelled_times() -> None:
    spacing_m = 1.5
    depth, x = spacing_m * np.arange(40)[:, None], spacing_m * np.arange(801)
    velocity = np.where(depth < _base_m(x), VW, VR)
    receivers = np.column_stack([RECEIVER_M, np.zeros(RECEIVER_M.size)])
    sources = np.column_stack([SOURCE_M, np.zeros(SOURCE_M.size)])
    times = first_arrival_times(
        velocity, spacing_m, sources, np.tile(receivers, (SOURCE_M.size, 1, 1)), radius=5
    )
    solved = solve_refraction_statics(
        survey_of(times), VW, 100.0, min_offset_m=150, replacement_velocity_m_s=VR
    )
    source, receiver = np.meshgrid(SOURCE_M, RECEIVER_M, indexing="ij")
    thick = (_base_m(source) + _base_m(receiver)).ravel()
    expected = -thick / VW + thick / VR
    error_ms = 1e3 * (solved.static_s - expected)
    # Statics reach from -12 to -28 ms; a grid of 1.5 m rounds the base by 0.6 ms.
    assert solved.refractor_velocity_m_s == pytest.approx(VR, rel=0.02)
    assert np.sqrt(np.mean(error_ms**2)) < 1.5
    assert np.corrcoef(solved.static_s, expected)[0, 1] > 0.98


def delays(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random delays of sources and receivers, and the picks they make (source, receiver)."""
    rng = np.random.default_rng(seed)
    of_source, of_receiver = rng.uniform(0.005, 0.02, 13), rng.uniform(0.005, 0.02, 49)
    x = np.abs(RECEIVER_M - SOURCE_M[:, None])
    return of_source, of_receiver, of_source[:, None] + of_receiver + x / VR


def test_wrong_and_missing_picks_are_left_out() -> None:
    of_source, of_receiver, picks = delays(0)
    rng = np.random.default_rng(1)
    noisy = picks + rng.normal(scale=5e-4, size=picks.shape)
    wrong = rng.random(picks.shape) < 0.08
    noisy[wrong] += rng.choice([-0.05, 0.08], wrong.sum())
    noisy[rng.random(picks.shape) < 0.1] = np.nan
    solved = solve_refraction_statics(survey_of(noisy), VW, DATUM_M, min_offset_m=0)
    found = solved.source_delay_s + solved.receiver_delay_s
    expected = (of_source[:, None] + of_receiver).ravel()
    assert np.abs(found - expected).max() < 1.2e-3
    assert solved.n_dropped >= 0.95 * (wrong & np.isfinite(noisy)).sum()
    assert solved.rms_s < 6e-4


def test_given_velocity_is_kept_and_shot_depth_counts() -> None:
    _, _, picks = delays(2)
    survey = survey_of(picks)
    free = solve_refraction_statics(survey, VW, DATUM_M, min_offset_m=0)
    fixed = solve_refraction_statics(survey, VW, DATUM_M, min_offset_m=0, refractor_velocity_m_s=VR)
    assert fixed.refractor_velocity_m_s == VR
    np.testing.assert_allclose(fixed.static_s, free.static_s, atol=1e-6)
    deep = survey.assign(source_depth=survey["source_depth"] + 24)
    moved = solve_refraction_statics(deep, VW, DATUM_M, min_offset_m=0)
    # 24 m nearer to the datum at the replacement velocity.
    np.testing.assert_allclose(moved.static_s - free.static_s, 24 / VR, atol=1e-6)


def test_statics_line_first_breaks_up_when_applied() -> None:
    _, _, picks = delays(3)
    survey = survey_of(picks).assign(
        amplitude=(("trace", "time"), np.zeros((picks.size, 300), np.float32)),
    )
    survey = survey.assign_coords(time=np.arange(300) * 0.004)
    solved = solve_refraction_statics(survey, VW, 100.0, min_offset_m=0)
    moved = run(solved.attached(survey), [ApplyStatics()])["first_break"].values
    # Without weathering: the offset over the velocity, and what the statics overcorrect a
    # slanting path by, the same share of each delay.
    share = moved - np.abs(survey["offset"].values) / VR
    delay = solved.source_delay_s + solved.receiver_delay_s
    np.testing.assert_allclose(share / delay, (share / delay)[0], rtol=1e-3)
    assert abs((share / delay)[0]) < 0.35


def test_unfit_surveys_and_options_are_refused() -> None:
    survey = survey_of(delays(4)[2])
    with pytest.raises(GeometryError, match="run the step 'pick_first_breaks'"):
        solve_refraction_statics(survey.drop_vars("first_break"), VW, 0.0, min_offset_m=0)
    with pytest.raises(GeometryError, match=r"0 first breaks between 5000 and inf m for 13"):
        solve_refraction_statics(survey, VW, 0.0, min_offset_m=5000)
    with pytest.raises(GeometryError, match=r"move out at 2400 m/s, which is no refractor"):
        solve_refraction_statics(survey, 2500.0, 0.0, min_offset_m=0)
    with pytest.raises(GeometryError, match="every source coordinate is 0"):
        solve_refraction_statics(
            survey.assign(source_x=survey["source_x"] * 0), VW, 0.0, min_offset_m=0
        )
    with pytest.raises(OptionError, match="found 800 and 700 m/s"):
        solve_refraction_statics(survey, VW, 0.0, min_offset_m=0, refractor_velocity_m_s=700)
    with pytest.raises(OptionError, match="min_offset_m 9 must be"):
        solve_refraction_statics(survey, VW, 0.0, min_offset_m=9, max_offset_m=9)


@pytest.mark.data
def test_land_line_agrees_with_its_upholes(data_dir: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "land_line_18shots.sgy")
    survey = with_uphole_times(run(survey, ["pick_first_breaks"]).compute())
    solved = solve_refraction_statics(survey, 1000.0, DATUM_M, min_offset_m=300, max_offset_m=1200)
    assert 1600 < solved.refractor_velocity_m_s < 2000
    by_uphole = ElevationStatics(DATUM_M, 1900.0, uphole=True).static_s(
        survey.set_coords(
            [
                "source_elevation",
                "source_depth",
                "receiver_elevation",
                "uphole_time",
                "uphole_depth",
            ]
        )["amplitude"]
    )
    # Nothing of the upholes is in the first breaks' solution; measured 0.92.
    assert np.corrcoef(solved.static_s, by_uphole)[0, 1] > 0.85
