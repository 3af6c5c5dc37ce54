"""Family: a weighted mix of two models of other families, modelled anew.

Mixing the gathers of two models is wrong, as waves are not linear in velocity; mixing the models
and shooting over the mix is right, and gives interfaces of both, weaker than either's: structure
that no single family draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend
from geoml.registry import split_spec
from geoml.synthetic.interval_section import Floats, IntervalSection
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.velocity_range import VelocityRange, check_interval


@dataclass(frozen=True)
class Blend(IntervalSection):
    """Weighted mean of the velocities of two models, each of a family drawn at random.

    A family that follows a trend gets one that rises through the interval of velocities.

    Attributes:
        families: What is mixed: ``name`` or ``{name: {option: value}}``.
        weight: Least and largest share of the first model.
    """

    families: tuple[str | dict[str, Any], ...] = (
        "flat_vel_b",
        "curve_vel_a",
        "curve_vel_b",
        "flat_fault_b",
        "curve_fault_a",
        "curve_fault_b",
        "style_a",
    )
    weight: tuple[float, float] = (0.25, 0.75)

    def __post_init__(self) -> None:
        check_interval("weight", self.weight, at_least=0, at_most=1)
        names = [split_spec(spec, "family")[0] for spec in self.families]
        if not names or "blend" in names:
            raise OptionError(f"'families' of a blend are {names}; name at least one other family.")

    def fill(
        self, rng: np.random.Generator, grid: SectionGrid, interval_m_s: tuple[float, float]
    ) -> Floats:
        """Velocity of the rock [m/s], shape (depth, distance)."""
        from geoml.synthetic.family_spec import build_family  # the registry imports this file

        low, high = interval_m_s
        surface = low + 0.2 * (high - low)
        rise = VelocityTrend(surface, (high - surface) / max(grid.height_m, grid.spacing_m), high)
        inside = VelocityRange(rise, min_m_s=low, max_m_s=high)
        chosen = rng.integers(len(self.families), size=2)
        first, second = (
            build_family(self.families[i])(rng, grid, inside).astype(np.float64) for i in chosen
        )
        weight = rng.uniform(*self.weight)
        return weight * first + (1 - weight) * second
