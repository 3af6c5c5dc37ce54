from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import GeometryError
from geoml.survey.geometry import line_coordinates
from geoml.survey.schema import TRACE_VARIABLES


def test_distance_starts_at_zero_and_grows_with_x(make_survey):
    line = line_coordinates(make_survey(3, source_x=[300, 200, 250], receiver_x=[120, 130, 140]))
    np.testing.assert_allclose(line.source_distance_m, [180, 80, 130])
    np.testing.assert_allclose(line.receiver_distance_m, [0, 10, 20])
    assert line.origin_xy == (120.0, 0.0)
    assert line.azimuth_deg == 90.0


def test_line_due_north_grows_with_y(make_survey):
    line = line_coordinates(make_survey(2, source_x=5, receiver_x=5, source_y=[30, 10]))
    np.testing.assert_allclose(line.source_distance_m, [30, 10])
    assert line.azimuth_deg == 0.0


@given(
    st.floats(0.01, 179.9),
    st.floats(-5e5, 5e5),
    st.floats(-6e6, 6e6),
    st.lists(st.floats(0, 5000), min_size=3, max_size=8, unique=True),
)
def test_distances_survive_any_rotation_and_shift(azimuth_deg, x0, y0, distances):
    import xarray as xr

    distances = np.array(sorted(distances))
    if np.ptp(distances) < 1.0:
        return
    angle = np.deg2rad(azimuth_deg)
    x, y = x0 + distances * np.sin(angle), y0 + distances * np.cos(angle)
    zeros = {name: ("trace", np.zeros(distances.size)) for name in TRACE_VARIABLES}
    there = {"source_x": x, "receiver_x": x, "source_y": y, "receiver_y": y}
    survey = xr.Dataset({**zeros, **{name: ("trace", value) for name, value in there.items()}})
    line = line_coordinates(survey)
    np.testing.assert_allclose(line.source_distance_m, distances - distances[0], atol=1e-4)
    back_x, back_y = line.xy_of(line.source_distance_m)
    np.testing.assert_allclose(back_x, x, atol=1e-4)
    np.testing.assert_allclose(back_y, y, atol=1e-4)
    assert line.deviation_m < 1e-4


def test_marine_depths_count_from_the_sea_surface(make_survey):
    line = line_coordinates(
        make_survey(2, source_x=[100, 200], source_depth=6, receiver_elevation=-8)
    )
    np.testing.assert_allclose(line.source_depth_m, 6)
    np.testing.assert_allclose(line.receiver_depth_m, 8)
    assert line.is_marine
    assert line.datum_elevation_m == 0


def test_land_depths_count_from_the_highest_surface(make_survey):
    line = line_coordinates(
        make_survey(
            2,
            source_x=[100, 200],
            source_elevation=[250, 240],
            source_depth=[10, 20],
            receiver_elevation=[230, 255],
        )
    )
    np.testing.assert_allclose(line.source_depth_m, [15, 35])
    np.testing.assert_allclose(line.receiver_depth_m, [25, 0])
    assert not line.is_marine
    assert line.datum_elevation_m == 255


def test_land_below_sea_level_is_not_marine(make_survey):
    line = line_coordinates(
        make_survey(2, source_x=[1, 2], source_elevation=-400, receiver_elevation=[-410, -420])
    )
    assert not line.is_marine
    assert line.datum_elevation_m == -400
    np.testing.assert_allclose(line.receiver_depth_m, [10, 20])


def test_missing_elevations_are_not_marine(make_survey):
    assert not line_coordinates(make_survey(2, source_x=[1, 2])).is_marine


def test_distance_off_a_crooked_line_is_told(make_survey):
    line = line_coordinates(
        make_survey(3, source_x=[0, 500, 1000], receiver_x=[0, 500, 1000], source_y=[0, 30, 0])
    )
    assert 15 < line.deviation_m < 30


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ({}, "Every source and receiver coordinate is 0"),
        ({"source_x": 431000, "source_y": 6477000}, "Every receiver coordinate is 0"),
        ({"source_x": 431000, "receiver_x": 4310}, "427 km from its source"),
        ({"source_x": np.nan}, "NaN"),
    ],
)
def test_missing_positions_are_refused(make_survey, positions, message):
    with pytest.raises(GeometryError, match=message):
        line_coordinates(make_survey(2, **positions))
