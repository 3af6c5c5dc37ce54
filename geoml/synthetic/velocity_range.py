"""The range of velocities that a training population covers, stated around a trend with depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend


@dataclass(frozen=True)
class TopLayer:
    """A layer of one velocity at the top of every model: water, or weathered ground.

    Attributes:
        velocity_m_s: Lowest and highest velocity drawn [m/s].
        thickness_m: Smallest and largest thickness anywhere [m].
        shape: ``flat`` for a level base, ``undulating`` for one that rises and falls.
        max_slope_deg: Steepest slope of an undulating base [degrees].
    """

    velocity_m_s: tuple[float, float]
    thickness_m: tuple[float, float]
    shape: Literal["flat", "undulating"] = "undulating"
    max_slope_deg: float = 8.0

    def __post_init__(self) -> None:
        check_interval("top_layer.velocity_m_s", self.velocity_m_s, above=0)
        check_interval("top_layer.thickness_m", self.thickness_m, at_least=0)
        if not 0 < self.max_slope_deg < 90:
            raise OptionError(
                f"'top_layer.max_slope_deg' is {self.max_slope_deg:g}; "
                "it must lie between 0 and 90."
            )


@dataclass(frozen=True)
class VelocityRange:
    """A trend with depth and how far models may depart from it.

    Each model draws its own surface velocity and gradient, so that the population covers the range
    evenly; its layers then scatter around that drawn trend. Families of a plain interval, such as
    ``flat_vel_a``, draw from ``floor_m_s`` to ``ceiling_m_s`` instead and leave the trend alone, so
    that one range serves both kinds and has one pair of limits.

    Attributes:
        trend: Surface velocity, gradient and greatest velocity to draw around. Depth counts from
            the base of the top layer.
        surface_spread: Half width of the surface velocity, relative to the trend's.
        gradient_spread: Half width of the gradient, relative to the trend's.
        min_m_s: No cell below the top layer is slower [m/s]; 0.6 times the trend's surface
            velocity if None.
        max_m_s: No cell is faster [m/s]; the trend's greatest velocity if None.
        inversion_probability: Chance that a layer is slower than the one above it; two in a row
            are not.
        inversion_size: Largest relative drop of velocity into such a layer.
        top_layer: Water or weathering. If None, the trend's own top layer, if it has one, with
            velocity within 2 % and thickness within 30 %.
    """

    trend: VelocityTrend
    surface_spread: float = 0.25
    gradient_spread: float = 0.4
    min_m_s: float | None = None
    max_m_s: float | None = None
    inversion_probability: float = 0.1
    inversion_size: float = 0.12
    top_layer: TopLayer | None = None

    def __post_init__(self) -> None:
        for name in ("surface_spread", "gradient_spread", "inversion_probability"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise OptionError(f"'{name}' is {value:g}; it must lie between 0 and 1.")
        if not 0 <= self.inversion_size < 0.5:
            raise OptionError(
                f"'inversion_size' is {self.inversion_size:g}; it must lie between 0 and 0.5."
            )
        if not 0 < self.floor_m_s <= self.trend.surface_m_s <= self.ceiling_m_s:
            raise OptionError(
                f"The trend starts at {self.trend.surface_m_s:g} m/s, outside the range "
                f"{self.floor_m_s:g}..{self.ceiling_m_s:g} m/s; move 'min_m_s' or 'max_m_s'."
            )
        top = self.top
        if top is not None and top.velocity_m_s[1] > self.ceiling_m_s:
            raise OptionError(
                f"The top layer reaches {top.velocity_m_s[1]:g} m/s, above the greatest velocity "
                f"{self.ceiling_m_s:g} m/s; raise 'max_m_s'."
            )

    @property
    def floor_m_s(self) -> float:
        """Least velocity below the top layer [m/s]."""
        return 0.6 * self.trend.surface_m_s if self.min_m_s is None else self.min_m_s

    @property
    def ceiling_m_s(self) -> float:
        """Greatest velocity of any cell [m/s]."""
        return self.trend.max_m_s if self.max_m_s is None else self.max_m_s

    @property
    def limits_m_s(self) -> tuple[float, float]:
        """Least and greatest velocity that a model can hold, top layer included [m/s]."""
        top = self.top
        # Below a top layer everything is faster than it (see ``draw``).
        lowest = self.floor_m_s if top is None else top.velocity_m_s[0]
        return lowest, self.ceiling_m_s

    @property
    def top(self) -> TopLayer | None:
        """The top layer in force: the given one, or that of the trend."""
        if self.top_layer is not None:
            return self.top_layer
        velocity, thickness = self.trend.top_velocity_m_s, self.trend.top_thickness_m
        if velocity is None or thickness is None:
            return None
        return TopLayer((0.98 * velocity, 1.02 * velocity), (0.7 * thickness, 1.3 * thickness))

    def draw(self, rng: np.random.Generator, slowest_m_s: float = 0.0) -> DrawnTrend:
        """The trend of one model, below its top layer.

        Args:
            rng: Source of randomness; two numbers are drawn.
            slowest_m_s: Velocity of the model's own top layer [m/s]; what lies below it is faster
                by 3 % at least.
        """
        floor = min(max(self.floor_m_s, 1.03 * slowest_m_s), self.ceiling_m_s)
        surface = self.trend.surface_m_s
        highest = min(surface * (1 + self.surface_spread), self.ceiling_m_s)
        highest = max(highest, floor)
        lowest = max(surface * (1 - self.surface_spread), floor)
        gradient = self.trend.gradient_1_s * (1 + self.gradient_spread * rng.uniform(-1, 1))
        return DrawnTrend(
            lowest + (highest - lowest) * rng.uniform(),
            gradient,
            floor,
            self.ceiling_m_s,
        )


@dataclass(frozen=True)
class DrawnTrend:
    """The trend of one model.

    Attributes:
        surface_m_s: Velocity at depth 0 below the top layer [m/s].
        gradient_1_s: Increase with depth [1/s].
        floor_m_s: Least velocity [m/s].
        ceiling_m_s: Greatest velocity [m/s].
    """

    surface_m_s: float
    gradient_1_s: float
    floor_m_s: float
    ceiling_m_s: float


def check_interval(
    name: str,
    interval: tuple[float, float],
    *,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> None:
    """Refuse an option of the form (low, high) that is out of order or out of bounds.

    Raises:
        OptionError: If low > high, low <= ``above``, low < ``at_least`` or high > ``at_most``.
    """
    low, high = interval
    if not low <= high:
        raise OptionError(f"'{name}' is {low:g}..{high:g}; write the smaller number first.")
    if above is not None and low <= above:
        raise OptionError(f"'{name}' starts at {low:g}; it must be above {above:g}.")
    if at_least is not None and low < at_least:
        raise OptionError(f"'{name}' starts at {low:g}; it must be at least {at_least:g}.")
    if at_most is not None and high > at_most:
        raise OptionError(f"'{name}' ends at {high:g}; it must be at most {at_most:g}.")
