"""Family: a salt body with steep and overhanging flanks in folded layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.synthetic.curved_layers import CurvedLayers
from geoml.synthetic.layered_section import Floats, cell_positions
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.undulation import draw_undulation
from geoml.synthetic.velocity_range import check_interval

_N_WAVES = 4  # of each flank and of the body's top


@dataclass(frozen=True)
class Salt(CurvedLayers):
    """Folded layers around a trend, pierced by one body of a single high velocity.

    A body has a head, a stem that is narrower or wider, two flanks that wander each for itself
    and therefore overhang in places, and a base inside the section or below it. Layers beside it
    are dragged up.

    Attributes:
        salt_velocity_m_s: Lowest and highest velocity of the body [m/s]; the velocity range's
            greatest velocity where that is lower.
        top_fraction: Shallowest and deepest top, as a fraction of the section's height.
        width_fraction: Narrowest and widest head, as a fraction of the section's width.
        stem: Least and largest width at the base, in widths of the head: below 1 the flanks
            overhang, above 1 the body is a pillow.
        flank_relief: Least and largest departure of a flank from its course, in widths of the
            head.
        rooted_probability: Chance that the body goes on below the section.
        drag_fraction: Least and largest uplift of the layers at the flanks, as a fraction of the
            section's height.
    """

    follows_trend: ClassVar[bool] = False

    relief_fraction: tuple[float, float] = (0.02, 0.15)
    salt_velocity_m_s: tuple[float, float] = (4300.0, 4600.0)
    top_fraction: tuple[float, float] = (0.12, 0.5)
    width_fraction: tuple[float, float] = (0.2, 0.5)
    stem: tuple[float, float] = (0.3, 1.5)
    flank_relief: tuple[float, float] = (0.05, 0.25)
    rooted_probability: float = 0.5
    drag_fraction: tuple[float, float] = (0.0, 0.12)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_interval("salt_velocity_m_s", self.salt_velocity_m_s, above=0)
        for name in ("top_fraction", "width_fraction"):
            check_interval(name, getattr(self, name), above=0, at_most=1)
        check_interval("stem", self.stem, above=0)
        for name in ("flank_relief", "drag_fraction"):
            check_interval(name, getattr(self, name), at_least=0, at_most=0.5)
        if not 0 <= self.rooted_probability <= 1:
            raise OptionError(
                f"'rooted_probability' is {self.rooted_probability:g}; it must lie between 0 and 1."
            )

    def intrude(
        self, rng: np.random.Generator, grid: SectionGrid, velocity: Floats, ceiling_m_s: float
    ) -> Floats:
        """The layers with the body in them [m/s], shape (depth, distance)."""
        body, beside = self._draw_body(rng, grid)
        drag_m = rng.uniform(*self.drag_fraction) * grid.height_m * beside
        salt = min(rng.uniform(*self.salt_velocity_m_s), ceiling_m_s)
        # Rock that was dragged up lay deeper; each cell takes the whole cell it came from.
        row = np.arange(grid.n_depth)[:, None] + np.round(drag_m / grid.spacing_m).astype(int)
        dragged = np.take_along_axis(velocity, np.minimum(row, grid.n_depth - 1), axis=0)
        return np.where(body, salt, dragged)

    def _draw_body(
        self, rng: np.random.Generator, grid: SectionGrid
    ) -> tuple[NDArray[np.bool_], Floats]:
        """Cells of the body, and nearness to it: 1 inside, falling to 0 beside; (depth, distance).

        The body is a stack of level slices: where they begin and end are its two flanks.
        """
        top_m = rng.uniform(*self.top_fraction) * grid.height_m
        rooted = rng.uniform() < self.rooted_probability
        base_m = grid.height_m * (1.3 if rooted else rng.uniform(0.6, 0.95))
        base_m = max(base_m, top_m + 0.35 * grid.height_m)
        head_m = rng.uniform(*self.width_fraction) * grid.width_m
        stem = rng.uniform(*self.stem)
        middle_m = rng.uniform(0.25, 0.75) * grid.width_m
        lean_m = head_m * rng.uniform(-0.5, 0.5)
        relief_m = head_m * rng.uniform(*self.flank_relief, 2)
        waves = (0.1 * grid.width_m, 0.6 * grid.width_m)
        bumps = draw_undulation(rng, grid, 0.06 * grid.height_m, waves, 45.0)
        # Waves of a flank are as long in a short body as in a tall one.
        most_cycles = 3 * (base_m - top_m) / grid.height_m
        flanks = [_draw_wave(rng, most_cycles), _draw_wave(rng, most_cycles)]

        distance_m, depth_m = cell_positions(grid)
        # 0 at the top of the body, 1 at its base, the same for a whole row but for the bumps.
        down = (depth_m + bumps(distance_m) - top_m) / (base_m - top_m)
        inside = np.clip(down, 0, 1)
        width = head_m * (1 + (stem - 1) * inside**2 * (3 - 2 * inside)) * _rounded(inside, 0.25)
        if not rooted:
            width *= _rounded(1 - inside, 0.2)
        centre = middle_m + lean_m * (inside - 0.5)
        left = centre - width / 2 - relief_m[0] * flanks[0](inside)
        right = centre + width / 2 + relief_m[1] * flanks[1](inside)
        gap_m = np.maximum(left - distance_m, distance_m - right)
        body = (down >= 0) & (down <= 1) & (gap_m <= 0) & (width > 0)
        outside = np.maximum(gap_m, 0) / (0.35 * head_m)
        return body, np.exp(-(outside**2)) * np.clip(1 + 3 * down, 0, 1)


def _draw_wave(rng: np.random.Generator, most_cycles: float) -> Callable[[Floats], Floats]:
    """A smooth random function of 0 to 1 with values between -1 and 1."""
    cycles = rng.uniform(0.4, most_cycles, _N_WAVES)
    phase = rng.uniform(0, 2 * np.pi, _N_WAVES)
    share = rng.dirichlet(np.ones(_N_WAVES))

    def at(place: Floats) -> Floats:
        return (share * np.cos(2 * np.pi * cycles * place[..., None] + phase)).sum(axis=-1)

    return at


def _rounded(place: Floats, end: float) -> Floats:
    """Half width of an ellipse's end: rises from 0 at 0 to 1 at ``end`` and stays there."""
    return np.sqrt(1 - np.clip(1 - place / end, 0, 1) ** 2)
