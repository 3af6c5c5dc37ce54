"""Mute between two lines or inside a polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.mute_between import MuteBetween

TIME_S = np.arange(500) * 0.004
OFFSET_M = np.array([-400.0, 0, 200, 400, 800])


def ones() -> xr.DataArray:
    return xr.DataArray(
        np.ones((5, 500), dtype=np.float32),
        dims=("trace", "time"),
        coords={"time": TIME_S, "offset": ("trace", OFFSET_M)},
    )


def test_zone_between_two_lines_is_silent_and_what_is_around_it_is_kept() -> None:
    step = MuteBetween(velocities_m_s=(1000, 500), intercepts_s=(0.1, 0.2), taper_s=0)
    weight = step(ones()).values
    upper, lower = 0.1 + np.abs(OFFSET_M) / 1000, 0.2 + np.abs(OFFSET_M) / 500
    inside = (upper[:, None] - 1e-6 < TIME_S) & (lower[:, None] + 1e-6 > TIME_S)
    np.testing.assert_array_equal(weight, (~inside).astype(np.float32))


def test_tapers_lie_outside_the_zone_and_are_half_way_at_half_their_length() -> None:
    weight = MuteBetween(velocities_m_s=(1000, 500), taper_s=0.08)(ones()).values[3]
    at = lambda time_s: weight[round(time_s / 0.004)]  # noqa: E731
    np.testing.assert_allclose([at(0.4), at(0.6), at(0.8)], 0, atol=1e-6)
    np.testing.assert_allclose([at(0.36), at(0.84)], 0.5, atol=1e-6)
    np.testing.assert_allclose([at(0.32), at(0.88)], 1, atol=1e-6)


def test_lines_that_have_crossed_mute_nothing() -> None:
    step = MuteBetween(velocities_m_s=(500, 1000), intercepts_s=(0.1, 0.5), taper_s=0.05)
    weight = step(ones()).values
    assert (weight[3] < 1).any()  # 0.9 s and 0.9 s: where they meet
    np.testing.assert_array_equal(weight[4], 1)


def test_polygon_of_a_triangle_by_hand() -> None:
    triangle = ((0.0, 0.4), (800.0, 0.8), (800.0, 1.6))
    weight = MuteBetween(polygon=triangle, taper_s=0)(ones()).values
    for trace, offset in enumerate(np.abs(OFFSET_M)):
        upper, lower = 0.4 + 0.4 * offset / 800, 0.4 + 1.2 * offset / 800
        inside = (upper - 1e-6 < TIME_S) & (lower + 1e-6 > TIME_S)
        np.testing.assert_array_equal(weight[trace], (~inside).astype(np.float32))


def test_order_and_start_of_the_picks_do_not_matter() -> None:
    picks = ((100.0, 0.2), (900.0, 0.5), (1200.0, 0.8), (600.0, 0.9))
    weight = MuteBetween(polygon=picks)(ones())
    for other in (picks[::-1], picks[2:] + picks[:2]):
        np.testing.assert_allclose(MuteBetween(polygon=other)(ones()).values, weight.values)


def test_polygon_with_a_notch_mutes_both_of_its_arms() -> None:
    arms = ((100.0, 0.2), (900.0, 0.2), (150.0, 0.5), (900.0, 0.8), (100.0, 0.8))
    weight = MuteBetween(polygon=arms, taper_s=0)(ones()).values[3]
    at = lambda time_s: weight[round(time_s / 0.004)]  # noqa: E731
    assert [at(0.1), at(0.3), at(0.5), at(0.7), at(0.9)] == [1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs velocities_m_s or a polygon"),
        ({"velocities_m_s": (1000, 0)}, "1000 and 0 m/s must be above 0"),
        ({"polygon": ((0, 1), (1, 1))}, "has 2 picks"),
        ({"polygon": ((0, 1), (1, 1), (1, float("nan")))}, "three or more finite"),
        ({"polygon": ((0, 1), (1, 1), (1, 2)), "intercepts_s": (0, 1)}, "has no intercepts_s"),
        ({"velocities_m_s": (1000, 500), "taper_s": -1}, "taper_s -1 at least 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        MuteBetween(**options)
