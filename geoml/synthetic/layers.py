"""Layers before they are bent or broken: thicknesses and velocities drawn around a trend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.velocity_range import DrawnTrend, VelocityRange

Floats = NDArray[np.float64]

_BURIED = 1.6  # layers are drawn to this multiple of the section's height: uplift brings them in


@dataclass(frozen=True, eq=False)
class LayerColumn:
    """A pile of layers over layer depth: the depth at which a rock lay before deformation.

    Attributes:
        top_m: Layer depth of each layer's top [m], rising from 0, shape (layer,).
        middle_m: Layer depth of each layer's middle [m], shape (layer,).
        velocity_m_s: Velocity at the middle [m/s], shape (layer,).
        gradient_1_s: Increase of velocity with layer depth inside each layer [1/s].
        floor_m_s: Least velocity [m/s].
        ceiling_m_s: Greatest velocity [m/s].
    """

    top_m: Floats
    middle_m: Floats
    velocity_m_s: Floats
    gradient_1_s: float
    floor_m_s: float
    ceiling_m_s: float

    def __call__(self, layer_depth_m: Floats) -> Floats:
        """Velocity [m/s] of rock of that layer depth [m], same shape."""
        # Rock above the first top (a fault's lowered side) belongs to the first layer.
        depth = np.maximum(layer_depth_m, 0)
        layer = np.searchsorted(self.top_m, depth, side="right") - 1
        inside = self.gradient_1_s * (depth - self.middle_m[layer])
        return np.clip(self.velocity_m_s[layer] + inside, self.floor_m_s, self.ceiling_m_s)


def draw_layer_column(
    rng: np.random.Generator,
    grid: SectionGrid,
    trend: DrawnTrend,
    velocity_range: VelocityRange,
    *,
    n_layers: tuple[int, int],
    contrast: tuple[float, float],
    gradient_share: tuple[float, float],
) -> LayerColumn:
    """One pile of layers.

    Velocities scatter around the trend and are then put in order, so that they rise with depth and
    still have the trend as their average; chosen layers drop afterwards.

    Args:
        rng: Source of randomness.
        grid: The section to fill.
        trend: The model's own trend.
        velocity_range: Gives chance and size of inversions.
        n_layers: Fewest and most layers in the section's height.
        contrast: Least and largest relative scatter of layer velocities around the trend
            (standard deviation).
        gradient_share: Least and largest share of the trend's gradient that acts inside layers.
    """
    count = int(rng.integers(n_layers[0], n_layers[1], endpoint=True))
    thickness = _draw_thickness(rng, grid, count)
    top = np.concatenate([[0.0], np.cumsum(thickness)[:-1]])
    middle = top + thickness / 2

    scatter = rng.uniform(*contrast) * rng.standard_normal(top.size)
    on_trend = np.minimum(trend.surface_m_s + trend.gradient_1_s * middle, trend.ceiling_m_s)
    velocity = np.sort(on_trend * (1 + np.clip(scatter, -0.4, 0.4)))
    velocity = _invert_some(rng, velocity, velocity_range)
    share = rng.uniform(*gradient_share)
    return LayerColumn(
        top, middle, velocity, share * trend.gradient_1_s, trend.floor_m_s, trend.ceiling_m_s
    )


def _draw_thickness(rng: np.random.Generator, grid: SectionGrid, count: int) -> Floats:
    """Thickness [m] of enough layers to pass the buried depth, shape (layer,)."""
    mean_m = grid.height_m / count
    # A gamma of shape 3 gives many medium, few thin and few thick layers. The number drawn is
    # fixed by the count, not by the values, so that one model never shifts another's draws.
    relative = rng.gamma(3.0, 1 / 3.0, int(np.ceil(_BURIED * count)) + 4)
    thickness = np.maximum(mean_m * relative, 2 * grid.spacing_m)
    # Compaction and longer ages: deeper layers are somewhat thicker than shallow ones.
    growth = 0.7 + 0.6 * np.minimum(np.cumsum(thickness) / grid.height_m, 1)
    return np.maximum(thickness * growth, 2 * grid.spacing_m)


def _invert_some(
    rng: np.random.Generator, velocity: Floats, velocity_range: VelocityRange
) -> Floats:
    """Velocities [m/s] of which chosen layers drop below the layer above, shape (layer,)."""
    chosen = rng.uniform(size=velocity.size) < velocity_range.inversion_probability
    drop = velocity_range.inversion_size * rng.uniform(0.25, 1.0, velocity.size)
    inverted = velocity.copy()
    last = -1
    for layer in range(1, velocity.size):
        # Two in a row would add up to a drop larger than the option promises.
        if chosen[layer] and last != layer - 1:
            inverted[layer] = velocity[layer - 1] * (1 - drop[layer])
            last = layer
    return inverted
