"""What every family of layers shares: draw a pile, deform it, put the top layer over it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.synthetic.layers import draw_layer_column
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.top_layer import draw_top_layer
from geoml.synthetic.undulation import draw_undulation
from geoml.synthetic.velocity_range import VelocityRange, check_interval

Floats = NDArray[np.float64]


class Family(Protocol):
    """What the registry holds: options as dataclass fields, one velocity model a call.

    Attributes:
        follows_trend: True where models scatter evenly around the range's trend.
    """

    follows_trend: ClassVar[bool]

    def __call__(
        self, rng: np.random.Generator, grid: SectionGrid, velocity_range: VelocityRange
    ) -> NDArray[np.float32]:
        """Velocity [m/s], shape (depth, distance)."""
        ...


@dataclass(frozen=True)
class LayeredSection(ABC):
    """Options and recipe of the families made of layers; a family adds the deformation.

    Attributes:
        n_layers: Fewest and most layers in the section's height.
        contrast: Least and largest scatter of layer velocities around the trend, relative
            (standard deviation).
        gradient_share: Least and largest share of the trend's gradient that acts inside layers:
            0 for blocky layers, 1 for layers that follow the trend.
        lateral_variation: Least and largest smooth change of velocity along the line, relative
            (highest minus lowest).
    """

    follows_trend: ClassVar[bool] = True

    n_layers: tuple[int, int] = (4, 14)
    contrast: tuple[float, float] = (0.02, 0.1)
    gradient_share: tuple[float, float] = (0.0, 0.8)
    lateral_variation: tuple[float, float] = (0.0, 0.08)

    def __post_init__(self) -> None:
        check_interval("n_layers", self.n_layers, at_least=1)
        check_interval("contrast", self.contrast, at_least=0, at_most=0.4)
        check_interval("gradient_share", self.gradient_share, at_least=0, at_most=1)
        check_interval("lateral_variation", self.lateral_variation, at_least=0, at_most=0.5)

    def __call__(
        self, rng: np.random.Generator, grid: SectionGrid, velocity_range: VelocityRange
    ) -> NDArray[np.float32]:
        """One velocity model.

        Args:
            rng: Source of randomness; the same state gives the same bytes.
            grid: The section to fill.
            velocity_range: The range of velocities to draw from.

        Returns:
            Velocity [m/s], shape (depth, distance).
        """
        top_layer = velocity_range.top
        top = None if top_layer is None else draw_top_layer(rng, grid, top_layer)
        trend = velocity_range.draw(rng, 0.0 if top is None else top.velocity_m_s)
        column = draw_layer_column(
            rng,
            grid,
            trend,
            velocity_range,
            n_layers=self.n_layers,
            contrast=self.contrast,
            gradient_share=self.gradient_share,
        )
        # The pile hangs from the mean base of the top layer, so that a sea bed cuts layers.
        pile_top_m = 0.0 if top is None else float(top.thickness_m.mean())
        velocity = column(self.layer_depth(rng, grid) - pile_top_m)
        velocity = velocity * self._draw_lateral_factor(rng, grid)
        velocity = np.clip(velocity, trend.floor_m_s, trend.ceiling_m_s)
        velocity = self.intrude(rng, grid, velocity, trend.ceiling_m_s)
        if top is not None:
            velocity = top.over(velocity, grid)
        return velocity.astype(np.float32)

    @abstractmethod
    def layer_depth(self, rng: np.random.Generator, grid: SectionGrid) -> Floats:
        """Depth of each cell's rock before deformation [m], shape (depth, distance)."""

    def intrude(
        self, rng: np.random.Generator, grid: SectionGrid, velocity: Floats, ceiling_m_s: float
    ) -> Floats:
        """The layers with whatever has pierced them [m/s], shape (depth, distance)."""
        return velocity

    def _draw_lateral_factor(self, rng: np.random.Generator, grid: SectionGrid) -> Floats:
        """Smooth factor around 1, shape (distance,)."""
        variation = rng.uniform(*self.lateral_variation)
        wavelength = (0.7 * grid.width_m, 3 * grid.width_m)
        # The curve is drawn in metres of height equal to the width, where any slope is gentle.
        curve = draw_undulation(rng, grid, variation * grid.width_m, wavelength, 89.0)
        return 1 + curve(grid.distance_m) / grid.width_m


def cell_positions(grid: SectionGrid) -> tuple[Floats, Floats]:
    """Distance and depth of every cell [m], each of shape (depth, distance)."""
    depth, distance = np.meshgrid(grid.depth_m, grid.distance_m, indexing="ij")
    return distance, depth


def check_angle(name: str, interval: tuple[float, float]) -> None:
    """Refuse an interval of angles that does not lie between 0 and 90 degrees.

    Raises:
        OptionError: If it does not.
    """
    check_interval(name, interval)
    if not (interval[0] > 0 and interval[1] < 90):
        raise OptionError(
            f"'{name}' is {interval[0]:g}..{interval[1]:g} degrees; "
            "both ends must lie between 0 and 90."
        )
