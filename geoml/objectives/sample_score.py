"""How good drawn samples are: their score against the truth, what their intervals hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from geoml.errors import OptionError, ShapeError

Floats = NDArray[np.float64]

SAMPLE_LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Intervals that are reported; 39 samples hold the ends of all of them."""


def pair_crps(first: Tensor, second: Tensor, true: Tensor) -> Tensor:
    """Score of a distribution by two of its draws, its mean over all cells.

    ``(|x1 - v| + |x2 - v|) / 2 - |x1 - x2| / 2``: without bias, and least in expectation where the
    draws are distributed as the truth is. The last term keeps their spread alive.

    Args:
        first: A draw, any shape.
        second: Another one, independent of it, same shape.
        true: The truth, same shape.

    References:
        Gneiting & Raftery (2007), Strictly proper scoring rules, JASA 102, 359-378.
    """
    miss = ((first - true).abs() + (second - true).abs()) / 2
    return (miss - (first - second).abs() / 2).mean()


def sample_crps(samples: ArrayLike, true: ArrayLike) -> float:
    """Continuous ranked probability score of samples, in their unit.

    Args:
        samples: Shape (draw, ...), at least two draws.
        true: Shape (...).

    Returns:
        Mean over all cells; without bias by the number of draws.

    Raises:
        ShapeError: If the shapes do not fit or there are fewer than two draws.

    References:
        Ferro (2014), Fair scores for ensemble forecasts, Q. J. R. Meteorol. Soc. 140, 1917-1923.
    """
    drawn, truth = _checked(samples, true)
    n = len(drawn)
    ordered = np.sort(drawn, axis=0)
    # Sum of |x_i - x_j| over all pairs, from the order alone.
    rank = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *[1] * truth.ndim)
    apart = 2 * (rank * ordered).sum(axis=0) / (n * (n - 1))
    return float((np.abs(drawn - truth).mean(axis=0) - apart / 2).mean())


def sample_interval(samples: ArrayLike, level: float) -> tuple[Floats, Floats]:
    """Ends of the interval that holds one more draw with a given probability.

    Args:
        samples: Shape (draw, ...).
        level: Between 0 and 1.

    Returns:
        Lower and upper end, each (...).

    Raises:
        OptionError: If the level is out of range, or needs more draws than there are.
    """
    drawn = np.asarray(samples, np.float64)
    if not 0 < level < 1:
        raise OptionError(f"Interval level {level:g} is not between 0 and 1.")
    if (1 - level) / 2 * (len(drawn) + 1) < 1 - 1e-9:
        needed = int(np.ceil(2 / (1 - level) - 1e-9)) - 1
        raise OptionError(
            f"{len(drawn)} samples have no {level:.0%} interval; draw {needed} or more."
        )
    ends = [(1 - level) / 2, (1 + level) / 2]
    # Weibull's positions: of n draws the k-th lies above a further one with chance k / (n + 1).
    low, high = np.quantile(drawn, ends, axis=0, method="weibull")
    return low, high


def sample_scores(
    samples: ArrayLike, true: ArrayLike, levels: Sequence[float] = SAMPLE_LEVELS
) -> dict[str, float]:
    """Every score of samples, as plain values in their unit.

    Args:
        samples: Shape (draw, section, depth, distance).
        true: Shape (section, depth, distance).
        levels: Intervals to count; those that need more draws than there are stay out.

    Returns:
        ``mae`` of the mean, ``crps``, ``std`` (mean over cells) and, a level, ``coverage_90`` and
        ``width_90``.
    """
    drawn, truth = _checked(samples, true)
    scores = {
        "mae": float(np.abs(drawn.mean(axis=0) - truth).mean()),
        "crps": sample_crps(drawn, truth),
        "std": float(drawn.std(axis=0, ddof=1).mean()),
    }
    for level in levels:
        if (1 - level) / 2 * (len(drawn) + 1) < 1 - 1e-9:
            continue
        low, high = sample_interval(drawn, level)
        scores[f"coverage_{100 * level:g}"] = float(((truth >= low) & (truth <= high)).mean())
        scores[f"width_{100 * level:g}"] = float((high - low).mean())
    return scores


def _checked(samples: ArrayLike, true: ArrayLike) -> tuple[Floats, Floats]:
    drawn, truth = np.asarray(samples, np.float64), np.asarray(true, np.float64)
    if drawn.shape[1:] != truth.shape or len(drawn) < 2 or truth.size == 0:
        raise ShapeError(
            f"Samples have shape {drawn.shape}, the truth {truth.shape}; needed (draw, ...) of at "
            "least two draws and (...)."
        )
    return drawn, truth
