from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.travel_times import FirstArrivals, first_arrival_times


def positions(seed: int, n: int = 25) -> tuple[np.ndarray, np.ndarray]:
    """Two sources near the surface and receivers anywhere, all between nodes."""
    rng = np.random.default_rng(seed)
    sources = rng.uniform([0, 0], [1180, 80], (2, 2))
    return sources, rng.uniform([0, 0], [1180, 500], (2, n, 2))


def distance(sources: np.ndarray, receivers: np.ndarray) -> np.ndarray:
    return np.hypot(*np.moveaxis(receivers - sources[:, None], -1, 0))


def test_homogeneous_times_are_exact() -> None:
    sources, receivers = positions(0)
    times = first_arrival_times(np.full((30, 60), 2000.0), 20.0, sources, receivers)
    np.testing.assert_allclose(times, distance(sources, receivers) / 2000.0, rtol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), gradient=st.floats(0.2, 2.0))
def test_linear_gradient_within_half_a_percent(seed: int, gradient: float) -> None:
    sources, receivers = positions(seed)
    depth = np.arange(40)[:, None] * 20.0
    velocity = np.tile(1500.0 + gradient * depth, (1, 60))
    times = first_arrival_times(velocity, 20.0, sources, receivers)
    ends = (1500 + gradient * sources[:, None, 1]) * (1500 + gradient * receivers[..., 1])
    squared = (gradient * distance(sources, receivers)) ** 2
    exact = np.arccosh(1 + squared / (2 * ends)) / gradient
    far = distance(sources, receivers) > 100
    np.testing.assert_allclose(times[far], exact[far], rtol=0.005)
    # Numbers below the true first arrival would break Fermat's principle, but for the
    # slowness, which is linear between nodes here and the velocity there.
    assert (times[far] > 0.9995 * exact[far]).all()


def test_head_wave_overtakes_the_direct_wave() -> None:
    velocity = np.full((40, 150), 1500.0)
    velocity[21:] = 3000.0
    x = np.arange(100.0, 2600.0, 100.0)
    receivers = np.stack([x + 100.0, np.full_like(x, 10.0)], axis=-1)[None]
    times = first_arrival_times(velocity, 20.0, [[100.0, 10.0]], receivers)[0]
    # Halfway between rows 20 and 21 the slowness is the mean: the interface is at 410 m.
    head = x / 3000 + 2 * 400 * np.cos(np.arcsin(0.5)) / 1500
    np.testing.assert_allclose(times, np.minimum(x / 1500, head), rtol=0.005)
    assert head[-1] < x[-1] / 1500


def test_source_and_receiver_may_change_places() -> None:
    velocity = np.random.default_rng(0).uniform(1500, 4000, (25, 40))
    a, b = [133.0, 17.0], [702.0, 391.0]
    there = first_arrival_times(velocity, 20.0, [a], [[b]])
    back = first_arrival_times(velocity, 20.0, [b], [[a]])
    np.testing.assert_allclose(there, back, rtol=1e-3)


def test_faster_cells_never_delay() -> None:
    rng = np.random.default_rng(2)
    velocity = rng.uniform(1500, 4000, (20, 60))
    sources, receivers = positions(3)
    before = first_arrival_times(velocity, 20.0, sources, receivers)
    velocity[5:12, 20:40] *= 1.3
    after = first_arrival_times(velocity, 20.0, sources, receivers)
    assert (after <= before + 1e-12).all()
    assert (after < before - 1e-3).any()


def test_positions_around_the_model_see_its_edge_go_on() -> None:
    velocity = np.full((10, 10), 2500.0)
    sources = [[-300.0, -55.0]]
    receivers = [[[700.0, 40.0], [90.0, 480.0]]]
    times = first_arrival_times(velocity, 20.0, sources, receivers)
    exact = distance(np.array(sources), np.array(receivers)) / 2500
    np.testing.assert_allclose(times, exact, rtol=1e-9)


