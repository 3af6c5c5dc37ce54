"""Family: folded layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoml.errors import OptionError
from geoml.synthetic.layered_section import Floats, LayeredSection, cell_positions
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.undulation import draw_undulation
from geoml.synthetic.velocity_range import check_interval


@dataclass(frozen=True)
class CurvedLayers(LayeredSection):
    """Layers bent by folds that grow with depth, so that thickness changes along the line.

    Attributes:
        relief_fraction: Least and largest height of the folds at the section's bottom, as a
            fraction of its height; less where ``max_dip_deg`` limits it.
        surface_share: Least and largest share of that height that is left at the surface: 1 for
            folds younger than the layers, small for folds that grew during deposition.
        wavelength_fraction: Shortest and longest fold, in section widths.
        max_dip_deg: Steepest dip [degrees].
    """

    relief_fraction: tuple[float, float] = (0.05, 0.3)
    surface_share: tuple[float, float] = (0.1, 1.0)
    wavelength_fraction: tuple[float, float] = (0.4, 2.5)
    max_dip_deg: float = 25.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_interval("relief_fraction", self.relief_fraction, at_least=0, at_most=0.8)
        check_interval("surface_share", self.surface_share, at_least=0, at_most=1)
        check_interval("wavelength_fraction", self.wavelength_fraction, above=0)
        if not 0 < self.max_dip_deg <= 60:
            raise OptionError(
                f"'max_dip_deg' is {self.max_dip_deg:g}; curved layers dip by at most 60 degrees."
            )

    def layer_depth(self, rng: np.random.Generator, grid: SectionGrid) -> Floats:
        """Depth of each cell's rock before folding [m], shape (depth, distance)."""
        return self.draw_fold(rng, grid)(*cell_positions(grid))

    def draw_fold(
        self, rng: np.random.Generator, grid: SectionGrid
    ) -> Callable[[Floats, Floats], Floats]:
        """The folding of one model: depth before folding [m] from (distance [m], depth [m])."""
        relief_m = rng.uniform(*self.relief_fraction) * grid.height_m
        share = rng.uniform(*self.surface_share)
        low, high = self.wavelength_fraction
        wavelength = (low * grid.width_m, high * grid.width_m)
        curve = draw_undulation(rng, grid, relief_m, wavelength, self.max_dip_deg)

        def unfold(distance_m: Floats, depth_m: Floats) -> Floats:
            growth = share + (1 - share) * np.clip(depth_m / grid.height_m, 0, 1)
            return depth_m - growth * curve(distance_m)

        return unfold
