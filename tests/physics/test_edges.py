from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import PhysicsError, ShapeError
from geoml.physics.edges import velocity_edges


def test_edge_sits_above_and_left_of_the_contrast() -> None:
    velocity = np.full((4, 5), 2000.0)
    velocity[2, 3] = 2200.0
    expected = np.zeros((4, 5), dtype=bool)
    expected[1, 3] = expected[2, 2] = expected[2, 3] = True
    np.testing.assert_array_equal(velocity_edges(velocity), expected)


def test_contrast_counts_by_reflection_coefficient() -> None:
    # (v2 - v1) / (v2 + v1) = 0.02 at v2 = v1 * 1.02 / 0.98.
    limit = 2000.0 * 1.02 / 0.98
    assert not velocity_edges([[2000.0], [limit - 0.1]]).any()
    assert velocity_edges([[2000.0], [limit + 0.1]]).tolist() == [[True], [False]]


def test_gentle_gradient_has_no_edge() -> None:
    depth = np.arange(100)[:, None] * 20.0
    assert not velocity_edges(np.tile(1500.0 + 1.0 * depth, (1, 30))).any()


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.1, 10.0))
def test_edges_do_not_depend_on_the_unit(seed: int, scale: float) -> None:
    velocity = np.random.default_rng(seed).choice([1500.0, 1900.0, 2500.0], (6, 7))
    np.testing.assert_array_equal(velocity_edges(velocity), velocity_edges(scale * velocity))


def test_batch_is_marked_model_by_model() -> None:
    models = np.random.default_rng(0).uniform(1500, 1700, (3, 8, 9))
    each = np.stack([velocity_edges(model) for model in models])
    np.testing.assert_array_equal(velocity_edges(models), each)


def test_scaled_velocity_is_refused() -> None:
    with pytest.raises(PhysicsError, match="not above 0 m/s"):
        velocity_edges([[0.0, 1.0], [0.5, 0.2]])
    with pytest.raises(ShapeError, match=r"\(5,\)"):
        velocity_edges(np.ones(5))
