from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import segyio
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import GeometryError
from geoml.readers.ingest import read_survey
from geoml.survey.geometry import line_coordinates
from geoml.survey.line_distance import line_distance, projection_warning
from geoml.survey.line_path import LinePath, line_path, simplified


def land_line(make_survey, x, y, **more):
    """Every fourth station is a shot into every station."""
    shots = np.arange(0, len(x), 4)
    shot, receiver = np.divmod(np.arange(shots.size * len(x)), len(x))
    return make_survey(
        shot.size,
        field_record=shot + 1,
        trace_in_record=receiver + 1,
        source_x=x[shots][shot],
        source_y=y[shots][shot],
        receiver_x=x[receiver],
        receiver_y=y[receiver],
        **more,
    )


def l_shape(step_m=50.0, legs=(40, 30)):
    """Stations east, then north from (1000, 2000)."""
    east = np.append(np.arange(legs[0] + 1), np.full(legs[1], legs[0]))
    north = np.append(np.zeros(legs[0] + 1), np.arange(1, legs[1] + 1))
    return 1000 + step_m * east, 2000 + step_m * north


def test_l_shaped_line_is_as_long_as_its_legs(make_survey):
    line = line_distance(land_line(make_survey, *l_shape()))
    np.testing.assert_allclose(line.receiver_distance_m[:71], 50.0 * np.arange(71), atol=1e-9)
    np.testing.assert_allclose(np.unique(line.source_distance_m), 200.0 * np.arange(18), atol=1e-9)
    assert len(line.path.vertices) == 3
    x, y = line.xy_of(np.array([0.0, 2000.0, 3500.0]))
    np.testing.assert_allclose([x, y], [[1000, 3000, 3000], [2000, 2000, 3500]])


def test_bend_is_told_with_what_it_takes_off_offsets(make_survey):
    survey = land_line(make_survey, *l_shape())
    line = line_coordinates(survey)
    told = projection_warning(survey, line)
    assert f"up to {line.deviation_m:.0f} m off the straight line" in told
    true_m = np.hypot(
        survey["receiver_x"] - survey["source_x"], survey["receiver_y"] - survey["source_y"]
    ).values
    short_m = true_m - abs(line.receiver_distance_m - line.source_distance_m)
    lost = np.quantile(short_m[true_m > 0] / true_m[true_m > 0], 0.9)
    assert f"more than {lost:.0%} too short" in told


def test_straight_line_and_its_feathered_streamer_are_not_called_bent(streamer):
    streamer = streamer()
    assert projection_warning(streamer, line_coordinates(streamer)) is None
    feathered = streamer.copy(deep=True)
    offset = streamer["receiver_x"] - streamer["source_x"]
    feathered["receiver_y"] = feathered["receiver_y"] + 0.03 * abs(offset)
    assert projection_warning(feathered, line_coordinates(feathered)) is None


def test_straight_line_gives_the_distances_of_line_coordinates(streamer):
    survey = streamer(n_shots=20)
    straight, line = line_coordinates(survey), line_distance(survey)
    np.testing.assert_allclose(line.source_distance_m, straight.source_distance_m, atol=1e-6)
    np.testing.assert_allclose(line.receiver_distance_m, straight.receiver_distance_m, atol=1e-6)
    np.testing.assert_allclose(line.off_line_m, 0, atol=1e-6)


@given(st.floats(500, 5000), st.floats(0.3, 4.0), st.floats(-3, 3), st.booleans())
def test_arc_is_as_long_as_radius_times_angle(radius_m, angle, turned, numbered):
    count = max(20, int(radius_m * angle / 25.0))
    along = np.linspace(0, angle, count)
    x, y = radius_m * np.cos(turned + along), radius_m * np.sin(turned + along)
    step_m = radius_m * angle / (count - 1)
    numbers = 7 + 2 * np.arange(count) if numbered else None
    path = line_path(x, y, step_m, numbers)
    assert path.length_m == pytest.approx(radius_m * angle, rel=step_m / radius_m)
    distance, off = path.locate(x, y)
    forward = distance if distance[-1] > distance[0] else path.length_m - distance
    np.testing.assert_allclose(forward, radius_m * along, atol=2 * step_m)
    assert off.max() <= step_m / 2 + 1e-9


