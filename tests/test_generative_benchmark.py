"""How ``benchmarks/generative.py`` measures drawn models, and what it draws without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from generative_classics import gaussian_field, principal_gaussian
from generative_measures import COLUMNS, Genuine, Kept, two_sets

from tests.made_prior import layered_sections

MODELS = layered_sections(60).velocity
TRAIN, HELD = MODELS[:40], MODELS[40:]


def test_errors_are_against_the_reference_and_distances_to_the_known_models() -> None:
    genuine = Genuine.of(HELD)
    same = genuine.figures(HELD, TRAIN)
    for name in ("velocity_m_s", "variogram_error", "covariance_error", "edge_density"):
        assert same[name] == 0
    assert same["lag_one"] == same["diversity"] == 1
    assert same["nearest_least_m_s"] > 0
    copies = genuine.figures(TRAIN, TRAIN)
    assert copies["nearest_least_m_s"] == 0
    assert copies["variogram_error"] > 0
    # Among themselves no model is its own neighbour.
    assert genuine.figures(TRAIN, None)["nearest_least_m_s"] > 0
    assert set(COLUMNS) == set(same)


def test_two_genuine_sets_share_no_model() -> None:
    figures, one = two_sets(TRAIN, (10, 20), seed=0)
    assert len(one) == 10
    assert figures["nearest_least_m_s"] > 0
    assert figures["variogram_error"] != two_sets(TRAIN, (10, 20), seed=1)[0]["variogram_error"]


def test_kept_figures_are_not_measured_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "made")
    figures = Genuine.of(HELD).figures(TRAIN, None)
    assert kept.once("a, row", lambda: (figures, TRAIN)) == figures
    assert kept.once("a, row", lambda: pytest.fail("was measured again")) == figures
    np.testing.assert_array_equal(kept.examples("a, row"), TRAIN[:10])


@pytest.mark.parametrize("draw", [gaussian_field, principal_gaussian])
def test_gaussians_have_the_mean_of_each_depth(draw: object) -> None:
    assert callable(draw)
    models = layered_sections(150).velocity
    drawn = draw(models, 400, 0)
    wanted = models.mean(axis=(0, 2))
    np.testing.assert_allclose(drawn.mean(axis=(0, 2)), wanted, atol=80)
