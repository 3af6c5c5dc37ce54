"""Interfaces followed along edges: all of them, in order, in and out of the section."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from geoml.physics.edges import velocity_edges
from geoml.physics.layer_tracking import step_edges, tracked_interfaces

N_DEPTH, N_DISTANCE = 30, 40
BEND = 4 * np.sin(np.arange(N_DISTANCE) / 6.0)


def layered(depths: NDArray[np.float64]) -> NDArray[np.float64]:
    """A section of layers ever 400 m/s faster, their interfaces snapped to cells."""
    rows = np.arange(N_DEPTH)[:, None]
    return 1800.0 + 400.0 * (rows[None] >= np.round(depths)[:, None]).sum(axis=0)


def probability(velocity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Its edges as a network says them: blurred, and never quite certain."""
    return np.asarray(gaussian_filter(0.9 * velocity_edges(velocity).astype(float), 0.6))


def test_interfaces_of_a_known_section_are_found_where_they_are() -> None:
    true = np.stack([8 + BEND, 15 + BEND, 23 + 0.5 * BEND])
    found = tracked_interfaces(probability(layered(true)))
    assert found.shape == true.shape
    assert np.abs(found - np.round(true)).mean() < 0.5


def test_interface_that_leaves_through_the_top_and_the_bottom_is_outside_there() -> None:
    true = np.stack([3 + 2 * BEND, 12 + 2 * BEND, 26 + 2 * BEND])
    found = tracked_interfaces(probability(layered(true)))
    assert len(found) == 3
    clear = np.abs(true - np.clip(true, 0, N_DEPTH)) > 2.5
    assert clear[0].any()
    assert clear[2].any()
    assert (found[0, clear[0]] <= 0).all()
    assert (found[2, clear[2]] >= N_DEPTH).all()
    # Out there it goes on as its neighbour does.
    np.testing.assert_allclose(found[2, clear[2]], true[2, clear[2]], atol=2.0)


def test_faint_stretch_is_bridged_along_the_neighbour() -> None:
    true = np.stack([8 + BEND, 18 + BEND])
    edges = probability(layered(true))
    edges[14:, 15:24] = 0.06
    found = tracked_interfaces(edges)
    assert len(found) == 2
    assert np.abs(found[1] - true[1])[15:24].max() < 2.0


def test_interfaces_never_cross() -> None:
    rng = np.random.default_rng(0)
    for _ in range(3):
        found = tracked_interfaces(gaussian_filter(rng.random((20, 24)) ** 6, 1.0))
        assert (np.diff(found, axis=0) >= 0).all()


def test_nothing_is_found_where_no_edge_is() -> None:
    assert tracked_interfaces(np.full((12, 16), 0.05)).shape == (0, 16)


def test_steps_of_a_section_lie_above_each_interface() -> None:
    velocity = np.full((6, 3), 2000.0)
    velocity[3:] = 2100.0
    edges = step_edges(velocity)
    np.testing.assert_allclose(edges[2], 0.7)
    velocity[3:] = 2040.0
    # 40 / 4040 against the threshold of 0.02.
    np.testing.assert_allclose(step_edges(velocity)[2], 0.7 * 0.0099 / 0.02, rtol=0.01)
    assert edges[[0, 1, 3, 4, 5]].max() == 0
