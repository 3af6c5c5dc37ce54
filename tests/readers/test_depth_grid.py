"""Laws of the regular depth grid: nothing is made up, and little is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import GeometryError
from geoml.readers.depth_grid import DepthGrid


def test_regular_log_is_taken_over_as_it_is() -> None:
    depth = 1000 + 0.1524 * np.arange(50)
    grid = DepthGrid(np.round(depth, 2))
    values = np.random.default_rng(0).normal(size=50)
    assert grid.regular
    assert grid.findings == []
    np.testing.assert_array_equal(grid.values(values), values)
    np.testing.assert_allclose(np.diff(grid.depth_m), grid.step_m)


def test_coarser_grid_holds_the_mean_of_each_cell() -> None:
    grid = DepthGrid(np.arange(8) * 0.25, step_m=1.0)
    np.testing.assert_allclose(grid.depth_m, [0, 1])
    # The cells reach from -0.5 to 0.5 and from 0.5 to 1.5 m; a value on the border goes once.
    values = grid.values(np.arange(8.0))
    np.testing.assert_allclose(values, [np.mean([0, 1, 2]), np.mean([3, 4, 5])])


def test_mean_of_resistivity_is_geometric() -> None:
    grid = DepthGrid(np.arange(9) * 0.25, step_m=1.0)
    one_and_hundred = np.where(np.arange(9) % 2, 1.0, 100.0)
    linear, log = (grid.values(one_and_hundred, "log", scale) for scale in (False, True))
    assert np.all(log < linear)
    # Of the samples at 0.75, 1 and 1.25 m the middle one reads 100 ohm.m, the others 1.
    np.testing.assert_allclose(log[1], 100 ** (1 / 3))
    np.testing.assert_allclose(linear[1], 34)


@given(
    slope=st.floats(-5, 5),
    start=st.floats(-3, 3),
    depths=st.lists(st.integers(0, 60), min_size=3, max_size=40, unique=True),
    step=st.sampled_from([0.05, 0.1, 0.13, 0.2]),
)
@settings(max_examples=60, deadline=None)
def test_straight_line_stays_straight(
    slope: float, start: float, depths: list[int], step: float
) -> None:
    depth = 0.1 * np.array(depths)
    grid = DepthGrid(depth, step_m=step, max_gap_m=1.0)
    values = grid.values(start + slope * depth)
    there = np.isfinite(values)
    error = np.abs(values - start - slope * grid.depth_m)[there]
    # A cell's mean lies where its samples do: half a step off at most.
    assert error.size == 0 or error.max() <= abs(slope) * step / 2 + 1e-9


@given(gap=st.floats(0.6, 5.0), max_gap=st.floats(0.5, 5.0))
@settings(max_examples=40, deadline=None)
def test_gap_is_filled_only_up_to_the_stated_length(gap: float, max_gap: float) -> None:
    depth = np.concatenate([np.arange(0, 2.01, 0.5), 2 + gap + np.arange(0, 2.01, 0.5)])
    grid = DepthGrid(depth, step_m=0.25, max_gap_m=max_gap)
    values = grid.values(np.ones(depth.size))
    inside = (grid.depth_m > 2 + 1e-6) & (grid.depth_m < 2 + gap - 1e-6)
    expected = 1.0 if gap <= max_gap else np.nan
    np.testing.assert_array_equal(values[inside], expected)
    assert np.isfinite(values[~inside]).all()


def test_missing_values_count_as_gaps() -> None:
    grid = DepthGrid(np.arange(10) * 0.5, step_m=0.25, max_gap_m=1.0)
    values = np.ones(10)
    values[4] = np.nan
    assert np.isfinite(grid.values(values)).all()
    values[4:7] = np.nan
    filled = grid.values(values)
    assert np.isnan(filled[(grid.depth_m > 1.5) & (grid.depth_m < 3.5)]).all()


def test_label_is_never_a_mean_and_never_made_up() -> None:
    depth = np.array([0.0, 0.5, 1.0, 2.0, 2.5])
    grid = DepthGrid(depth)
    labels = grid.values(np.array([1.0, 1, 5, 5, 9]), "category")
    np.testing.assert_array_equal(labels, [1, 1, 5, np.nan, 5, 9])
    words = grid.values(np.array(["a", "a", "b", "b", "c"], object), "text")
    assert words.tolist() == ["a", "a", "b", "", "b", "c"]


def test_disorder_is_put_in_order_and_told() -> None:
    grid = DepthGrid(np.array([2.0, 1.0, np.nan, 1.0, 1.5]))
    np.testing.assert_array_equal(grid.depth_m, [1, 1.5, 2])
    np.testing.assert_array_equal(grid.values(np.array([1.0, 2, 3, 4, 5])), [2, 5, 1])
    text = " ".join(grid.findings)
    assert "1 rows without a depth" in text
    assert "out of order" in text
    assert "1 rows repeat a depth" in text


def test_refusals() -> None:
    with pytest.raises(GeometryError, match="1 different depths; at least two"):
        DepthGrid(np.array([1.0, 1.0]))
    with pytest.raises(GeometryError, match="would become 1e\\+13 at a step"):
        DepthGrid(np.array([0.0, 0.1, 0.2, 1e12]))
    with pytest.raises(GeometryError, match="a depth step of 0 m"):
        DepthGrid(np.arange(3.0), step_m=0.0)
