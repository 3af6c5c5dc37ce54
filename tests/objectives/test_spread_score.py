"""Scores of a predicted spread whose truth is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from geoml.errors import ShapeError
from geoml.objectives import conformal_factors, coverage
from geoml.objectives.spread_score import (
    NOMINAL,
    calibration_curve,
    calibration_error,
    laplace_crps,
    laplace_half_width,
    normalised_calibration_error,
    risk_coverage,
    spread_scores,
)


def drawn(seed: int = 0, shape: tuple[int, ...] = (40, 50, 60)) -> tuple[np.ndarray, np.ndarray]:
    """Laplace residuals and the standard deviations they were drawn with [m/s]."""
    rng = np.random.default_rng(seed)
    std = rng.uniform(20, 200, shape)
    return rng.laplace(scale=std / math.sqrt(2)), std


@pytest.mark.parametrize("level", [0.05, 0.5, 0.8, 0.95])
def test_half_width_is_the_quantile_that_scipy_knows(level: float) -> None:
    exact = stats.laplace.ppf((1 + level) / 2, scale=1 / math.sqrt(2))
    assert laplace_half_width(level) == pytest.approx(exact)


def test_calibration_curve_by_hand() -> None:
    # A residual of exactly the 50 % half-width lies inside from that level on.
    half_width = float(laplace_half_width(0.5)) * (1 - 1e-9)
    residual = np.array([[[half_width, -half_width, 0.0, 99.0]]])
    curve = calibration_curve(residual, np.ones_like(residual))
    expected = [0.75 if level >= 0.5 else 0.25 for level in NOMINAL]
    np.testing.assert_allclose(curve, expected)
    error = np.abs(np.array(expected) - NOMINAL).mean()
    assert calibration_error(residual, np.ones_like(residual)) == pytest.approx(error)


def test_conformal_factors_and_their_coverage_by_hand() -> None:
    residual, std = np.arange(-9.0, 10.0, 2.0).reshape(1, 2, 5), np.full((1, 2, 5), 2.0)
    # Ten ratios, 0.5 to 4.5, each twice; the rank is that of 11 cells, one of them still to come.
    factors = conformal_factors(residual, std, (0.2, 0.5, 0.95))
    assert factors == {"0.2": 1.5, "0.5": 2.5, "0.95": 4.5}
    assert coverage(residual, std, factors) == {"0.2": 0.4, "0.5": 0.6, "0.95": 1.0}


def test_true_spread_is_calibrated_and_a_wrong_one_is_not() -> None:
    residual, std = drawn()
    assert calibration_error(residual, std) < 0.005
    assert normalised_calibration_error(residual, std) < 0.03
    for wrong in (0.5, 2.0):
        assert calibration_error(residual, wrong * std) > 0.1
    assert normalised_calibration_error(residual, 2 * std) == pytest.approx(0.5, abs=0.03)


def test_binned_error_by_hand() -> None:
    # Two cells: each is a bin of its own.
    residual, std = np.array([[[3.0, 4.0]]]), np.array([[[2.0, 5.0]]])
    assert normalised_calibration_error(residual, std) == pytest.approx((1 / 2 + 1 / 5) / 2)


@pytest.mark.parametrize(("residual", "std"), [(0.0, 1.0), (30.0, 100.0), (-500.0, 20.0)])
def test_crps_is_the_integral_that_defines_it(residual: float, std: float) -> None:
    law = stats.laplace(scale=std / math.sqrt(2))

    def squared(x: float) -> float:
        # The truth lies at -residual from a prediction at 0.
        return float((law.cdf(x) - (x >= -residual)) ** 2)

    edges = sorted({-2000.0, -abs(residual), 0.0, abs(residual), 2000.0})
    exact = sum(integrate.quad(squared, a, b, limit=200)[0] for a, b in itertools.pairwise(edges))
    one = np.full((1, 1, 1), 1.0)
    assert laplace_crps(residual * one, std * one) == pytest.approx(exact, rel=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.1, 0.8) | st.floats(1.3, 10))
def test_crps_is_least_at_the_true_spread_and_below_the_plain_error(seed, mistake) -> None:
    residual, std = drawn(seed, (20, 20, 20))
    right = laplace_crps(residual, std)
    assert right < laplace_crps(residual, mistake * std)
    assert right < np.abs(residual).mean()


def test_risk_coverage_by_hand() -> None:
    residual = np.array([[[1.0, -2.0, 6.0, -3.0]]])
    std = np.array([[[1.0, 2.0, 3.0, 4.0]]])
    curve = risk_coverage(residual, std)
    np.testing.assert_allclose(curve.coverage, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(curve.risk_m_s, [1, 1.5, 3, 3])
    assert curve.area_m_s == pytest.approx((1 + 1.5 + 3 + 3) / 4)
    assert curve.least_area_m_s == pytest.approx((1 + 1.5 + 2 + 3) / 4)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_risk_ends_at_the_mean_error_lies_above_the_best_and_knows_no_unit_of_spread(
    seed: int, unit: float
) -> None:
    residual, std = drawn(seed, (3, 11, 7))
    curve = risk_coverage(residual, std)
    assert curve.risk_m_s[-1] == pytest.approx(np.abs(residual).mean())
    assert curve.least_area_m_s <= curve.area_m_s + 1e-9
    assert risk_coverage(residual, unit * std).area_m_s == pytest.approx(curve.area_m_s)
    best = risk_coverage(residual, np.abs(residual) + 1e-9)
    assert best.area_m_s == pytest.approx(best.least_area_m_s)


def test_informative_spread_has_a_smaller_area_than_a_blind_one() -> None:
    residual, std = drawn()
    blind = np.random.default_rng(1).permutation(std.ravel()).reshape(std.shape)
    mae = np.abs(residual).mean()
    assert risk_coverage(residual, std).area_m_s < 0.8 * mae
    assert risk_coverage(residual, blind).area_m_s == pytest.approx(mae, rel=0.02)


def test_scaled_scores_forget_a_wrong_unit_of_the_spread() -> None:
    residual, std = drawn(0)
    fresh, fresh_std = drawn(1)
    scores = [
        spread_scores(fresh, m * fresh_std, conformal_factors(residual, m * std)) for m in (1, 3)
    ]
    for name in ("ece", "ence", "crps_m_s", "half_width_80_m_s", "risk_area_m_s"):
        assert scores[0][name] == pytest.approx(scores[1][name]), name
    assert scores[0]["ece"] < 0.01
    assert scores[0]["ece_unscaled"] < 0.01 < 0.2 < scores[1]["ece_unscaled"]
    for level, share in scores[0]["coverage"].items():
        assert share == pytest.approx(float(level), abs=0.01)
        width = 2 * laplace_half_width(float(level)) * fresh_std.mean()
        assert scores[0]["sharpness_m_s"][level] == pytest.approx(width, rel=0.02)
    assert scores[0]["sharpness_m_s"]["0.8"] == pytest.approx(2 * scores[0]["half_width_80_m_s"])


def test_spread_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(1, 2, 3\).*\(2, 3\)"):
        laplace_crps(np.ones((1, 2, 3)), np.ones((2, 3)))
