"""How good a predicted spread is: honest, narrow, and larger where the velocity is worse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.objectives.coverage import checked_pair

Floats = NDArray[np.float64]

NOMINAL = tuple(round(0.05 * i, 2) for i in range(1, 20))
"""Levels of the calibration curve."""

ENCE_BINS = 20
CURVE_POINTS = 100


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Error of the cells that are kept when the least sure ones are left out.

    Attributes:
        coverage: Share of cells kept, surest first [1], shape (point,).
        risk_m_s: Mean absolute error of those [m/s], shape (point,).
        area_m_s: Mean of the risk over all coverages [m/s]: small where sure cells are right.
        least_area_m_s: That of a spread that orders cells by their true error [m/s]; the mean
            absolute error itself is that of a spread that orders them at random.

    References:
        Geifman and El-Yaniv (2017), Selective classification for deep neural networks, NeurIPS.
    """

    coverage: Floats
    risk_m_s: Floats
    area_m_s: float
    least_area_m_s: float


def laplace_half_width(level: ArrayLike) -> Floats:
    """Half-width of a Laplace distribution's central interval, in standard deviations."""
    return np.asarray(-np.log1p(-np.asarray(level, dtype=np.float64)) / math.sqrt(2))


def calibration_curve(residual: ArrayLike, std: ArrayLike) -> Floats:
    """Share of cells inside the Laplace intervals of the levels ``NOMINAL``, shape (level,).

    Args:
        residual: Predicted minus true velocity, shape (sample, depth, distance).
        std: Predicted standard deviation in the same unit, > 0, same shape.

    Raises:
        ShapeError: If the arrays differ in shape or are empty.
    """
    residual, std = checked_pair(residual, std)
    ratio = np.sort((np.abs(residual) / std).ravel())
    inside = np.searchsorted(ratio, laplace_half_width(NOMINAL), side="right")
    return np.asarray(inside / ratio.size)


def calibration_error(residual: ArrayLike, std: ArrayLike) -> float:
    """Expected calibration error: mean distance of ``calibration_curve`` from ``NOMINAL`` [1].

    Args:
        residual: Predicted minus true velocity, shape (sample, depth, distance).
        std: Predicted standard deviation in the same unit, > 0, same shape.

    References:
        Kuleshov et al. (2018), Accurate uncertainties for deep learning, ICML.
    """
    return float(np.abs(calibration_curve(residual, std) - NOMINAL).mean())


def normalised_calibration_error(residual: ArrayLike, std: ArrayLike) -> float:
    """Mean relative distance of the error from the spread, over bins of equal spread [1].

    Cells are sorted by their spread into 20 bins of equal count; in each the root-mean-square
    residual is compared with the root-mean-square spread.

    Args:
        residual: Predicted minus true velocity, shape (sample, depth, distance).
        std: Predicted standard deviation in the same unit, > 0, same shape.

    References:
        Levi et al. (2022), Evaluating and calibrating uncertainty prediction in regression tasks,
        Sensors 22(15).
    """
    residual, std = checked_pair(residual, std)
    order = np.argsort(std, axis=None, kind="stable")
    bins = np.array_split(order, min(ENCE_BINS, order.size))
    departure = []
    for cells in bins:
        spread = math.sqrt(np.square(std.ravel()[cells]).mean())
        error = math.sqrt(np.square(residual.ravel()[cells]).mean())
        departure.append(abs(spread - error) / spread)
    return float(np.mean(departure))


def laplace_crps(residual: ArrayLike, std: ArrayLike) -> float:
    """Continuous ranked probability score of Laplace distributions, in the residual's unit.

    It is the mean absolute error of a distribution: equal to that of a prediction without spread,
    lower the more of its error the spread foresees.

    Args:
        residual: Predicted minus true velocity, shape (sample, depth, distance).
        std: Predicted standard deviation in the same unit, > 0, same shape.

    References:
        Jordan, Krueger and Lerch (2019), Evaluating probabilistic forecasts, J. Stat. Software 90.
    """
    residual, std = checked_pair(residual, std)
    scale, error = std / math.sqrt(2), np.abs(residual)
    return float((error + scale * np.exp(-error / scale) - 0.75 * scale).mean())


def risk_coverage(residual: ArrayLike, std: ArrayLike) -> RiskCoverage:
    """Error of the surest cells, over the share of cells that count as such.

    Args:
        residual: Predicted minus true velocity [m/s], shape (sample, depth, distance).
        std: Predicted standard deviation [m/s], > 0, same shape.
    """
    residual, std = checked_pair(residual, std)
    error = np.abs(residual).ravel()
    risk = _running_mean(error[np.argsort(std, axis=None, kind="stable")])
    least = _running_mean(np.sort(error))
    n_points = min(CURVE_POINTS, error.size)
    kept = np.linspace(1 / n_points, 1, n_points)
    rows = np.maximum(np.round(kept * error.size).astype(int), 1) - 1
    return RiskCoverage(kept, risk[rows], float(risk.mean()), float(least.mean()))


def spread_scores(residual: ArrayLike, std: ArrayLike, factors: dict[str, float]) -> dict[str, Any]:
    """Every score of a spread, as plain values.

    Args:
        residual: Predicted minus true velocity [m/s], shape (sample, depth, distance).
        std: Standard deviation as the network says it [m/s], > 0, same shape.
        factors: Conformal factors, level -> half-width in ``std``.

    Returns:
        ``coverage``, ``sharpness_m_s`` (mean width of the interval) a level; ``half_width_80_m_s``;
        ``ece_unscaled`` of the spread as it is. Of the spread scaled so that a Laplace
        distribution's 80 % interval is the conformal one: ``ece``, ``ence``, ``crps_m_s`` and the
        ``calibration_curve``. ``risk_area_m_s`` and ``least_risk_area_m_s`` with the
        ``risk_curve``, which no scaling changes.
    """
    residual, std = checked_pair(residual, std)
    ratio = np.abs(residual) / std
    mean = float(std.mean())
    # A calibration part without any error has factors of 0.
    scaled = std * max(factors["0.8"], 1e-9) / float(laplace_half_width(0.8))
    curve = risk_coverage(residual, std)
    return {
        "coverage": {level: float((ratio <= f).mean()) for level, f in factors.items()},
        "sharpness_m_s": {level: 2 * factor * mean for level, factor in factors.items()},
        "half_width_80_m_s": factors["0.8"] * mean,
        "ece_unscaled": calibration_error(residual, std),
        "ece": calibration_error(residual, scaled),
        "ence": normalised_calibration_error(residual, scaled),
        "crps_m_s": laplace_crps(residual, scaled),
        "risk_area_m_s": curve.area_m_s,
        "least_risk_area_m_s": curve.least_area_m_s,
        "calibration_curve": {
            "nominal": list(NOMINAL),
            "observed": calibration_curve(residual, scaled).tolist(),
            "observed_unscaled": calibration_curve(residual, std).tolist(),
        },
        "risk_curve": {
            "coverage": curve.coverage.tolist(),
            "risk_m_s": curve.risk_m_s.tolist(),
        },
    }


def _running_mean(values: Floats) -> Floats:
    """Mean of the first 1, 2, ... values."""
    return np.asarray(np.cumsum(values) / np.arange(1, values.size + 1))
