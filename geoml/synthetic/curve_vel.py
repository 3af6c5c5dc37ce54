"""Families: curved layers as in OpenFWI's CurveVel, velocity rising (A) or in any order (B)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline

from geoml.synthetic.interval_pile import Interfaces, IntervalPile
from geoml.synthetic.interval_section import Floats
from geoml.synthetic.section_grid import SectionGrid
from geoml.synthetic.velocity_range import check_interval


@dataclass(frozen=True)
class CurveVelA(IntervalPile):
    """Curved layers of nearly equal thickness, each faster than the one above it.

    The curves are those of the genuine CurveVel-A models: all interfaces follow one quadratic
    spline through points at every seventh of the width, and each point moves the pile by up to
    half a mean thickness of its own. The spline's first piece spans three points and every later
    one starts with the slope in which the piece before it ended; that is why folds grow to the
    right, there and here. ``geoml.samples.mirror`` makes up for it in training.

    Attributes:
        n_points: Fewest and most points of the spline.

    References:
        Deng et al. (2022), OpenFWI, NeurIPS Datasets and Benchmarks.
    """

    n_points: tuple[int, int] = (8, 8)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_interval("n_points", self.n_points, at_least=4)

    def draw_interfaces(
        self, rng: np.random.Generator, grid: SectionGrid, count: int
    ) -> Interfaces:
        """The interfaces of one model: a spline each."""
        n_points = int(rng.integers(self.n_points[0], self.n_points[1], endpoint=True))
        width_m = grid.n_distance * grid.spacing_m
        spline = pieced_parabolas(width_m, self.draw_depths(rng, grid, count, n_points))

        def at(distance_m: Floats) -> Floats:
            # Faults ask beside the section, where a parabola would run away.
            return spline(np.clip(distance_m, 0, grid.width_m))

        return at


def pieced_parabolas(width_m: float, values: Floats) -> Interfaces:
    """Curves through values at equal steps, of parabolas that meet in one slope.

    The first parabola spans the first three values, each later one a single step.

    Args:
        width_m: Distance of the last value [m]; the first lies at 0.
        values: What to pass through, shape (point, curve), at least 4 points.

    Returns:
        Function of distance [m], (...), with values (..., curve).
    """
    points = np.linspace(0, width_m, len(values))
    knots = np.concatenate([[points[0]] * 3, points[2:-1], [points[-1]] * 3])
    return make_interp_spline(points, values, k=2, t=knots)


@dataclass(frozen=True)
class CurveVelB(CurveVelA):
    """Curved layers of nearly equal thickness, velocities in any order."""

    rising: bool = False
