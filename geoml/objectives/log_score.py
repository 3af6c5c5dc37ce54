"""Scores of predicted curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import ShapeError


def log_scores(true: NDArray[Any], predicted: NDArray[Any]) -> dict[str, float]:
    """RMSE, MAE and bias in the curve's unit, and R2, over the rows of known truth.

    Args:
        true: NaN where unknown, shape (row,).
        predicted: Same shape.

    Raises:
        ShapeError: If no row has both.
    """
    known = np.isfinite(true) & np.isfinite(predicted)
    if not known.any():
        raise ShapeError("No row has both a measured and a predicted value; nothing to score.")
    departure = np.asarray(predicted, np.float64)[known] - np.asarray(true, np.float64)[known]
    variance = float(np.var(np.asarray(true, np.float64)[known]))
    square = float((departure**2).mean())
    return {
        "rmse": float(np.sqrt(square)),
        "mae": float(np.abs(departure).mean()),
        "bias": float(departure.mean()),
        "r2": 1 - square / variance if variance > 0 else float("nan"),
    }


def conformal_by_well(
    residuals: list[NDArray[Any]], stds: list[NDArray[Any]], levels: tuple[float, ...]
) -> dict[str, float]:
    """Half-widths, in predicted standard deviations, that hold their share in a new well.

    Each well gives its own quantile; the widths hold their share of rows in the mean over the wells
    of the calibration, each of which counts the same however long it is. Rows of one well are far
    from independent, so that pooled rows would promise too much.

    Args:
        residuals: Predicted minus true of wells that did not train, shape (row,) each.
        stds: Predicted standard deviations, > 0, same shapes.
        levels: Shares between 0 and 1.

    Returns:
        Level as written in JSON, such as ``"0.8"`` -> factor.

    References:
        Dunn et al. (2023), Distribution-free prediction sets for two-layer hierarchical models,
        JASA 118.
    """
    ratios = []
    for residual, std in zip(residuals, stds, strict=True):
        known = np.isfinite(residual) & np.isfinite(std)
        if known.any():
            ratios.append(np.abs(residual[known]) / std[known])
    if not ratios:
        raise ShapeError("No well with known residuals to calibrate the spread on.")
    pooled = np.concatenate(ratios)
    weight = np.concatenate([np.full(r.size, 1 / r.size) for r in ratios])
    order = np.argsort(pooled)
    # The new well's own rows are the one mass that is not known: n wells stand for n + 1.
    share = np.cumsum(weight[order]) / (len(ratios) + 1)
    factors = {}
    for level in levels:
        place = int(np.searchsorted(share, level))
        factors[f"{level:g}"] = float(pooled[order[min(place, pooled.size - 1)]])
    return factors
