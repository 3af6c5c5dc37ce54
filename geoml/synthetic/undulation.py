"""Smooth random curves along a line: folds, sea beds, bases of weathering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.section_grid import SectionGrid

_N_WAVES = 4
_N_CHECKED = 256  # positions along the section at which size and slope are measured


@dataclass(frozen=True, eq=False)
class Undulation:
    """A sum of cosines, defined at any distance, so that faults may carry it sideways.

    Attributes:
        height_m: Amplitude of each wave [m], shape (wave,).
        wavenumber_1_m: Angular wavenumber of each wave [rad/m], shape (wave,).
        phase: Phase of each wave [rad], shape (wave,).
        level_m: Constant added [m].
    """

    height_m: NDArray[np.float64]
    wavenumber_1_m: NDArray[np.float64]
    phase: NDArray[np.float64]
    level_m: float = 0.0

    def __call__(self, distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Value [m] at each distance [m], same shape."""
        total = np.full(np.shape(distance_m), self.level_m)
        for height, wavenumber, phase in zip(
            self.height_m, self.wavenumber_1_m, self.phase, strict=True
        ):
            total += height * np.cos(wavenumber * distance_m + phase)
        return total


def draw_undulation(
    rng: np.random.Generator,
    grid: SectionGrid,
    relief_m: float,
    wavelength_m: tuple[float, float],
    max_slope_deg: float,
) -> Undulation:
    """A smooth curve, 0 on average over the section.

    Args:
        rng: Source of randomness.
        grid: The section; relief and slope are measured over its width.
        relief_m: Highest minus lowest value over the section [m]; less where the slope limits it.
        wavelength_m: Shortest and longest wave [m].
        max_slope_deg: Steepest slope [degrees].
    """
    low, high = np.log(wavelength_m)
    wavelength = np.exp(rng.uniform(low, high, _N_WAVES))
    # Long waves are high and short ones low, as in folded rock.
    height = rng.uniform(0.3, 1.0, _N_WAVES) * wavelength
    phase = rng.uniform(0, 2 * np.pi, _N_WAVES)
    wavenumber = 2 * np.pi / wavelength
    along = np.linspace(0, grid.width_m, _N_CHECKED)
    curve = Undulation(height, wavenumber, phase)(along)
    relief = np.ptp(curve)
    slope = np.abs(np.gradient(curve, along)).max()
    factor = min(relief_m / relief, np.tan(np.radians(max_slope_deg)) / slope)
    return Undulation(height * factor, wavenumber, phase, float(-curve.mean() * factor))
