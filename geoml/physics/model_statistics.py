"""Statistics of a population of velocity models, and how far two populations lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import wasserstein_distance

from geoml.errors import ShapeError
from geoml.physics.edges import velocity_edges

Floats = NDArray[np.float64]

_BINS = 60
_COLUMN_STEP = 7  # every seventh column's layers are counted: neighbours say the same
_STEP_M_S = 0.5  # a smaller change down a column is no new layer
_QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False)
class ModelStatistics:
    """What a population of models looks like.

    Attributes:
        n_models: Models counted.
        n_layers: Layers met down single columns, shape (column,).
        edge_density: Share of edge cells of each model, shape (model,).
        histogram: Share of cells in each velocity bin, shape (bin,).
        bin_m_s: Borders of the bins [m/s], shape (bin + 1,).
        depth_quantiles: 0.1, 0.5 and 0.9 quantile of velocity [m/s] by depth, (3, depth).
        vertical_power: Power of the variation down columns by cycles a section's height
            [m2/s2], shape (wavenumber,).
        horizontal_power: The same along rows.
    """

    n_models: int
    n_layers: NDArray[np.int64]
    edge_density: Floats
    histogram: Floats
    bin_m_s: Floats
    depth_quantiles: Floats
    vertical_power: Floats
    horizontal_power: Floats


def model_statistics(
    velocity: ArrayLike, limits_m_s: tuple[float, float] = (1500.0, 4500.0)
) -> ModelStatistics:
    """Statistics of models on one grid.

    Args:
        velocity: [m/s], shape (model, depth, distance).
        limits_m_s: Range of the histogram [m/s].

    Raises:
        ShapeError: If ``velocity`` is not (model, depth, distance).
    """
    models = np.asarray(velocity, dtype=np.float32)
    if models.ndim != 3 or min(models.shape) < 2:
        raise ShapeError(
            f"Velocity has shape {models.shape}; statistics need (model, depth, distance), at "
            "least 2 each."
        )
    steps = np.abs(np.diff(models[:, :, ::_COLUMN_STEP], axis=1)) > _STEP_M_S
    counts, borders = np.histogram(models, bins=_BINS, range=limits_m_s)
    return ModelStatistics(
        len(models),
        1 + steps.sum(axis=1).ravel(),
        velocity_edges(models).mean(axis=(1, 2)),
        counts / models.size,
        borders,
        np.quantile(models, _QUANTILES, axis=(0, 2)),
        _power(models, 1),
        _power(models, 2),
    )


def distances(one: ModelStatistics, other: ModelStatistics) -> dict[str, float]:
    """How far two populations lie apart; 0 for equal ones.

    Args:
        one: A population.
        other: Another one on the same grid, with the same bins; relative numbers refer to it.

    Returns:
        ``velocity_m_s`` and ``n_layers``: Wasserstein distance of the velocities of all cells
        [m/s] and of the layers down columns; ``edge_density``: relative difference of the mean;
        ``edge_spread``: Wasserstein distance of the models' edge densities, relative to the mean;
        ``velocity_by_depth_m_s``: mean difference of the three quantiles [m/s];
        ``vertical_db`` and ``horizontal_db``: RMS ratio of the spectra [dB].
    """
    middle = (one.bin_m_s[1:] + one.bin_m_s[:-1]) / 2
    # A population without edges is as far from one with some as a number can say.
    density = float(other.edge_density.mean()) or np.finfo(np.float64).tiny
    more = float(one.edge_density.mean()) - float(other.edge_density.mean())
    return {
        "velocity_m_s": wasserstein_distance(middle, middle, one.histogram, other.histogram),
        "n_layers": wasserstein_distance(one.n_layers, other.n_layers),
        "edge_density": more / density,
        "edge_spread": wasserstein_distance(one.edge_density, other.edge_density) / density,
        "velocity_by_depth_m_s": float(np.abs(one.depth_quantiles - other.depth_quantiles).mean()),
        "vertical_db": _ratio_db(one.vertical_power, other.vertical_power),
        "horizontal_db": _ratio_db(one.horizontal_power, other.horizontal_power),
    }


def _power(models: NDArray[np.float32], axis: int) -> Floats:
    """Mean power spectrum along one axis, of tapered lines less their own mean."""
    # Else the taper would leak a line's mean into its variation.
    lines = np.moveaxis(models - models.mean(axis=axis, keepdims=True, dtype=np.float64), axis, -1)
    taper = np.hanning(lines.shape[-1] + 2)[1:-1]
    total = np.zeros(lines.shape[-1] // 2 + 1)
    for block in np.array_split(lines, max(1, len(lines) // 100)):
        total += (np.abs(np.fft.rfft(block * taper)) ** 2).sum(axis=(0, 1))
    power = total / (lines.shape[0] * lines.shape[1] * (taper**2).sum())
    return np.asarray(power[1:], dtype=np.float64)


def _ratio_db(one: Floats, other: Floats) -> float:
    """RMS of the ratio of two spectra [dB]; 0 where both are silent, as along level layers."""
    floor = 1e-9 * max(one.max(), other.max(), 1e-30)
    ratio = 10 * np.log10((one + floor) / (other + floor))
    return float(np.sqrt((ratio**2).mean()))
