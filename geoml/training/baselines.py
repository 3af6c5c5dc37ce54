"""Answers that need no network: the rows that a trained one is printed beside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.errors import ShapeError

Velocities = NDArray[np.float32]

_ROUNDS = 40  # of reweighting; the fit settles within ten


def mean_model(train: Velocities) -> Velocities:
    """Mean velocity of each cell over the training part [m/s], shape (depth, distance)."""
    mean: Velocities = train.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def gradient_model(models: Velocities) -> Velocities:
    """Velocity ``a + b * depth`` with the least mean absolute error [m/s].

    Args:
        models: [m/s], shape (sample, depth, distance).

    Returns:
        Shape (depth, distance), equal columns.

    Raises:
        ShapeError: If ``models`` has other than three dimensions.

    References:
        Schlossmacher (1973), JASA 68, 857-859: least absolute deviations by reweighting.
    """
    if models.ndim != 3:
        raise ShapeError(f"Models have shape {models.shape}; needed (sample, depth, distance).")
    n_depth, n_distance = models.shape[1:]
    # Some hundred quantiles a row stand for all its cells.
    rows = np.moveaxis(models, 1, 0).reshape(n_depth, -1)
    levels = (np.arange(200) + 0.5) / 200
    cells = np.quantile(rows, levels, axis=1).T.astype(np.float64)  # (depth, quantile)
    depth = np.broadcast_to(np.arange(n_depth)[:, None] / n_depth, cells.shape)
    weight = np.ones_like(cells)
    slope = surface = 0.0
    for _ in range(_ROUNDS):
        slope, surface = np.polyfit(depth.ravel(), cells.ravel(), 1, w=np.sqrt(weight).ravel())
        weight = 1 / np.maximum(np.abs(cells - surface - slope * depth), 1.0)
    column = (surface + slope * depth[:, 0]).astype(np.float32)
    return np.repeat(column[:, None], n_distance, axis=1)


def own_gradients(models: Velocities) -> Velocities:
    """The best gradient of every single model [m/s], shape of ``models``.

    It knows the answer: no estimate of a trend alone can do better.
    """
    return np.stack([gradient_model(model[None]) for model in models])
