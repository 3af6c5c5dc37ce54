"""Two-point statistics, diversity and nearest models, by hand and against direct sums."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import ShapeError
from geoml.physics.model_similarity import (
    autocovariance,
    diversity_m_s,
    nearest_m_s,
    relative_error,
    similarity,
    variogram,
)


def layered(n: int = 40, seed: int = 0) -> np.ndarray:
    """Layered models: a few velocities that rise with depth."""
    rng = np.random.default_rng(seed)
    base = np.sort(rng.integers(2, 18, (n, 3)), axis=1)
    velocity = np.sort(rng.uniform(1500, 4500, (n, 4)), axis=1)
    layer = (np.arange(20)[None, :, None] >= base[:, None, :]).sum(axis=2)
    column = np.take_along_axis(velocity, layer, axis=1)
    return np.repeat(column[:, :, None], 16, axis=2).astype(np.float32)


def test_variogram_of_two_columns_by_hand() -> None:
    velocity = np.array([[[0.0, 4.0], [2.0, 4.0], [6.0, 4.0]]] * 2)
    # Down: differences 2 and 4 beside 0 and 0, then 6 beside 0. Along: 4, 2, -2.
    np.testing.assert_allclose(variogram(velocity, "vertical", 2), [0.5 * 20 / 4, 0.5 * 36 / 2])
    np.testing.assert_allclose(variogram(velocity, "lateral", 1), [0.5 * (16 + 4 + 4) / 3])


def test_covariance_at_lag_zero_is_the_variance_within_depths() -> None:
    velocity = layered()
    within = velocity - velocity.mean(axis=(0, 2), keepdims=True)
    found = autocovariance(velocity, "lateral")
    assert found[0] == pytest.approx((within**2).mean(), rel=1e-4)
    # Level layers: every lag along them has the same covariance.
    np.testing.assert_allclose(found, found[0], rtol=1e-4)


def test_relative_error_by_hand() -> None:
    assert relative_error(np.array([3.0, 5.0]), np.array([3.0, 4.0])) == pytest.approx(0.2)
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(np.ones(2), np.zeros(2)) == np.inf


def test_population_has_no_distance_to_itself_in_any_order() -> None:
    velocity = layered()
    found = similarity(velocity[::-1], velocity)
    assert max(abs(value) for value in vars(found).values()) < 1e-4


def test_smeared_interfaces_miss_variogram_more_than_covariance() -> None:
    velocity = layered(200)
    smeared = (velocity + np.roll(velocity, 1, axis=1) + np.roll(velocity, -1, axis=1)) / 3
    found = similarity(smeared[:, 1:-1], velocity[:, 1:-1])
    assert found.variogram_vertical > 1.3 * found.covariance_error > 0
    assert found.edge_density != 0


def test_shifted_velocities_are_so_many_metres_a_second_away() -> None:
    velocity = layered().clip(1600, 4300)
    found = similarity(velocity + 100, velocity)
    assert found.velocity_m_s == pytest.approx(100, abs=5)
    assert found.variogram_error < 1e-4


def test_diversity_is_the_rms_difference_of_all_pairs() -> None:
    velocity = layered(12)
    direct = [
        ((velocity[i] - velocity[j]) ** 2).mean() for i in range(12) for j in range(12) if i != j
    ]
    assert diversity_m_s(velocity) == pytest.approx(np.sqrt(np.mean(direct)), rel=1e-4)
    assert diversity_m_s(np.repeat(velocity[:1], 5, axis=0)) == 0


def test_nearest_model_is_that_of_a_direct_search() -> None:
    drawn, given = layered(7, seed=1), layered(30)
    direct = np.sqrt(((drawn[:, None] - given[None]) ** 2).mean(axis=(2, 3))).min(axis=1)
    np.testing.assert_allclose(nearest_m_s(drawn, given), direct, rtol=1e-4)


def test_copy_is_found_and_a_model_is_not_its_own_copy() -> None:
    given = layered(30)
    drawn = layered(5, seed=1)
    drawn[3] = given[17] + 0.25
    assert nearest_m_s(drawn, given).argmin() == 3
    assert nearest_m_s(drawn, given)[3] == pytest.approx(0.25, rel=0.01)
    assert nearest_m_s(given).min() > 10


def test_two_grids_are_refused() -> None:
    with pytest.raises(ShapeError, match="one grid only"):
        similarity(layered(), layered()[:, :-2])
    with pytest.raises(ShapeError, match="at least 2 each"):
        variogram(layered()[:1], "lateral")
