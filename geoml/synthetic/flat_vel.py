"""Families: level layers as in OpenFWI's FlatVel, velocity rising (A) or in any order (B)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoml.synthetic.interval_pile import Interfaces, IntervalPile
from geoml.synthetic.interval_section import Floats
from geoml.synthetic.section_grid import SectionGrid


@dataclass(frozen=True)
class FlatVelA(IntervalPile):
    """Level layers, each faster than the one above it.

    Thicknesses and velocities have the statistics of the genuine FlatVel-A models, found by
    counting: 4 to 8 layers of a pile that begins 0.48 to 1.48 mean thicknesses deep, thicknesses
    within a cell of their mean, velocities uniform over the interval and sorted.

    References:
        Deng et al. (2022), OpenFWI, NeurIPS Datasets and Benchmarks.
    """

    def draw_interfaces(
        self, rng: np.random.Generator, grid: SectionGrid, count: int
    ) -> Interfaces:
        """The interfaces of one model: one depth each."""
        depth_m = self.draw_depths(rng, grid, count, 1)[0]

        def at(distance_m: Floats) -> Floats:
            return np.broadcast_to(depth_m, (*np.shape(distance_m), count))

        return at


@dataclass(frozen=True)
class FlatVelB(FlatVelA):
    """Level layers, velocities in any order."""

    rising: bool = False