def test_wider_radius_lowers_the_times_toward_the_true_ones() -> None:
    sources, receivers = positions(4)
    velocity = np.tile(1500.0 + 20.0 * np.arange(30)[:, None], (1, 60))
    narrow, wide = (
        first_arrival_times(velocity, 20.0, sources, receivers, radius=r) for r in (2, 8)
    )
    assert (wide <= narrow + 1e-9).mean() > 0.95
    assert narrow.sum() > 1.002 * wide.sum()


def test_bad_input_is_refused() -> None:
    with pytest.raises(PhysicsError, match="not above 0"):
        first_arrival_times(np.zeros((5, 5)), 20.0, [[0.0, 0.0]], [[[1.0, 1.0]]])
    with pytest.raises(PhysicsError, match="NaN or Inf"):
        first_arrival_times(np.ones((5, 5)), 20.0, [[np.nan, 0.0]], [[[1.0, 1.0]]])
    with pytest.raises(ShapeError, match=r"\(shot, receiver, 2\)"):
        first_arrival_times(np.ones((5, 5)), 20.0, [[0.0, 0.0]], [[1.0, 1.0]])
    with pytest.raises(OptionError, match="at least 1"):
        first_arrival_times(np.ones((5, 5)), 20.0, [[0.0, 0.0]], [[[1.0, 1.0]]], radius=0)


def spread(n_shots: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Sources and receivers between nodes of a model of 40 x 60 cells of 20 m."""
    sources = np.stack([np.linspace(33, 1100, n_shots), np.full(n_shots, 27.0)], axis=-1)
    line = np.stack([np.linspace(10, 1170, 25), np.full(25, 3.0)], axis=-1)
    return sources, np.repeat(line[None], n_shots, axis=0)


def test_lengths_times_slowness_are_the_times() -> None:
    rng = np.random.default_rng(5)
    velocity = 1500 + 20.0 * np.arange(40)[:, None] + 50 * rng.standard_normal((40, 60))
    arrivals = FirstArrivals(velocity, 20.0, *spread())
    lengths = arrivals.lengths_m()
    times = (lengths @ (1 / velocity).ravel()).reshape(arrivals.times_s.shape)
    np.testing.assert_allclose(times, arrivals.times_s, rtol=2e-3)


def test_path_through_one_velocity_is_the_straight_line() -> None:
    sources, receivers = spread()
    lengths = FirstArrivals(np.full((40, 60), 2000.0), 20.0, sources, receivers).lengths_m()
    distance = np.linalg.norm(receivers - sources[:, None], axis=-1)
    np.testing.assert_allclose(lengths.sum(axis=1).reshape(distance.shape), distance, rtol=1e-9)


def test_lengths_predict_what_a_small_change_of_slowness_does() -> None:
    # Fermat: to first order a time changes as if its path stayed.
    velocity = np.repeat(1600 + 16.0 * np.arange(40)[:, None], 60, axis=1)
    change = 1e-3 * np.exp(-((np.arange(60) - 30) ** 2) / 50)[None] * np.ones((40, 1))
    before = FirstArrivals(velocity, 20.0, *spread())
    after = FirstArrivals(velocity / (1 + change), 20.0, *spread())
    expected = (before.lengths_m() @ (change / velocity).ravel()).reshape(before.times_s.shape)
    real = after.times_s - before.times_s
    assert real.max() > 1e-4
    np.testing.assert_allclose(expected, real, atol=0.05 * real.max())


def test_diving_paths_turn_below_their_ends() -> None:
    velocity = np.repeat(1600 + 16.0 * np.arange(40)[:, None], 60, axis=1)
    path = FirstArrivals(velocity, 20.0, *spread()).path(0, 24)
    assert path[0] == pytest.approx([27 / 20, 33 / 20])
    assert path[-1] == pytest.approx([3 / 20, 1170 / 20])
    assert path[:, 0].max() > 3
