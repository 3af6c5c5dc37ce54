"""Layers of a plain velocity interval: thicknesses nearly equal, velocities uniform."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoml.synthetic.interval_section import Floats, IntervalSection
from geoml.synthetic.layered_section import cell_positions
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.velocity_range import check_interval

Interfaces = Callable[[Floats], Floats]
"""Depth of every interface [m], (..., interface), at distances [m], (...)."""


@dataclass(frozen=True)
class IntervalPile(IntervalSection):
    """Options and recipe of the layered families of OpenFWI's kind; a family adds the shape.

    Fewer layers may show than were drawn: the first interface moves the pile by up to half a
    layer, and the lowest layer then lies below the section.

    Attributes:
        n_layers: Fewest and most layers, each number equally likely.
        first_interface: Least and largest depth of the first interface, in mean thicknesses:
            section's height over the number of interfaces.
        thickness_jitter: Largest departure of a deeper layer's thickness from the mean, either
            way, as a fraction of the section's height.
        rising: True where velocity rises from layer to layer, False for any order.
    """

    n_layers: tuple[int, int] = (4, 8)
    first_interface: tuple[float, float] = (0.48, 1.48)
    thickness_jitter: float = 1 / 70
    rising: bool = True

    def __post_init__(self) -> None:
        check_interval("n_layers", self.n_layers, at_least=2)
        check_interval("first_interface", self.first_interface, at_least=0)
        check_interval("thickness_jitter", (0.0, self.thickness_jitter), at_least=0, at_most=0.1)

    def fill(
        self, rng: np.random.Generator, grid: SectionGrid, interval_m_s: tuple[float, float]
    ) -> Floats:
        """Velocity of the rock [m/s], shape (depth, distance)."""
        count = int(rng.integers(self.n_layers[0], self.n_layers[1], endpoint=True))
        velocity = rng.uniform(*interval_m_s, count)
        if self.rising:
            velocity.sort()
        interfaces = self.draw_interfaces(rng, grid, count - 1)
        distance_m, depth_m = self.rock_position(rng, grid)
        layer = (depth_m[..., None] >= interfaces(distance_m)).sum(axis=-1)
        return velocity[layer]

    @abstractmethod
    def draw_interfaces(
        self, rng: np.random.Generator, grid: SectionGrid, count: int
    ) -> Interfaces:
        """The interfaces of one model."""

    def rock_position(self, rng: np.random.Generator, grid: SectionGrid) -> tuple[Floats, Floats]:
        """Where each cell's rock lay before faulting: distance and depth [m]."""
        return cell_positions(grid)

    def draw_depths(
        self, rng: np.random.Generator, grid: SectionGrid, count: int, n_positions: int
    ) -> Floats:
        """Depth of interfaces [m] at positions that know nothing of each other.

        Args:
            rng: Source of randomness.
            grid: The section; each row stands for a cell below its node.
            count: Interfaces, at least 1.
            n_positions: Positions along the line.

        Returns:
            Depth [m], shape (position, interface).
        """
        height_m = grid.n_depth * grid.spacing_m
        mean_m = height_m / count
        first = mean_m * rng.uniform(*self.first_interface, (n_positions, 1))
        jitter = self.thickness_jitter * height_m * rng.uniform(-1, 1, (n_positions, count - 1))
        return np.concatenate([first, first + np.cumsum(mean_m + jitter, axis=1)], axis=1)
