"""Families: random fields with a trend, in place of OpenFWI's Style sets.

The genuine sets are photographs in the style of a geological section, smooth (A) and sharp (B).
What they have in common with rock, structure of all directions and sizes on a rise with depth,
a Gaussian random field has too; no photograph is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from geoml.synthetic.interval_section import Floats, IntervalSection
from geoml.synthetic.random_field import draw_random_field
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.velocity_range import check_interval


@dataclass(frozen=True)
class StyleA(IntervalSection):
    """Smooth Gaussian random field on a rise with depth.

    Attributes:
        correlation_fraction: Shortest and longest correlation length across the strata, as a
            fraction of the section's height.
        aspect: Least and largest ratio of the correlation lengths along and across the strata.
        hurst: Roughest and smoothest field: the exponent of von Karman's spectrum.
        max_dip_deg: Steepest dip of the strata, to either side [degrees].
        rise: Least and largest rise from the top to the bottom of the section, in standard
            deviations of the field.
        spread: Least and largest share of the velocity interval that a model spans.
    """

    correlation_fraction: tuple[float, float] = (0.04, 0.12)
    aspect: tuple[float, float] = (1.0, 3.5)
    hurst: tuple[float, float] = (2.5, 4.0)
    max_dip_deg: float = 35.0
    rise: tuple[float, float] = (0.5, 3.5)
    spread: tuple[float, float] = (0.5, 1.0)

    def __post_init__(self) -> None:
        for name in ("correlation_fraction", "aspect", "hurst"):
            check_interval(name, getattr(self, name), above=0)
        check_interval("max_dip_deg", (0.0, self.max_dip_deg), at_least=0, at_most=90)
        check_interval("rise", self.rise, at_least=0)
        check_interval("spread", self.spread, above=0, at_most=1)

    def fill(
        self, rng: np.random.Generator, grid: SectionGrid, interval_m_s: tuple[float, float]
    ) -> Floats:
        """Velocity of the rock [m/s], shape (depth, distance)."""
        across = rng.uniform(*self.correlation_fraction) * grid.n_depth
        along = across * rng.uniform(*self.aspect)
        dip = self.max_dip_deg * rng.uniform(-1, 1)
        field = draw_random_field(rng, grid.shape, (across, along), rng.uniform(*self.hurst), dip)
        depth = np.linspace(-0.5, 0.5, grid.n_depth)[:, None]
        rise = rng.uniform(*self.rise)
        # The normal distribution's own function spreads the values evenly over the interval.
        share = ndtr((field + rise * depth) / np.hypot(1, rise / np.sqrt(12)))
        spread = rng.uniform(*self.spread)
        lowest = rng.uniform(0, 1 - spread)
        low, high = interval_m_s
        return low + (high - low) * (lowest + spread * share)


@dataclass(frozen=True)
class StyleB(StyleA):
    """Rough Gaussian random field on a rise with depth."""

    correlation_fraction: tuple[float, float] = (0.03, 0.12)
    hurst: tuple[float, float] = (0.5, 1.5)