def test_finer_tolerance_gives_a_truer_length():
    along = np.linspace(0, 2, 400)
    x, y = 1000 * np.cos(along), 1000 * np.sin(along)
    errors = [
        2000 - line_path(x, y, 5.0, np.arange(400), tolerance_m).length_m
        for tolerance_m in (16.0, 4.0, 1.0, 0.0)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.01
    assert errors[0] < 16.0


def test_feathered_streamer_has_the_length_of_its_sail_line(make_survey):
    rng = np.random.default_rng(3)
    shot, channel = np.divmod(np.arange(200 * 60), 60)
    source_x, behind = 25.0 * shot, 100 + 12.5 * channel
    survey = make_survey(
        shot.size,
        field_record=shot + 1,
        source_x=source_x,
        receiver_x=source_x - behind + rng.normal(0, 0.5, shot.size),
        receiver_y=behind * np.sin(0.08 * np.sin(shot / 30)) + rng.normal(0, 0.5, shot.size),
    )
    line = line_distance(survey)
    sailed = line.source_distance_m.max() - line.source_distance_m.min()
    assert sailed == pytest.approx(199 * 25, rel=0.01)
    offset = line.source_distance_m - line.receiver_distance_m
    np.testing.assert_allclose(offset, behind, atol=15)


def test_numbers_that_do_not_follow_the_line_are_not_followed(make_survey):
    x, y = l_shape()
    shuffled = np.random.default_rng(0).permutation(71) + 1
    survey = land_line(make_survey, x, y)
    survey["cdp"] = ("trace", np.resize(shuffled, survey.sizes["trace"]))
    stations = line_path(x, y, 50.0, shuffled)
    assert stations.length_m == pytest.approx(3500)
    assert line_distance(survey).path.length_m < 4000


def test_gap_in_a_line_is_bridged():
    x = np.append(np.arange(0, 1000, 25.0), np.arange(4000, 5000, 25.0))
    path = line_path(x, 0.5 * x, 28.0)
    assert path.length_m == pytest.approx(np.hypot(4975, 2487.5))


def test_path_finds_its_own_positions():
    path = LinePath(np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 50.0]]))
    distance, off = path.locate(np.array([-10.0, 40.0, 103.0]), np.array([0.0, -7.0, 20.0]))
    np.testing.assert_allclose(distance, [-10, 40, 120])
    np.testing.assert_allclose(off, [0, 7, 3])
    x, y = path.xy_of(np.array([-10.0, 40.0, 120.0, 170.0]))
    np.testing.assert_allclose(x, [-10, 40, 100, 100])
    np.testing.assert_allclose(y, [0, 0, 20, 70])


def test_simplified_keeps_what_the_tolerance_forbids_to_drop():
    zigzag = np.column_stack([np.arange(9.0), np.tile([0, 1.0], 5)[:9]])
    np.testing.assert_array_equal(simplified(zigzag, 1.0), zigzag[[0, -1]])
    np.testing.assert_array_equal(simplified(zigzag, 0.2), zigzag)


@pytest.mark.data
def test_volve_arbitrary_line_is_the_sum_of_its_steps(data_dir: Path):
    path = data_dir / "seismic" / "volve10r12-full-twt-arb.sgy"
    line = line_distance(read_survey(path))
    with segyio.open(path, ignore_geometry=True) as file:
        x, y = (file.attributes(byte)[:] / 100 for byte in (181, 185))
    steps = np.hypot(np.diff(x), np.diff(y))
    distance = np.append(0, np.cumsum(steps))
    if x[0] > x[-1]:
        distance = distance[-1] - distance
    np.testing.assert_allclose(line.cdp_distance_m, distance, atol=np.median(steps) / 2)
    assert line.off_line_m.max() < np.median(steps) / 2


@pytest.mark.data
def test_cube_has_no_line_distance(data_dir: Path):
    with pytest.raises(GeometryError, match="3-D stack has no line distance"):
        line_distance(read_survey(data_dir / "seismic" / "segy_cases" / "f3.sgy"))


def test_one_position_is_no_line(make_survey):
    with pytest.raises(GeometryError, match="one point"):
        line_distance(make_survey(3, source_x=5, receiver_x=5))
