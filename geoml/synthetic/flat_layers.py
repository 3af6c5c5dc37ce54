"""Family: level or gently dipping layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoml.errors import OptionError
from geoml.synthetic.layered_section import Floats, LayeredSection, cell_positions
from geoml.synthetic.section_grid import SectionGrid


@dataclass(frozen=True)
class FlatLayers(LayeredSection):
    """Plane parallel layers of one dip.

    Attributes:
        max_dip_deg: Steepest dip, to either side [degrees].
    """

    max_dip_deg: float = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.max_dip_deg <= 30:
            raise OptionError(
                f"'max_dip_deg' is {self.max_dip_deg:g}; flat layers dip by 0 to 30 degrees."
            )

    def layer_depth(self, rng: np.random.Generator, grid: SectionGrid) -> Floats:
        """Depth of each cell's rock before tilting [m], shape (depth, distance)."""
        distance, depth = cell_positions(grid)
        dip = np.radians(rng.uniform(-self.max_dip_deg, self.max_dip_deg))
        return depth - np.tan(dip) * (distance - grid.width_m / 2)
