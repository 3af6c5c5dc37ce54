"""The unknowns of an inversion: scaled, smoothed, bounded steps away from a start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.errors import ShapeError
from geoml.physics.fwi_smoother import EdgeAwareSmoother

Floats = NDArray[np.float64]

_STEP_M_S = 100.0
"""What one unit of an unknown stands for where illumination and spread are average [m/s]."""
_MOST_SCALING = 8.0
_CHUNK = 64


@dataclass(frozen=True, eq=False)
class SectionParameter:
    """Velocity as a function of unknowns that are 0 at the start.

    Attributes:
        start: [m/s], shape (depth, distance).
        scale: What one unit of an unknown moves [m/s], same shape; 0 where a cell is fixed.
        lower_m_s: Lower bound [m/s].
        upper_m_s: Upper bound [m/s].
        smoother: Spreads steps within layers; None leaves them by cell.
        rough_share: Share of a step's variance that moves cell by cell beside the smoother's [1].
        slowness: True where steps are in slowness; they are as large at the start.
    """

    start: torch.Tensor
    scale: torch.Tensor
    lower_m_s: float
    upper_m_s: float
    smoother: EdgeAwareSmoother | None = None
    rough_share: float = 0.0
    slowness: bool = False

    @property
    def size(self) -> int:
        """How many unknowns there are: cells, and cells again where both kinds of step are."""
        cells = self.start.numel()
        return 2 * cells if self.smoother is not None and self.rough_share > 0 else cells

    def velocity(self, unknowns: torch.Tensor) -> torch.Tensor:
        """[m/s], shape (depth, distance); within the bounds, and at the start where fixed."""
        step = self.scale * self._mixed(unknowns)
        if self.slowness:
            # Far below zero slowness a velocity would change its sign: hold it at the bound.
            slowness = 1 / self.start - step / self.start**2
            moved = 1 / slowness.clamp(min=0.5 / self.upper_m_s)
        else:
            moved = self.start + step
        return torch.where(self.scale > 0, moved.clamp(self.lower_m_s, self.upper_m_s), self.start)

    def _mixed(self, unknowns: torch.Tensor) -> torch.Tensor:
        """Smooth and rough steps together, shape (depth, distance)."""
        parts = unknowns.reshape(-1, *self.start.shape)
        if self.smoother is None:
            return parts[0]
        smooth = self.smoother(parts[0])
        if self.rough_share == 0:
            return smooth
        share = self.rough_share
        return (1 - share) ** 0.5 * smooth + share**0.5 * parts[1]

    def bounds(self) -> list[tuple[float, float]] | None:
        """Bounds of each unknown; None where smoothing ties them, and clamping has to do."""
        if self.smoother is not None or self.slowness:
            return None
        start, scale = (grid.double().cpu().numpy().ravel() for grid in (self.start, self.scale))
        unit = np.where(scale > 0, scale, 1.0)
        low = np.where(scale > 0, np.minimum((self.lower_m_s - start) / unit, 0), 0)
        high = np.where(scale > 0, np.maximum((self.upper_m_s - start) / unit, 0), 0)
        return list(zip(low.tolist(), high.tolist(), strict=True))


def illumination(
    shape: tuple[int, int],
    spacing_m: float,
    source_m: Floats,
    receiver_m: Floats,
    soft_m: float,
) -> Floats:
    """Energy that reaches each cell and comes back, by geometric spreading; its mean is 1.

    Waves of two dimensions lose energy as one over distance. What counts is the product of both
    ways, summed over all pairs of source and receiver.

    Args:
        shape: Rows and columns of the section.
        spacing_m: Cell size [m].
        source_m: Depth and distance of the sources [m], shape (shot, 2).
        receiver_m: Of their receivers [m], shape (shot, receiver, 2).
        soft_m: Distance within which nothing decays [m], about a wavelength over six.

    References:
        Shin, Jang & Min (2001), Geophysical Prospecting 49(5), 592-606 (pseudo-Hessian).
    """
    rows, columns = (spacing_m * np.arange(count, dtype=np.float64) for count in shape)
    cells = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    energy = np.zeros(len(cells))
    for source, receivers in zip(source_m, receiver_m, strict=True):
        there = 1 / (np.linalg.norm(cells - source, axis=1) + soft_m)
        for begin in range(0, len(receivers), _CHUNK):
            some = receivers[None, begin : begin + _CHUNK]
            back = 1 / (np.linalg.norm(cells[:, None] - some, axis=2) + soft_m)
            energy += there * back.sum(axis=1)
    return np.asarray((energy / energy.mean()).reshape(shape))


def step_scale(
    energy: Floats | None,
    spread: Floats | None,
    fixed: NDArray[np.bool_],
    powers: tuple[float, float],
) -> NDArray[np.float32]:
    """What one unit of an unknown moves a cell [m/s], 0 where it is fixed.

    Args:
        energy: Illumination, shape (depth, distance); None for an even one.
        spread: Standard deviation of the start [m/s], same shape; None for an even one.
        fixed: Cells that stay, same shape.
        powers: Of the decay that is undone, and of the spread that is followed.
    """
    scale = np.ones(fixed.shape)
    if energy is not None:
        scale *= energy ** (-0.5 * powers[0])
    if spread is not None:
        scale *= (spread / np.sqrt(np.mean(spread**2))) ** powers[1]
    middle = float(np.median(scale))
    scale = np.clip(scale, middle / _MOST_SCALING, middle * _MOST_SCALING)
    scale *= _STEP_M_S / np.sqrt(np.mean(scale**2))
    return np.where(fixed, 0.0, scale).astype(np.float32)


def check_grid(name: str, grid: NDArray[Any] | None, shape: tuple[int, ...]) -> None:
    """Refuse what does not lie over each cell of the section.

    Args:
        name: What to call it.
        grid: Numbers or marks; None where there are none.
        shape: Rows and columns of the section.

    Raises:
        ShapeError: If it has another shape, or gaps.
    """
    if grid is None:
        return
    if grid.shape != shape:
        raise ShapeError(f"'{name}' has shape {grid.shape}; velocity has {shape}.")
    if not np.isfinite(grid).all():
        raise ShapeError(f"'{name}' holds NaN or Inf; fill its gaps, or leave it out.")
