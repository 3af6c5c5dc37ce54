"""Laws of ties between wells and seismic data: times, averages, synthetics, misfits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import PhysicsError, ShapeError
from geoml.physics.synthetic_trace import reflection_coefficients, synthetic_trace, tie
from geoml.physics.time_depth import checked_sonic, two_way_time
from geoml.physics.upscaling import backus_average, time_average
from geoml.physics.wavelet_shapes import ricker
from geoml.physics.well_misfit import well_misfit

DEPTH = np.arange(0, 2000.5, 0.5)


def test_time_through_constant_rock_by_hand() -> None:
    time = two_way_time(DEPTH + 500, np.full(DEPTH.size, 400.0), replacement_m_s=2000.0)
    np.testing.assert_allclose(time, 0.5 + 2 * DEPTH * 400e-6)


def test_time_through_a_linear_velocity_is_the_analytic_one() -> None:
    velocity = 1800 + 0.6 * DEPTH
    time = two_way_time(DEPTH, 1e6 / velocity, start_time_s=0.0)
    np.testing.assert_allclose(time, 2 / 0.6 * np.log(velocity / 1800), atol=1e-7)


def test_gap_in_the_sonic_is_interpolated() -> None:
    slowness = 500 - 0.1 * DEPTH
    holed = slowness.copy()
    holed[1000:1200] = np.nan
    np.testing.assert_allclose(two_way_time(DEPTH, holed), two_way_time(DEPTH, slowness), atol=1e-9)


@given(stretch=st.floats(0.9, 1.1), offset=st.floats(0, 0.3))
@settings(max_examples=20, deadline=None)
def test_checked_sonic_goes_through_every_shot(stretch: float, offset: float) -> None:
    slowness = 400 + 60 * np.sin(DEPTH / 40)
    true = offset + stretch * two_way_time(DEPTH, slowness, start_time_s=0.0)
    shots = np.array([100.0, 600, 1100, 1900])
    checked = checked_sonic(DEPTH, slowness, shots, np.interp(shots, DEPTH, true))
    np.testing.assert_allclose(
        np.interp(shots, DEPTH, checked.time_s), np.interp(shots, DEPTH, true), atol=1e-9
    )
    assert (np.diff(checked.time_s) > 0).all()
    # The corrected slowness, integrated, gives the corrected times between shots.
    again = two_way_time(DEPTH, checked.slowness_us_m, start_time_s=checked.time_s[0])
    np.testing.assert_allclose(again, checked.time_s, atol=2e-6 * 400)


def test_sonic_keeps_its_slowness_beyond_the_shots() -> None:
    slowness = np.full(DEPTH.size, 400.0)
    checked = checked_sonic(DEPTH, slowness, [500.0, 1000.0], [0.45, 0.9])
    beyond = (DEPTH < 500) | (DEPTH > 1000)
    np.testing.assert_array_equal(checked.slowness_us_m[beyond], 400.0)
    np.testing.assert_allclose(checked.slowness_us_m[1500], 450.0)


def test_average_of_alike_beds_is_the_bed() -> None:
    velocity, density = backus_average(np.full(100, 3000.0), np.full(100, 2.4), 0.5, 10)
    np.testing.assert_allclose(velocity, 3000)
    np.testing.assert_allclose(density, 2.4)
    np.testing.assert_allclose(time_average(np.full(100, 3000.0), 0.5, 10), 3000)


def test_backus_velocity_of_two_beds_is_the_analytic_one() -> None:
    fast, slow = (5000.0, 2.7), (2000.0, 2.0)
    first = np.arange(400) % 2 == 0
    velocity, density = (np.where(first, a, b) for a, b in zip(fast, slow, strict=True))
    mean_v, mean_d = backus_average(velocity, density, 0.5, 99.5)
    compliance = (1 / (2.7 * 5000**2) + 1 / (2.0 * 2000**2)) / 2
    assert mean_d[200] == pytest.approx(2.35, abs=0.01)
    assert mean_v[200] == pytest.approx(np.sqrt(1 / compliance / 2.35), rel=0.01)
    # Long waves are slower than short ones, which are slower than the mean of velocities.
    assert mean_v[200] < time_average(velocity, 0.5, 99.5)[200] < velocity.mean()


def test_average_where_half_is_missing_is_missing() -> None:
    velocity = np.full(100, 3000.0)
    velocity[40:80] = np.nan
    averaged = time_average(velocity, 1.0, 10.0)
    assert np.isnan(averaged[46:74]).all()
    assert np.isfinite(averaged[:38]).all()


def test_one_interface_gives_one_wavelet_of_its_coefficient() -> None:
    velocity = np.where(DEPTH < 1000, 2000.0, 3000.0)
    density = np.where(DEPTH < 1000, 2.0, 2.4)
    time = two_way_time(DEPTH, 1e6 / velocity, start_time_s=0.0)
    wavelet = ricker(30.0, 0.002, 101)
    made = synthetic_trace(time, velocity, density, wavelet, 0.002)
    coefficient = (3000 * 2.4 - 2000 * 2.0) / (3000 * 2.4 + 2000 * 2.0)
    assert made.reflectivity.sum() == pytest.approx(coefficient, rel=0.05)
    peak = int(np.argmax(made.amplitude))
    assert made.time_s[peak] == pytest.approx(1.0, abs=0.002)
    assert made.amplitude[peak] == pytest.approx(coefficient, rel=0.06)


def test_wavelet_is_not_turned_round() -> None:
    velocity = np.where(DEPTH < 1000, 2000.0, 2500.0)
    time = two_way_time(DEPTH, 1e6 / velocity, start_time_s=0.0)
    late = np.zeros(51)
    late[25 + 10] = 1.0  # ten samples after time 0
    made = synthetic_trace(time, velocity, np.ones(DEPTH.size), late, 0.002)
    spike = int(np.argmax(np.abs(made.reflectivity)))
    assert int(np.argmax(np.abs(made.amplitude))) == spike + 10


@given(lag=st.integers(-20, 20), scale=st.floats(0.1, 50))
@settings(max_examples=20, deadline=None)
def test_tie_finds_shift_and_scale(lag: int, scale: float) -> None:
    rng = np.random.default_rng(0)
    trace = np.convolve(rng.normal(size=400), ricker(30.0, 0.002, 51), "same")
    found = tie(trace, scale * np.roll(trace, lag), 0.002)
    assert found.shift_s == pytest.approx(lag * 0.002)
    assert found.correlation > 0.99
    assert found.scale == pytest.approx(scale, rel=0.05)


def _section() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = 10.0 * np.arange(150), 10.0 * np.arange(100)
    velocity = 1800 + 0.8 * rows[:, None] + 0.5 * columns[None, :]
    return velocity, rows, columns


def test_section_that_is_right_has_no_misfit() -> None:
    velocity, rows, columns = _section()
    depth = np.arange(100, 1400, 0.15)
    path = 200 + 0.3 * depth  # a deviated well
    sonic = 1800 + 0.8 * depth + 0.5 * path
    found = well_misfit(velocity, rows, columns, depth, path, sonic)
    assert found.rms_m_s < 1.0
    assert found.n_cells == 130
    assert found.correlation > 0.999
    assert found.within_std is None


def test_bias_is_told_with_its_sign_in_velocity_and_time() -> None:
    velocity, rows, columns = _section()
    depth = np.arange(100, 1400, 0.15)
    sonic = 1800 + 0.8 * depth + 0.5 * 500
    found = well_misfit(
        velocity + 100,
        rows,
        columns,
        depth,
        np.full(depth.size, 500.0),
        sonic,
        np.full_like(velocity, 150.0),
    )
    assert found.bias_m_s == pytest.approx(100, abs=0.5)
    assert found.time_error_s < 0
    assert found.within_std == 1.0
    assert set(found.figures()) >= {"rms_m_s", "trend_rms_m_s", "within_std"}
    assert "depth_m" not in found.figures()


def test_beds_below_a_cell_are_averaged_by_their_slowness() -> None:
    rows, columns = 10.0 * np.arange(50), 10.0 * np.arange(5)
    depth = np.arange(0, 480, 0.1)
    sonic = np.where((depth // 0.5) % 2 == 0, 2000.0, 4000.0)
    mean = 1 / (0.5 / 2000 + 0.5 / 4000)
    section = np.full((50, 5), mean)
    found = well_misfit(section, rows, columns, depth, np.full(depth.size, 20.0), sonic)
    assert found.mae_m_s < 30


def test_refusals() -> None:
    with pytest.raises(PhysicsError, match="0 values of slowness"):
        two_way_time(DEPTH, np.full(DEPTH.size, np.nan))
    with pytest.raises(PhysicsError, match="leave out the shots beyond the log"):
        checked_sonic(DEPTH, np.full(DEPTH.size, 400.0), [-10.0, 100.0], [0.1, 0.2])
    with pytest.raises(PhysicsError, match="faster than any rock"):
        checked_sonic(DEPTH, np.full(DEPTH.size, 400.0), [500.0, 1000.0], [0.4, 0.4001])
    with pytest.raises(ShapeError, match="an odd length"):
        synthetic_trace([0.0, 1.0], [1.0, 2.0], [1.0, 2.0], np.ones(4), 0.002)
    velocity, rows, columns = _section()
    away = np.full(10, 5000.0)
    with pytest.raises(PhysicsError, match="0 depths in common"):
        well_misfit(velocity, rows, columns, np.linspace(0, 900, 10), away, away)
    np.testing.assert_array_equal(reflection_coefficients([1.0, 3.0]), [0.0, 0.5])
