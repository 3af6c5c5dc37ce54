"""A curve by its place within its own well: what tools and mud shift from well to well is gone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SUFFIX = " in well"
"""Follows the name of a curve whose channel is its place within its well."""


def place_within_well(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance from the well's median in units of its spread, NaN where unknown.

    The spread is the standard deviation of a normal distribution with the same middle 80 %. A curve
    that stays the same all along its well is 0.

    Args:
        values: One curve of one whole well, shape (row,).
    """
    known = values[np.isfinite(values)]
    if known.size == 0:
        return values
    low, median, high = np.quantile(known, [0.1, 0.5, 0.9])
    spread = (high - low) / 2.563
    return np.asarray((values - median) / (spread if spread > 0 else 1.0))


def curve_of(channel: str) -> str:
    """The curve that a channel was made from."""
    return channel.removesuffix(SUFFIX)
