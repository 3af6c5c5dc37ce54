"""Stacks of layers: drawn with their parts of cells, and read off a section again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from geoml.physics.layer_model import LayerCake, LayerUnknowns, drawn, read_off, settled

DEPTH = np.stack([6 + np.sin(np.arange(20) / 3.0), np.full(20, 13.4)])
VELOCITY = np.array([1800.0, 2300.0, 3000.0])


def test_cell_that_an_interface_cuts_has_the_mean_slowness_of_its_parts() -> None:
    section = drawn(np.array([2000.0, 4000.0]), np.full((1, 3), 1.25), 4)
    parts = 1 / (0.25 / 2000 + 0.75 / 4000)
    np.testing.assert_allclose(section[:, 0], [2000.0, parts, 4000.0, 4000.0])


def test_crossed_interface_leaves_its_layer_out() -> None:
    section = drawn(VELOCITY, np.array([[5.0] * 3, [2.0] * 3]), 8)
    np.testing.assert_allclose(section[:, 0], [1800.0] * 5 + [3000.0] * 3)


def test_section_gives_back_the_layers_that_it_was_drawn_from() -> None:
    section = drawn(VELOCITY, DEPTH, 20)
    off = DEPTH + np.array([[0.8], [-1.2]])
    cake = settled(section, off)
    np.testing.assert_allclose(cake.velocity, VELOCITY, rtol=1e-6)
    np.testing.assert_allclose(cake.depth, DEPTH, atol=0.05)
    np.testing.assert_allclose(cake.section(), section, rtol=0.01)


def test_blurred_step_is_placed_in_its_middle() -> None:
    flat = np.full((1, 20), 9.0)
    section = 1 / gaussian_filter1d(1 / drawn(VELOCITY[:2], flat, 20), 0.8, axis=0)
    cake = settled(section, flat + 1)
    np.testing.assert_allclose(cake.depth, flat, atol=0.15)


def test_interface_between_all_but_equal_layers_stays_where_it_was_tracked() -> None:
    noise = np.random.default_rng(0).normal(0, 20, (20, 20))
    near = drawn(np.array([2000.0, 2005.0]), np.full((1, 20), 9.0), 20) + noise
    np.testing.assert_allclose(settled(near, np.full((1, 20), 9.0)).depth, 9.0, atol=1.0)


def test_layer_without_cells_is_left_out() -> None:
    section = drawn(VELOCITY, DEPTH, 20)
    doubled = np.concatenate([DEPTH[:1], DEPTH[:1] + 0.1, DEPTH[1:]])
    cake = read_off(section, doubled)
    assert cake.velocity.size == 3
    np.testing.assert_allclose(cake.velocity, VELOCITY, rtol=1e-6)


def test_unknowns_of_zero_are_the_start_and_every_one_counts() -> None:
    start = LayerCake(VELOCITY, np.array([50.0, 60.0, 70.0]), DEPTH, 20)
    unknowns = LayerUnknowns(start, 4, 1500.0, 4000.0)
    moved = unknowns.cake()
    zero = np.zeros(unknowns.size)
    np.testing.assert_allclose(moved(zero).section(), start.section())
    assert unknowns.size == 3 + 2 * 4
    for number in range(unknowns.size):
        one = zero.copy()
        one[number] = 1.0
        assert np.abs(moved(one).section() - start.section()).max() > 10
    assert moved(np.full(unknowns.size, 1.0)).velocity == pytest.approx(VELOCITY + start.spread)
    assert moved(np.full(unknowns.size, 99.0)).velocity.max() == 4000.0


def test_drawing_follows_its_unknowns_smoothly() -> None:
    start = LayerCake(VELOCITY, np.full(3, 50.0), DEPTH, 20)
    unknowns = LayerUnknowns(start, 4, 1500.0, 4000.0)
    moved = unknowns.cake()
    direction = np.random.default_rng(1).standard_normal(unknowns.size)
    slopes = [
        (1 / moved(h * direction).section() - 1 / moved(-h * direction).section()).sum() / (2 * h)
        for h in (0.1, 0.01)
    ]
    # Slowness is linear in depths as long as they stay between the same interfaces.
    assert slopes[0] == pytest.approx(slopes[1], rel=0.02)
    assert slopes[0] != 0


def test_steep_interface_moves_along_its_normal() -> None:
    steep = 4.0 * np.arange(14)[None] - 10.0
    start = LayerCake(VELOCITY[:2], np.full(2, 50.0), steep, 20)
    unknowns = LayerUnknowns(start, 3, 1500.0, 4000.0)
    way = np.concatenate([[0.0, 0.0], np.ones(3)])
    down = (unknowns.cake()(way).depth - steep)[0, 4:-4]
    np.testing.assert_allclose(down, np.sqrt(17.0), rtol=1e-3)
