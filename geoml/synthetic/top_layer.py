"""Water or weathering at the top of a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.undulation import draw_undulation
from geoml.synthetic.velocity_range import TopLayer

_WAVES = (0.08, 1.5)  # wavelengths of an undulating base, in section widths


@dataclass(frozen=True, eq=False)
class DrawnTopLayer:
    """The top layer of one model.

    Attributes:
        velocity_m_s: Its one velocity [m/s].
        thickness_m: Thickness below each column [m], shape (distance,).
    """

    velocity_m_s: float
    thickness_m: NDArray[np.float64]

    def over(self, velocity: NDArray[np.float64], grid: SectionGrid) -> NDArray[np.float64]:
        """The model with its top replaced.

        A cell that the base cuts keeps its vertical travel time (mean slowness), so that a layer
        thinner than a cell still delays the waves by the right amount.

        Args:
            velocity: Velocity without top layer [m/s], shape (depth, distance).
            grid: The section; each row stands for the half cells above and below it.
        """
        upper = np.maximum(grid.depth_m - grid.spacing_m / 2, 0)[:, None]
        lower = (grid.depth_m + grid.spacing_m / 2)[:, None]
        share = np.clip((self.thickness_m - upper) / (lower - upper), 0, 1)
        return 1 / (share / self.velocity_m_s + (1 - share) / velocity)


def draw_top_layer(
    rng: np.random.Generator, grid: SectionGrid, top_layer: TopLayer
) -> DrawnTopLayer:
    """One top layer; its thickness stays inside the stated interval everywhere."""
    thinnest, thickest = top_layer.thickness_m
    velocity = rng.uniform(*top_layer.velocity_m_s)
    mean = rng.uniform(thinnest, thickest)
    if top_layer.shape == "flat":
        return DrawnTopLayer(velocity, np.full(grid.n_distance, mean))
    relief = 2 * min(mean - thinnest, thickest - mean) * rng.uniform()
    wavelength = (_WAVES[0] * grid.width_m, _WAVES[1] * grid.width_m)
    base = draw_undulation(rng, grid, relief, wavelength, top_layer.max_slope_deg)
    thickness = np.clip(mean + base(grid.distance_m), thinnest, thickest)
    return DrawnTopLayer(velocity, thickness)
