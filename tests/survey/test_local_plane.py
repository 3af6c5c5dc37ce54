from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.survey.local_plane import LocalPlane, degrees, shortening_m


@pytest.mark.parametrize(
    ("latitude_deg", "north_m", "east_m"),
    # Metres in a degree of latitude and longitude by the tables of WGS84.
    [
        (0, 110_574.3, 111_319.5),
        (30, 110_852.4, 96_486.3),
        (45, 111_131.8, 78_846.8),
        (60, 111_412.3, 55_800.0),
    ],
)
def test_a_hundredth_of_a_degree_is_as_long_as_the_tables_say(latitude_deg, north_m, east_m):
    plane = LocalPlane(5.0, float(latitude_deg))
    ends = np.array([-0.005, 0.005])
    _, north = plane.xy(np.full(2, 5.0), latitude_deg + ends)
    east, _ = plane.xy(5.0 + ends, np.full(2, float(latitude_deg)))
    assert np.ptp(north) == pytest.approx(0.01 * north_m, abs=0.005)
    assert np.ptp(east) == pytest.approx(0.01 * east_m, abs=0.005)


def test_a_degree_of_the_meridian_is_short_by_what_the_plane_admits():
    # The meridian summed in small steps of its own radius of curvature.
    latitude = np.radians(np.linspace(60, 60.5, 100_001))
    radius = (
        6378137 * (1 - 0.00669437999014) / (1 - 0.00669437999014 * np.sin(latitude) ** 2) ** 1.5
    )
    arc_m = ((radius[1:] + radius[:-1]) / 2 * np.diff(latitude)).sum()
    _, north = LocalPlane(0.0, 60.0).xy(np.array([0.0]), np.array([60.5]))
    assert arc_m - north[0] == pytest.approx(shortening_m(arc_m), rel=0.02)
    assert 0.6 < arc_m - north[0] < 0.8


@given(
    st.floats(-180, 180),
    st.floats(-80, 80),
    st.lists(st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)), min_size=1, max_size=5),
)
def test_angles_undo_xy(longitude, latitude, positions):
    plane = LocalPlane(longitude, latitude)
    x, y = np.array(positions).T
    again_x, again_y = plane.xy(*plane.angles(x, y))
    np.testing.assert_allclose(again_x, x, atol=1e-5)
    np.testing.assert_allclose(again_y, y, atol=1e-5)


def test_survey_across_the_date_line_lies_around_its_own_middle():
    longitude = np.array([179.99, -179.99])
    plane = LocalPlane.around(longitude, np.array([-17.0, -17.0]))
    assert abs(plane.longitude_deg) == 180.0
    assert plane.latitude_deg == pytest.approx(-17.0)
    x, _ = plane.xy(longitude, np.array([-17.0, -17.0]))
    assert np.ptp(x) == pytest.approx(0.02 * 106_487, rel=1e-3)
    assert x[0] < x[1]


def test_arc_seconds_and_degrees_minutes_seconds_are_the_same_angle():
    # 61 degrees 12 minutes 36.5 seconds, and as much west.
    wanted = np.array([1, -1]) * (61 + 12 / 60 + 36.5 / 3600)
    np.testing.assert_allclose(degrees(wanted * 3600, 2), wanted)
    np.testing.assert_array_equal(degrees(wanted, 3), wanted)
    np.testing.assert_allclose(degrees(np.array([611236.5, -611236.5]), 4), wanted)
