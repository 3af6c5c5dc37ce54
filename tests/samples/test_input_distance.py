"""Distance from a cloud of known windows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from geoml.errors import ShapeError
from geoml.samples.input_distance import CHANCE, distances, fit_distance


def drawn(n_windows: int, seed: int, n_parts: int = 40) -> np.ndarray:
    """Correlated numbers: five causes behind forty parts, and a little of their own."""
    causes = np.random.default_rng(7).standard_normal((5, n_parts))
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_windows, 5)) @ causes + 0.3 * rng.standard_normal(
        (n_windows, n_parts)
    )


@pytest.fixture(scope="module")
def cloud() -> dict:
    return json.loads(json.dumps(fit_distance(drawn(300, 1), drawn(300, 2))))


def test_windows_of_the_same_kind_are_about_one_away(cloud: dict) -> None:
    away = distances(drawn(2000, 3), cloud)
    assert np.median(away) == pytest.approx(1, abs=0.3)
    assert (away > cloud["limit"]).mean() == pytest.approx(CHANCE, abs=0.015)


def test_what_is_unusual_only_together_is_far(cloud: dict) -> None:
    """Every part stays inside its own range, but the causes do not explain them any more."""
    mixed = drawn(200, 4)
    rng = np.random.default_rng(5)
    for part in range(mixed.shape[1]):
        mixed[:, part] = rng.permutation(mixed[:, part])
    assert (distances(mixed, cloud) > 2 * cloud["limit"]).all()


def test_distance_does_not_depend_on_the_unit(cloud: dict) -> None:
    scale = np.logspace(-2, 2, 40)
    other = fit_distance(drawn(300, 1) * scale, drawn(300, 2) * scale)
    np.testing.assert_allclose(
        distances(drawn(50, 3) * scale, other), distances(drawn(50, 3), cloud), rtol=1e-3
    )


def test_part_that_never_varied_counts_in_the_unit_that_is_given() -> None:
    still = np.concatenate([drawn(100, 1), np.full((100, 1), 5.0)], axis=1)
    cloud = fit_distance(still, still, least_spread=0.5)
    moved = still[:20].copy()
    moved[:, -1] += 0.25
    assert (distances(moved, cloud) < 1.5 * cloud["limit"]).all()
    moved[:, -1] += 50
    assert (distances(moved, cloud) > 3 * cloud["limit"]).all()


def test_few_windows_and_other_widths_are_refused(cloud: dict) -> None:
    with pytest.raises(ShapeError, match="7 and 300 windows; 8 of each are needed"):
        fit_distance(drawn(7, 1), drawn(300, 2))
    with pytest.raises(ShapeError, match="Windows of 39 parts; the cloud has 40"):
        distances(drawn(5, 1, 40)[:, :39], cloud)


def test_parts_that_never_vary_leave_the_distances_finite() -> None:
    still = np.full((20, 3), 2.5)
    fitted = json.loads(json.dumps(fit_distance(still, still), allow_nan=False))
    np.testing.assert_array_equal(distances(still[:4], fitted), 0)
    moved = still[:4] + np.array([0, 1e-3, 0])
    assert distances(moved, fitted).min() > 100


def test_axes_are_those_along_which_training_varies_most() -> None:
    cloud = fit_distance(drawn(300, 1), drawn(300, 2))
    variance = np.array(cloud["variance"])
    assert (np.diff(variance) <= 0).all()
    # Five causes behind forty parts: what is left beside the axes is a part's own little.
    assert cloud["rest"] < variance[-1] < 0.1 * variance[4]
