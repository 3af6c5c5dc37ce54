"""Whether drawn velocity models are of the kind of given ones, and not copies of them.

Velocity histogram and edge density come from ``model_statistics``; here are two-point statistics
with a relative error stated by formula, diversity, and distances to the nearest given model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import ShapeError
from geoml.physics.model_statistics import ModelStatistics, distances, model_statistics

Floats = NDArray[np.float64]

_AXES = {"vertical": 1, "lateral": 2}
_NEAREST_TRIES = 4  # candidates whose distance is computed exactly
_BLOCK = 500


@dataclass(frozen=True)
class Similarity:
    """How far drawn models lie from reference ones; every number is 0 for equal populations.

    Attributes:
        velocity_m_s: Wasserstein distance of the velocities of all cells [m/s].
        covariance_error: Relative error of the autocovariance, both directions together [1].
        variogram_error: Relative error of the variogram, both directions together [1]; harder than
            the covariance's, as smeared interfaces miss its short lags.
        variogram_vertical: The same, down columns alone [1].
        variogram_lateral: The same, along rows alone [1].
        edge_density: Relative difference of the share of edge cells [1].
    """

    velocity_m_s: float
    covariance_error: float
    variogram_error: float
    variogram_vertical: float
    variogram_lateral: float
    edge_density: float


@dataclass(frozen=True, eq=False)
class Population:
    """What ``compare`` needs to know of some models, measured once.

    Attributes:
        statistics: Histogram, layers, edges.
        variograms: Direction -> variogram [m2/s2], shape (lag,).
        covariance: Autocovariance of both directions, one after the other [m2/s2].
    """

    statistics: ModelStatistics
    variograms: dict[str, Floats]
    covariance: Floats


def population(
    velocity: ArrayLike, limits_m_s: tuple[float, float] = (1500.0, 4500.0)
) -> Population:
    """Measure models on one grid.

    Args:
        velocity: [m/s], shape (model, depth, distance).
        limits_m_s: Range of the velocity histogram [m/s].
    """
    models = _models(velocity)
    return Population(
        model_statistics(models, limits_m_s),
        {way: variogram(models, way) for way in _AXES},
        np.concatenate([autocovariance(models, way) for way in _AXES]),
    )


def similarity(
    drawn: ArrayLike, reference: ArrayLike, limits_m_s: tuple[float, float] = (1500.0, 4500.0)
) -> Similarity:
    """Every distance between two populations of models; see ``compare``."""
    return compare(population(drawn, limits_m_s), population(reference, limits_m_s))


def compare(drawn: Population, reference: Population) -> Similarity:
    """Every distance between two populations; relative errors refer to the reference.

    Raises:
        ShapeError: If their grids differ.
    """
    sizes = [[v.size for v in part.variograms.values()] for part in (drawn, reference)]
    if sizes[0] != sizes[1]:
        raise ShapeError(f"Variograms of {sizes[0]} and {sizes[1]} lags; one grid only.")
    plain = distances(drawn.statistics, reference.statistics)
    both = [np.concatenate(list(part.variograms.values())) for part in (drawn, reference)]
    vertical, lateral = (
        relative_error(drawn.variograms[way], reference.variograms[way]) for way in _AXES
    )
    return Similarity(
        float(plain["velocity_m_s"]),
        relative_error(drawn.covariance, reference.covariance),
        relative_error(both[0], both[1]),
        vertical,
        lateral,
        plain["edge_density"],
    )


def variogram_error(drawn: ArrayLike, reference: ArrayLike) -> float:
    """``relative_error`` of the variogram over the lags of both directions.

    Args:
        drawn: Velocity, shape (model, depth, distance).
        reference: On the same scale and grid.
    """
    return relative_error(
        *(np.concatenate([variogram(m, way) for way in _AXES]) for m in (drawn, reference))
    )


def variogram(velocity: ArrayLike, direction: str, n_lags: int | None = None) -> Floats:
    """Half the mean squared difference of cells a lag apart [m2/s2].

    Args:
        velocity: [m/s], shape (model, depth, distance).
        direction: ``vertical`` or ``lateral``.
        n_lags: Largest lag [cells]; half the section if None.

    Returns:
        Lags 1 to ``n_lags``, shape (lag,).
    """
    models, axis = _models(velocity), _AXES[direction]
    size = models.shape[axis]
    found = []
    for lag in range(1, (n_lags or size // 2) + 1):
        ahead, behind = (np.take(models, part, axis) for part in (_from(lag, size), _to(lag, size)))
        found.append(0.5 * np.mean((ahead - behind) ** 2, dtype=np.float64))
    return np.array(found)


def autocovariance(velocity: ArrayLike, direction: str, n_lags: int | None = None) -> Floats:
    """Mean product of cells a lag apart, less the mean of each depth [m2/s2].

    Args:
        velocity: [m/s], shape (model, depth, distance).
        direction: ``vertical`` or ``lateral``.
        n_lags: Largest lag [cells]; half the section if None.

    Returns:
        Lags 0 to ``n_lags``, shape (1 + lag,).
    """
    models, axis = _models(velocity), _AXES[direction]
    models = models - models.mean(axis=(0, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    size = models.shape[axis]
    found = []
    for lag in range((n_lags or size // 2) + 1):
        ahead, behind = (np.take(models, part, axis) for part in (_from(lag, size), _to(lag, size)))
        found.append(np.mean(ahead * behind, dtype=np.float64))
    return np.array(found)


def relative_error(found: Floats, wanted: Floats) -> float:
    """``sqrt(sum (found - wanted)^2 / sum wanted^2)``, over the lags.

    Where all that is wanted is 0, as along level layers: 0 if that is found, else infinite.
    """
    missed, size = np.linalg.norm(found - wanted), np.linalg.norm(wanted)
    if size == 0:
        return 0.0 if missed == 0 else float("inf")
    return float(missed / size)


def diversity_m_s(velocity: ArrayLike) -> float:
    """RMS difference of two models drawn from a population, over cells [m/s]; 0 for one repeated.

    Over all pairs the mean squared difference is twice the variance of each cell.
    """
    models = _models(velocity)
    variance = models.var(axis=0, ddof=1, dtype=np.float64).mean()
    return float(np.sqrt(2 * variance))


def nearest_m_s(velocity: ArrayLike, given: ArrayLike | None = None) -> Floats:
    """RMS difference of each model to the nearest given one, over cells [m/s], shape (model,).

    Args:
        velocity: [m/s], shape (model, depth, distance).
        given: Those that it may be a copy of; the other models of ``velocity`` itself if None.
    """
    models = _models(velocity)
    others = models if given is None else _models(given)
    middle = others.mean(axis=0, dtype=np.float64).astype(np.float32)
    flat, targets = ((m - middle).reshape(len(m), -1) for m in (models, others))
    squares = np.einsum("ij,ij->i", targets, targets)
    found = np.empty(len(flat))
    for start in range(0, len(flat), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(flat)))
        # Its own square is the same for all targets.
        distance = squares - 2 * flat[rows] @ targets.T
        if given is None:
            distance[np.arange(rows.stop - start), np.arange(start, rows.stop)] = np.inf
        tries = min(_NEAREST_TRIES, len(targets) - (given is None))
        near = np.argpartition(distance, tries - 1, axis=1)[:, :tries]
        # The product above loses the digits of small distances.
        exact = targets[near] - flat[rows][:, None]
        found[rows] = np.sqrt((exact.astype(np.float64) ** 2).mean(axis=2).min(axis=1))
    return found


def _models(velocity: ArrayLike) -> NDArray[np.float32]:
    models = np.asarray(velocity, dtype=np.float32)
    if models.ndim != 3 or len(models) < 2 or min(models.shape[1:]) < 2:
        raise ShapeError(
            f"Velocity has shape {models.shape}; (model, depth, distance) with at least 2 each "
            "is needed."
        )
    return models


def _from(lag: int, size: int) -> range:
    return range(lag, size)


def _to(lag: int, size: int) -> range:
    return range(size - lag)
