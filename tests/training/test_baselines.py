"""The rows that a trained network is printed beside."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from geoml.errors import ShapeError
from geoml.training.baselines import gradient_model, mean_model, own_gradients


def test_mean_model_by_hand() -> None:
    models = np.stack([np.full((2, 3), 1500.0), np.full((2, 3), 2500.0)]).astype(np.float32)
    np.testing.assert_array_equal(mean_model(models), np.full((2, 3), 2000.0))


def test_gradient_of_gradient_models_is_exact() -> None:
    depth = np.arange(20)[:, None]
    models = np.stack([1600 + 40 * depth + np.zeros((20, 9))] * 3).astype(np.float32)
    np.testing.assert_allclose(gradient_model(models), models[0], atol=0.5)


def test_gradient_ignores_a_few_wild_models() -> None:
    depth = np.arange(20)[:, None]
    models = np.stack([1600 + 40 * depth + np.zeros((20, 9))] * 20).astype(np.float32)
    models[0] = 8000
    np.testing.assert_allclose(gradient_model(models), models[1], rtol=0.01)


def test_gradient_has_the_least_absolute_error_there_is() -> None:
    rng = np.random.default_rng(0)
    models = (1500 + 100 * rng.gamma(2, 1, (8, 15, 12)).cumsum(axis=1)).astype(np.float32)
    depth = np.arange(15)[None, :, None]

    def error(line: np.ndarray) -> float:
        return float(np.abs(models - line[0] - line[1] * depth).mean())

    best = minimize(error, [1500.0, 100.0], method="Nelder-Mead").fun
    assert np.abs(models - gradient_model(models)).mean() <= 1.002 * best


def test_own_gradient_fits_each_model_better_than_the_common_one() -> None:
    rng = np.random.default_rng(1)
    models = (1500 + 80 * rng.gamma(2, 1, (6, 15, 12)).cumsum(axis=1)).astype(np.float32)
    own = np.abs(models - own_gradients(models)).mean(axis=(1, 2))
    common = np.abs(models - gradient_model(models)).mean(axis=(1, 2))
    assert (own <= 1.001 * common).all()


def test_a_single_section_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3\); needed \(sample, depth, distance\)"):
        gradient_model(np.ones((2, 3), dtype=np.float32))
