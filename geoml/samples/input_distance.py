"""How far windows lie from a cloud of known ones: Mahalanobis distance with a shrunken covariance.

Quantiles a feature at a time miss what is unusual only together (a late arrival on near receivers
with an early one on far receivers). The distance counts every direction in units of the spread that
training has in it, and its limit is a quantile over windows that the cloud was not fitted to.

References:
    Ledoit and Wolf (2004), Journal of Multivariate Analysis 88, 365-411 (the covariance).
    Lee et al. (2018), A simple unified framework for detecting out-of-distribution samples and
    adversarial attacks, NeurIPS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import ShapeError

Floats = NDArray[np.float64]
LEVELS = (0.005, 0.05, 0.5, 0.95, 0.995)
CHANCE = 0.01
"""Share of training's own windows beyond the limit."""
_MOST_AXES = 24
_LEAST_WINDOWS = 8
_LEAST_VARIANCE = 1e-6


def fit_distance(values: Floats, held_out: Floats, least_spread: float = 1e-6) -> dict[str, Any]:
    """A cloud and the distances of windows that belong to it, as plain JSON values.

    Args:
        values: Features of training windows, shape (window, part).
        held_out: Features of others of their kind, shape (window, part); they set the limit.
        least_spread: A part that varies less than this counts as varying so much, in its unit.

    Returns:
        ``mean``, ``axes`` (axis, part), ``variance`` (axis,) and ``rest``, the variance of every
        direction beside the axes; ``quantiles`` of the held-out distances at ``LEVELS``; and the
        ``limit`` that a share ``CHANCE`` of them exceeds.

    Raises:
        ShapeError: If there are fewer than 8 windows of either kind.
    """
    from sklearn.covariance import LedoitWolf

    if min(len(values), len(held_out)) < _LEAST_WINDOWS:
        raise ShapeError(
            f"{len(values)} and {len(held_out)} windows; {_LEAST_WINDOWS} of each are needed to "
            "tell known from unknown gathers."
        )
    scale = np.maximum(values.std(axis=0), least_spread)
    fitted = LedoitWolf().fit((values - values.mean(axis=0)) / scale)
    variance, directions = np.linalg.eigh(fitted.covariance_)
    # A part that never varies, as where all receivers show one trace, has none of its own.
    variance = np.maximum(variance, _LEAST_VARIANCE)
    order = np.argsort(variance)[::-1]
    kept, left = order[:_MOST_AXES], order[_MOST_AXES:]
    cloud: dict[str, Any] = {
        "mean": _plain(values.mean(axis=0)),
        "scale": _plain(scale),
        "axes": _plain(directions[:, kept].T),
        "variance": _plain(variance[kept]),
        "rest": float(variance[left].mean()) if left.size else 1.0,
    }
    known = distances(held_out, cloud)
    cloud["quantiles"] = _plain(np.quantile(known, LEVELS))
    cloud["limit"] = float(np.quantile(known, 1 - CHANCE))
    return cloud


def distances(values: Floats, cloud: dict[str, Any]) -> Floats:
    """Distance of windows from a cloud, about 1 for its own, shape (window,).

    Args:
        values: Shape (window, part).
        cloud: As ``fit_distance`` made it.

    Raises:
        ShapeError: If the windows have another number of parts.
    """
    axes = np.asarray(cloud["axes"])
    if values.shape[-1] != axes.shape[1]:
        raise ShapeError(f"Windows of {values.shape[-1]} parts; the cloud has {axes.shape[1]}.")
    centred = (values - np.asarray(cloud["mean"])) / np.asarray(cloud["scale"])
    along = centred @ axes.T
    square = np.sum(along**2 / np.asarray(cloud["variance"]), axis=1)
    beside = np.maximum(np.sum(centred**2, axis=1) - np.sum(along**2, axis=1), 0.0)
    n_beside = axes.shape[1] - len(axes)
    if n_beside:
        square = square + beside / cloud["rest"]
    return np.asarray(np.sqrt(square / axes.shape[1]))


def _plain(values: Floats) -> list[Any]:
    return [float(f"{v:.6g}") for v in values] if values.ndim == 1 else [_plain(v) for v in values]
