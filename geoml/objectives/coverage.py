"""Whether intervals hold what they promise, and the factors that make them do so."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import OptionError, ShapeError

LEVELS = (0.5, 0.8, 0.95)


def conformal_factors(
    residual: ArrayLike, std: ArrayLike, levels: Sequence[float] = LEVELS
) -> dict[str, float]:
    """Half-widths, in predicted standard deviations, of intervals that hold stated shares.

    The cells of one model are not independent of each other, so the promise is a share over models
    and cells together, as ``coverage`` measures it.

    Args:
        residual: Predicted minus true velocity, shape (sample, depth, distance).
        std: Predicted standard deviation in the same unit, > 0, same shape.
        levels: Shares between 0 and 1.

    Returns:
        Level as written in JSON, such as ``"0.8"`` -> factor.

    Raises:
        ShapeError: If the arrays differ in shape or are empty.
        OptionError: If a level is not between 0 and 1.

    References:
        Lei et al. (2018), Distribution-free predictive inference for regression, JASA 113.
    """
    ratio = np.sort(_ratio(residual, std).ravel())
    factors = {}
    for level in levels:
        if not 0 < level < 1:
            raise OptionError(f"Coverage level {level:g} is not between 0 and 1.")
        rank = min(math.ceil((ratio.size + 1) * level), ratio.size)
        factors[f"{level:g}"] = float(ratio[rank - 1])
    return factors


def coverage(residual: ArrayLike, std: ArrayLike, factors: dict[str, float]) -> dict[str, float]:
    """Share of cells whose truth lies within ``factor * std`` of the prediction, a level.

    Args:
        residual: Predicted minus true velocity, shape (sample, depth, distance).
        std: Predicted standard deviation in the same unit, > 0, same shape.
        factors: As ``conformal_factors`` gave them.
    """
    ratio = _ratio(residual, std)
    return {level: float((ratio <= factor).mean()) for level, factor in factors.items()}


def checked_pair(
    residual: ArrayLike, std: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both as float64.

    Raises:
        ShapeError: If they differ in shape or are empty.
    """
    residual, std = np.asarray(residual, np.float64), np.asarray(std, np.float64)
    if residual.shape != std.shape or residual.size == 0:
        raise ShapeError(
            f"Residual has shape {residual.shape}, its spread {std.shape}; they must be equal and "
            "not empty."
        )
    return residual, std


def _ratio(residual: ArrayLike, std: ArrayLike) -> NDArray[np.float64]:
    residual, std = checked_pair(residual, std)
    return np.asarray(np.abs(residual) / std)
