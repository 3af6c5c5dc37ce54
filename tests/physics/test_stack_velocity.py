"""RMS velocity of layers."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import PhysicsError, ShapeError
from geoml.physics.stack_velocity import stack_velocity


def test_two_layers_by_hand() -> None:
    # 100 m of 2000 m/s last 0.1 s, 150 m of 3000 m/s another 0.1 s.
    found = stack_velocity(
        [2000.0, 2000.0, 3000.0, 3000.0, 3000.0], 50.0, [0.0, 0.1, 0.2 - 1e-9, 0.21]
    )
    wanted = [2000, 2000, np.sqrt((2000**2 + 3000**2) / 2)]
    np.testing.assert_allclose(found[:3], wanted, rtol=1e-7)
    assert np.isnan(found[3])


def test_uniform_ground_has_its_own_velocity_at_all_times() -> None:
    np.testing.assert_allclose(stack_velocity(np.full(9, 1870.0), 10.0, [0, 0.01, 0.05]), 1870)


def test_it_lies_between_slowest_and_fastest_layer_above() -> None:
    rows = np.random.default_rng(0).uniform(1500, 4500, 40)
    found = stack_velocity(rows, 10.0, np.linspace(0, 0.2, 50))
    found = found[np.isfinite(found)]
    assert rows.min() <= found.min()
    assert found.max() <= rows.max()


def test_short_moveout_of_a_reflection_follows_it() -> None:
    """Rays traced through the layers by Snell's law arrive along the hyperbola near the source."""
    rows, spacing_m = np.array([1500.0, 2200.0, 3100.0]), 200.0
    p = np.array([0.0, 1e-5, 3e-5])
    cosine = np.sqrt(1 - (p[:, None] * rows) ** 2)
    offset_m = 2 * (spacing_m * p[:, None] * rows / cosine).sum(axis=1)
    arrival_s = 2 * (spacing_m / (rows * cosine)).sum(axis=1)
    velocity = stack_velocity(rows, spacing_m, [arrival_s[0] - 1e-9])[0]
    hyperbola_s = np.sqrt(arrival_s[0] ** 2 + (offset_m / velocity) ** 2)
    np.testing.assert_allclose(hyperbola_s, arrival_s, rtol=1e-5)


def test_no_profile_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"needed \(depth,\)"):
        stack_velocity(np.ones((2, 2)), 10.0, [0.0])
    with pytest.raises(PhysicsError, match="not above 0"):
        stack_velocity([1500.0, 0.0], 10.0, [0.0])
