"""Family: folded layers cut and displaced by faults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoml.errors import OptionError
from geoml.synthetic.curved_layers import CurvedLayers
from geoml.synthetic.layered_section import Floats, cell_positions, check_angle
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.undulation import draw_undulation
from geoml.synthetic.velocity_range import check_interval


@dataclass(frozen=True)
class Fault:
    """A plane along which one side has slipped as a whole.

    Attributes:
        distance_m: Where the plane crosses depth 0 [m].
        dip_deg: Dip of the plane below the horizontal [degrees], between 0 and 90.
        dips_right: True if the plane deepens with distance.
        throw_m: Vertical part of the slip of the block above the plane, positive down [m]:
            positive for a normal fault, negative for a reverse one.
    """

    distance_m: float
    dip_deg: float
    dips_right: bool
    throw_m: float

    def before(self, distance_m: Floats, depth_m: Floats) -> tuple[Floats, Floats]:
        """Where the rock of each cell lay before the slip [m], two arrays of the input shape.

        The slip is parallel to the plane, so that the plane maps onto itself and every layer that
        meets it is offset by the same throw.
        """
        side = 1.0 if self.dips_right else -1.0
        cotangent = 1 / np.tan(np.radians(self.dip_deg))
        above = side * (distance_m - self.distance_m) > depth_m * cotangent
        slip = np.where(above, self.throw_m, 0.0)
        return distance_m - side * cotangent * slip, depth_m - slip


@dataclass(frozen=True)
class FaultedLayers(CurvedLayers):
    """Folded layers, then faults of one regime: all normal (extension) or all reverse.

    Younger faults displace older ones. In some models an erosion surface cuts faults and layers,
    and unfaulted layers cover it.

    Attributes:
        relief_fraction: As in curved layers, gentler by default.
        n_faults: Fewest and most faults.
        throw_fraction: Least and largest throw, as a fraction of the section's height.
        reverse_probability: Chance that the faults are reverse.
        normal_dip_deg: Flattest and steepest normal fault [degrees].
        reverse_dip_deg: Flattest and steepest reverse fault [degrees].
        cover_probability: Chance that unfaulted layers cover the faults.
        cover_fraction: Thinnest and thickest cover, as a fraction of the section's height.
    """

    relief_fraction: tuple[float, float] = (0.02, 0.2)
    n_faults: tuple[int, int] = (1, 3)
    throw_fraction: tuple[float, float] = (0.04, 0.15)
    reverse_probability: float = 0.3
    normal_dip_deg: tuple[float, float] = (50.0, 75.0)
    reverse_dip_deg: tuple[float, float] = (30.0, 55.0)
    cover_probability: float = 0.4
    cover_fraction: tuple[float, float] = (0.1, 0.4)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_interval("n_faults", self.n_faults, at_least=1)
        check_interval("throw_fraction", self.throw_fraction, above=0, at_most=0.5)
        check_interval("cover_fraction", self.cover_fraction, at_least=0, at_most=1)
        check_angle("normal_dip_deg", self.normal_dip_deg)
        check_angle("reverse_dip_deg", self.reverse_dip_deg)
        for name in ("reverse_probability", "cover_probability"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise OptionError(f"'{name}' is {value:g}; it must lie between 0 and 1.")

    def layer_depth(self, rng: np.random.Generator, grid: SectionGrid) -> Floats:
        """Depth of each cell's rock before faulting and folding [m], shape (depth, distance)."""
        unfold = self.draw_fold(rng, grid)
        distance, depth = cell_positions(grid)
        old_distance, old_depth = distance, depth
        for fault in self.draw_faults(rng, grid):
            old_distance, old_depth = fault.before(old_distance, old_depth)
        faulted = unfold(old_distance, old_depth)

        covered = rng.uniform() < self.cover_probability
        mean_m = rng.uniform(*self.cover_fraction) * grid.height_m
        waves = (0.4 * grid.width_m, 2 * grid.width_m)
        surface = draw_undulation(rng, grid, 0.1 * grid.height_m, waves, 5.0)
        if not covered:
            return faulted
        # Erosion took at least what the lowered side sank by, so that the rock right below the
        # surface is older than the rock above it on both sides of every fault.
        eroded_m = max(0.0, float((depth - old_depth).max()))
        in_cover = depth < mean_m + surface(distance)
        return np.where(in_cover, unfold(distance, depth), faulted + eroded_m)

    def draw_faults(self, rng: np.random.Generator, grid: SectionGrid) -> list[Fault]:
        """The faults of one model, youngest first."""
        count = int(rng.integers(self.n_faults[0], self.n_faults[1], endpoint=True))
        reverse = rng.uniform() < self.reverse_probability
        dips = self.reverse_dip_deg if reverse else self.normal_dip_deg
        # One fault to each slot of the line, in random order of age, crossing at mid height.
        slots = rng.permutation(count)
        faults = []
        for slot in slots:
            middle = grid.width_m * (slot + rng.uniform(0.15, 0.85)) / count
            dip = rng.uniform(*dips)
            dips_right = bool(rng.uniform() < 0.5)
            throw = rng.uniform(*self.throw_fraction) * grid.height_m
            reach = grid.height_m / 2 / np.tan(np.radians(dip))
            crossing = middle - reach if dips_right else middle + reach
            faults.append(Fault(crossing, dip, dips_right, -throw if reverse else throw))
        return faults
