"""One number a trace: how unusual it is in its gather by the measure that it breaks most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.errors import ShapeError

Floats = NDArray[np.float64]

SPREAD_FLOOR = 0.5
"""Spread that a measure has at least, so that gathers of like traces make no outliers of nothing.

With 0.2 and 0.8 the areas of ``benchmarks/bad_traces.py`` change by 0.001.
"""
_LARGEST = 1e6
_NORMAL = 1.4826  # standard deviations of a normal law in one median deviation


def unusual(
    measures: NDArray[np.floating], labels: NDArray[np.int64], logarithmic: NDArray[np.bool_]
) -> Floats:
    """Greatest distance of a trace's measures from the medians of its gather, in spreads.

    A measure that runs high in a whole gather, as hum or ground roll makes it do, speaks of no
    trace in it. So measures of different kinds can be held against each other, which their
    thresholds alone do not allow below 1.

    Args:
        measures: The larger the worse; infinite is certain. Shape (trace, measure).
        labels: Gather of each trace, shape (trace,).
        logarithmic: Which measures are ratios and compared by their logarithm, shape (measure,).

    Returns:
        Shape (trace,).

    Raises:
        ShapeError: If the shapes do not fit each other.
    """
    if measures.shape != (*labels.shape, *logarithmic.shape) or measures.ndim != 2:
        raise ShapeError(
            f"Measures have shape {measures.shape}; {labels.size} labels and {logarithmic.size} "
            "flags need (trace, measure)."
        )
    values = np.clip(np.nan_to_num(measures.astype(np.float64)), -_LARGEST, _LARGEST)
    ratios = np.log(np.maximum(values, 1 / _LARGEST))
    values = np.where(logarithmic, ratios, values)
    found = np.zeros(values.shape[0])
    for label in np.unique(labels):
        members = labels == label
        away = values[members] - np.median(values[members], axis=0)
        spread = _NORMAL * np.median(np.abs(away), axis=0) + SPREAD_FLOOR
        found[members] = (away / spread).max(axis=1)
    # Certain is certain, wherever the rest of the gather is.
    found[np.isposinf(measures).any(axis=1)] = np.inf
    return found
