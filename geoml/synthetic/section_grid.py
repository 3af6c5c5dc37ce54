"""The grid a velocity family fills."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.survey.acquisition import Acquisition


@dataclass(frozen=True)
class SectionGrid:
    """Rows and columns of a section; the first row lies at depth 0, the first column at distance 0.

    Attributes:
        n_depth: Rows, at least 2.
        n_distance: Columns, at least 2.
        spacing_m: Cell size, both ways [m], > 0.
    """

    n_depth: int
    n_distance: int
    spacing_m: float

    def __post_init__(self) -> None:
        if self.n_depth < 2 or self.n_distance < 2 or not 0 < self.spacing_m < math.inf:
            raise OptionError(
                f"Section grid of {self.n_depth} x {self.n_distance} cells of "
                f"{self.spacing_m:g} m; it needs at least 2 x 2 cells of a positive size."
            )

    @classmethod
    def of(cls, acquisition: Acquisition) -> SectionGrid:
        """The target grid of an acquisition."""
        return cls(acquisition.n_depth, acquisition.n_distance, acquisition.spacing_m)

    @property
    def shape(self) -> tuple[int, int]:
        """(depth, distance)."""
        return self.n_depth, self.n_distance

    @property
    def height_m(self) -> float:
        """Depth of the last row [m]."""
        return (self.n_depth - 1) * self.spacing_m

    @property
    def width_m(self) -> float:
        """Distance of the last column [m]."""
        return (self.n_distance - 1) * self.spacing_m

    @property
    def depth_m(self) -> NDArray[np.float64]:
        """Depth of the rows [m], shape (depth,)."""
        return np.arange(self.n_depth, dtype=np.float64) * self.spacing_m

    @property
    def distance_m(self) -> NDArray[np.float64]:
        """Distance of the columns [m], shape (distance,)."""
        return np.arange(self.n_distance, dtype=np.float64) * self.spacing_m
