"""What families of a plain velocity interval share: fill it, lay the top layer over it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.top_layer import draw_top_layer
from geoml.synthetic.velocity_range import VelocityRange

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class IntervalSection(ABC):
    """Recipe of the families whose velocities come from an interval, whatever the trend says.

    The interval is ``floor_m_s`` to ``ceiling_m_s`` of the velocity range; below a top layer it
    starts where ``VelocityRange.draw`` says, 3 % above the layer's velocity at least. Spreads and
    inversions of the range belong to the families that follow its trend.
    """

    follows_trend: ClassVar[bool] = False

    def __call__(
        self, rng: np.random.Generator, grid: SectionGrid, velocity_range: VelocityRange
    ) -> NDArray[np.float32]:
        """One velocity model.

        Args:
            rng: Source of randomness; the same state gives the same bytes.
            grid: The section to fill.
            velocity_range: Gives the interval and the top layer.

        Returns:
            Velocity [m/s], shape (depth, distance).
        """
        top_layer = velocity_range.top
        if top_layer is None:
            interval = (velocity_range.floor_m_s, velocity_range.ceiling_m_s)
            return np.clip(self.fill(rng, grid, interval), *interval).astype(np.float32)
        top = draw_top_layer(rng, grid, top_layer)
        drawn = velocity_range.draw(rng, top.velocity_m_s)
        interval = (drawn.floor_m_s, drawn.ceiling_m_s)
        # The rock fills what the top layer leaves, so that deep water hides no layers.
        hidden = round(float(top.thickness_m.mean()) / grid.spacing_m)
        hidden = min(max(hidden, 0), grid.n_depth - 2)
        rock = self.fill(
            rng, SectionGrid(grid.n_depth - hidden, grid.n_distance, grid.spacing_m), interval
        )
        velocity = np.clip(np.pad(rock, ((hidden, 0), (0, 0)), mode="edge"), *interval)
        return top.over(velocity, grid).astype(np.float32)

    @abstractmethod
    def fill(
        self, rng: np.random.Generator, grid: SectionGrid, interval_m_s: tuple[float, float]
    ) -> Floats:
        """Velocity of the rock [m/s] inside the interval, shape (depth, distance)."""
