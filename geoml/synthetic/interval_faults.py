"""Families: level and curved layers of a plain interval cut by faults, as in OpenFWI's Fault sets.

No genuine Fault model was at hand: layers are those of the Vel families, and faults cover a wide
range of dips and throws of either sense.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoml.errors import OptionError
from geoml.synthetic.curve_vel import CurveVelA
from geoml.synthetic.faulted_layers import Fault
from geoml.synthetic.flat_vel import FlatVelA
from geoml.synthetic.interval_pile import IntervalPile
from geoml.synthetic.interval_section import Floats
from geoml.synthetic.layered_section import cell_positions, check_angle
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.velocity_range import check_interval


@dataclass(frozen=True)
class FaultedPile(IntervalPile):
    """Adds plane faults through the whole section, younger ones displacing older ones.

    Attributes:
        n_faults: Fewest and most faults.
        throw_fraction: Least and largest throw, as a fraction of the section's height.
        dip_deg: Flattest and steepest fault [degrees].
        reverse_probability: Chance of each fault to be reverse: fast rock then lies over slow.
    """

    n_faults: tuple[int, int] = (1, 2)
    throw_fraction: tuple[float, float] = (0.06, 0.3)
    dip_deg: tuple[float, float] = (45.0, 85.0)
    reverse_probability: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_interval("n_faults", self.n_faults, at_least=1)
        check_interval("throw_fraction", self.throw_fraction, above=0, at_most=0.5)
        check_angle("dip_deg", self.dip_deg)
        if not 0 <= self.reverse_probability <= 1:
            raise OptionError(
                f"'reverse_probability' is {self.reverse_probability:g}; "
                "it must lie between 0 and 1."
            )

    def rock_position(self, rng: np.random.Generator, grid: SectionGrid) -> tuple[Floats, Floats]:
        """Where each cell's rock lay before faulting: distance and depth [m]."""
        distance_m, depth_m = cell_positions(grid)
        for _ in range(int(rng.integers(self.n_faults[0], self.n_faults[1], endpoint=True))):
            distance_m, depth_m = self._draw_fault(rng, grid).before(distance_m, depth_m)
        return distance_m, depth_m

    def _draw_fault(self, rng: np.random.Generator, grid: SectionGrid) -> Fault:
        """A fault that crosses mid height inside the section."""
        dip = rng.uniform(*self.dip_deg)
        dips_right = bool(rng.uniform() < 0.5)
        throw_m = rng.uniform(*self.throw_fraction) * grid.height_m
        reverse = bool(rng.uniform() < self.reverse_probability)
        reach_m = grid.height_m / 2 / np.tan(np.radians(dip))
        middle_m = grid.width_m * rng.uniform(0.1, 0.9)
        crossing_m = middle_m - reach_m if dips_right else middle_m + reach_m
        return Fault(crossing_m, dip, dips_right, -throw_m if reverse else throw_m)


@dataclass(frozen=True)
class FlatFaultA(FaultedPile, FlatVelA):
    """Level layers, velocity rising from layer to layer, cut by faults."""

    n_layers: tuple[int, int] = (3, 6)


@dataclass(frozen=True)
class FlatFaultB(FlatFaultA):
    """Level layers in any order of velocity, more of them and more faults."""

    n_layers: tuple[int, int] = (4, 9)
    n_faults: tuple[int, int] = (1, 3)
    rising: bool = False


@dataclass(frozen=True)
class CurveFaultA(FaultedPile, CurveVelA):
    """Curved layers, velocity rising from layer to layer, cut by faults."""

    n_layers: tuple[int, int] = (3, 6)


@dataclass(frozen=True)
class CurveFaultB(CurveFaultA):
    """Curved layers in any order of velocity, more of them and more faults."""

    n_layers: tuple[int, int] = (4, 9)
    n_faults: tuple[int, int] = (1, 3)
    rising: bool = False
