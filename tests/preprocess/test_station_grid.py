"""Stations under traces."""

from __future__ import annotations

import numpy as np

from geoml.preprocess.station_grid import station_grid


def test_missing_traces_are_gaps_in_a_regular_grid() -> None:
    grid = station_grid(np.array([100.0, 125, 150, 225, 250]))
    assert grid.is_regular
    np.testing.assert_array_equal(grid.station, [0, 1, 2, 5, 6])
    np.testing.assert_allclose(grid.spacing_m, 25)


def test_rounded_positions_of_a_long_line_stay_on_their_stations() -> None:
    position_m = np.round(np.arange(2000) * 12.47, 0)
    grid = station_grid(position_m)
    assert grid.is_regular
    np.testing.assert_array_equal(grid.station, np.arange(2000))
    np.testing.assert_allclose(grid.spacing_m, 12.47, rtol=1e-4)


def test_scattered_positions_are_irregular_and_say_by_how_much() -> None:
    grid = station_grid(np.array([0.0, 25, 50, 80, 100, 125]))
    assert not grid.is_regular
    assert 3 < grid.off_m < 5


def test_traces_that_share_a_station_are_irregular() -> None:
    assert not station_grid(np.array([0.0, 25, 50, 51, 75])).is_regular
    assert not station_grid(np.zeros(5)).is_regular


def test_gaps_without_end_are_irregular() -> None:
    assert not station_grid(np.array([0.0, 1, 2, 500, 1000])).is_regular
