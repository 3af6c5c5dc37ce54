from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.travel_times import first_arrival_times
from geoml.physics.trend import VelocityTrend, fit_trend


def test_velocity_by_hand() -> None:
    trend = VelocityTrend(1800.0, 0.5, 2500.0, top_velocity_m_s=1490.0, top_thickness_m=100.0)
    assert trend([0, 99, 100, 300, 2000]).tolist() == [1490, 1490, 1800, 1900, 2500]
    section = trend.section(4, 3, 100.0)
    assert section.shape == (4, 3)
    assert section.dtype == np.float32
    assert section[:, 1].tolist() == [1490, 1800, 1850, 1900]
    assert VelocityTrend.from_dict(trend.to_dict()) == trend


def test_diving_wave_is_slotnicks_formula() -> None:
    trend = VelocityTrend(1600.0, 0.8, 6000.0)
    offset = np.array([0.0, -500.0, 2000.0])
    expected = 2 / 0.8 * np.arcsinh(0.8 * np.abs(offset) / (2 * 1600.0))
    np.testing.assert_allclose(trend.first_arrivals(offset), expected, rtol=1e-9)


def test_head_wave_under_water_by_hand() -> None:
    # Hardly any gradient: direct wave, then x / v2 + 2 h cos(theta) / v1.
    trend = VelocityTrend(3000.0, 1e-3, 3001.0, top_velocity_m_s=1500.0, top_thickness_m=200.0)
    near, far = trend.first_arrivals([100.0, 2000.0])
    assert near == pytest.approx(100 / 1500)
    assert far == pytest.approx(2000 / 3000 + 2 * 200 * np.sqrt(0.75) / 1500, rel=2e-3)


@pytest.mark.parametrize("water", [False, True])
def test_closed_form_agrees_with_shortest_paths(water: bool) -> None:
    top = {"top_velocity_m_s": 1490.0, "top_thickness_m": 200.0} if water else {}
    trend = VelocityTrend(1800.0, 0.9, 2300.0, **top)
    spacing, offset = 10.0, np.arange(100.0, 3000.0, 200.0)
    velocity = trend(np.arange(100) * spacing + (spacing / 2 if water else 0))
    model = np.repeat(velocity[:, None], 320, axis=1)
    receivers = np.stack([offset + 60.0, np.full_like(offset, 15.0)], axis=-1)
    paths = first_arrival_times(model, spacing, [[60.0, 5.0]], receivers[None])[0]
    np.testing.assert_allclose(paths, trend.first_arrivals(offset, 5.0, 15.0), rtol=0.008)


@settings(max_examples=8, deadline=None)
@given(
    surface=st.floats(1800, 2600),
    gradient=st.floats(0.3, 1.5),
    water=st.sampled_from([None, 150.0, 350.0]),
)
def test_fit_finds_the_trend_behind_the_picks(
    surface: float, gradient: float, water: float | None
) -> None:
    known = {} if water is None else {"top_velocity_m_s": 1490.0}
    thickness = {} if water is None else {"top_thickness_m": water}
    true = VelocityTrend(surface, gradient, 5500.0, **known, **thickness)
    offset = np.linspace(50, 4000, 90)
    rng = np.random.default_rng(1)
    picks = true.first_arrivals(offset, 8.0, 5.0) + rng.normal(0, 0.002, 90)
    picks[::15] += 0.15
    picks[7] = np.nan
    found = fit_trend(offset, picks, source_depth_m=8.0, receiver_depth_m=5.0, **known)
    misfit = found.first_arrivals(offset, 8.0, 5.0) - true.first_arrivals(offset, 8.0, 5.0)
    assert np.sqrt(np.mean(misfit**2)) < 0.003
    assert found(400.0 + (water or 0)) == pytest.approx(true(400.0 + (water or 0)), rel=0.06)
    if water is not None:
        assert found.top_thickness_m == pytest.approx(water, rel=0.15)


def test_bad_trends_and_picks_are_refused() -> None:
    with pytest.raises(OptionError, match="under the ceiling"):
        VelocityTrend(3000.0, 0.5, 2000.0)
    with pytest.raises(OptionError, match="needs both"):
        VelocityTrend(1800.0, 0.5, 4000.0, top_velocity_m_s=1490.0)
    with pytest.raises(PhysicsError, match="2 first breaks"):
        fit_trend(np.arange(9.0), [0.1, 0.2] + [np.nan] * 7)
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        fit_trend(np.arange(3.0), np.arange(4.0))
    with pytest.raises(PhysicsError, match="below the top layer of 50 m"):
        VelocityTrend(1800.0, 0.5, 4000.0, 1490.0, 50.0).first_arrivals(100.0, 80.0)


def test_picks_without_offset_tell_no_trend() -> None:
    with pytest.raises(PhysicsError, match="have offset 0, which tells no velocity"):
        fit_trend(np.zeros(8), np.full(8, 0.01), max_m_s=4000.0)
