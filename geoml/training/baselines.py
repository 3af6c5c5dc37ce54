"""Answers that need no network: the rows that a trained one is printed beside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.errors import ShapeError

Velocities = NDArray[np.float32]

_ROUNDS = 40  # of reweighting; the fit settles within ten
_BLOCK = 64  # models fitted at a time
_TINY = 1e-12


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
    return np.repeat(_straight_columns(cells[None])[0, :, None], n_distance, axis=1)


def own_gradients(models: Velocities) -> Velocities:
    """The best gradient of every single model [m/s], shape of ``models``.

    It knows the answer: no estimate of a trend alone can do better.
    """
    columns = [
        _straight_columns(models[start : start + _BLOCK].astype(np.float64))
        for start in range(0, len(models), _BLOCK)
    ]
    return np.repeat(np.concatenate(columns)[:, :, None], models.shape[2], axis=2)


def _straight_columns(cells: NDArray[np.float64]) -> Velocities:
    """``a + b * depth`` nearest to the cells of each model, shape (model, depth).

    Args:
        cells: [m/s], shape (model, depth, any).
    """
    n_depth = cells.shape[1]
    depth = np.arange(n_depth)[:, None] / n_depth
    weight = np.ones_like(cells)
    line = np.zeros((len(cells), n_depth, 1))
    for _ in range(_ROUNDS):
        total = weight.sum((1, 2))
        mean_depth = (weight * depth).sum((1, 2)) / total
        mean = (weight * cells).sum((1, 2)) / total
        away = depth - mean_depth[:, None, None]
        across = (weight * away * cells).sum((1, 2))
        slope = across / np.maximum((weight * away**2).sum((1, 2)), _TINY)
        line = mean[:, None, None] + slope[:, None, None] * away
        weight = 1 / np.maximum(np.abs(cells - line), 1.0)
    return line[:, :, 0].astype(np.float32)
