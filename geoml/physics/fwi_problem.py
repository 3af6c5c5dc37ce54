"""What one band of an inversion minimises, its gradient, and what both have cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from geoml.physics.fwi_options import FwiOptions
from geoml.physics.fwi_penalty import distance_from_start, total_variation
from geoml.physics.fwi_shots import BandShots

Floats = NDArray[np.float64]

_TV_UNIT_M_S = 10.0


class Parameter(Protocol):
    """From unknowns that are 0 at the start of a band to velocity: cells, or a code."""

    @property
    def start(self) -> torch.Tensor:
        """Velocity at the start [m/s], shape (depth, distance)."""

    @property
    def size(self) -> int:
        """How many unknowns there are."""

    def velocity(self, unknowns: torch.Tensor) -> torch.Tensor:
        """[m/s], shape (depth, distance); gradients pass."""

    def bounds(self) -> list[tuple[float, float]] | None:
        """Bounds of each unknown, None where there are none."""


@dataclass
class Solves:
    """Wave equations solved, one a shot.

    Attributes:
        forward: Shots modelled.
        adjoint: Shots propagated back for a gradient.
    """

    forward: int = 0
    adjoint: int = 0

    @property
    def total(self) -> int:
        """Both."""
        return self.forward + self.adjoint


@dataclass(frozen=True, eq=False)
class Prior:
    """What is known of a section besides its gathers.

    Attributes:
        start: The model that the inversion began with [m/s], shape (depth, distance).
        spread: Its standard deviation [m/s], same shape; None where unknown.
        tv_weight: Weight of each cell's total variation [1], same shape; None for 1.
    """

    start: torch.Tensor
    spread: torch.Tensor | None = None
    tv_weight: torch.Tensor | None = None


class BandProblem:
    """Data misfit and penalties of one band as a function of the unknowns.

    Args:
        shots: The gathers.
        parameter: From unknowns to velocity.
        prior: What is known besides.
        options: Weights.
        solves: Counter that goes on.
    """

    def __init__(
        self,
        shots: Sequence[BandShots],
        parameter: Parameter,
        prior: Prior,
        options: FwiOptions,
        solves: Solves,
    ) -> None:
        self.shots, self.parameter, self.prior = shots, parameter, prior
        self.options, self.solves = options, solves
        self.energy = sum(one.energy() for one in shots)
        self.data_misfit = float("nan")
        self._tv_factor = self._prior_factor = 0.0

    @property
    def n_samples(self) -> int:
        """How many samples ``residual`` has."""
        return sum(one.n_samples for one in self.shots)

    def weigh_penalties(self, data_misfit: float) -> None:
        """Fix the penalties' weights by the data misfit that a band begins with."""
        self._tv_factor = self.options.tv_weight * data_misfit / _TV_UNIT_M_S
        self._prior_factor = self.options.prior_weight * data_misfit

    def data_terms(self, velocity: torch.Tensor) -> tuple[float, float]:
        """Misfit of a section as a share: over the fitted receivers and over those left out."""
        totals, energies = np.zeros(2), np.zeros(2)
        for one in self.shots:
            with torch.no_grad():
                modelled = one.modelled(velocity)
                totals += [float(one.distance(modelled, held)) for held in (False, True)]
            energies += [one.energy(held) for held in (False, True)]
            self.solves.forward += one.n_shots
        shares = np.divide(totals, energies, out=np.full(2, np.nan), where=energies > 0)
        return float(shares[0]), float(shares[1])

    def residual(self, velocity: torch.Tensor) -> NDArray[np.float32]:
        """What a section leaves of the fitted gathers; its squares sum to their misfit as a share.

        Shape (sample,). For the misfit of waveforms.
        """
        parts = []
        for one in self.shots:
            with torch.no_grad():
                parts.append(one.residual(velocity) / self.energy**0.5)
            self.solves.forward += one.n_shots
        return np.asarray(torch.cat(parts).cpu().numpy())

    def __call__(self, unknowns: Floats) -> tuple[float, Floats]:
        """Value and gradient; ``data_misfit`` then holds the value's part from the data."""
        x = torch.as_tensor(unknowns, dtype=torch.float32, device=self.parameter.start.device)
        x.requires_grad_()
        velocity = self.parameter.velocity(x)
        leaf = velocity.detach().requires_grad_()
        data = 0.0
        for one in self.shots:
            # One set at a time, so that only its wavefields lie in memory.
            share = one.misfit(leaf) / self.energy
            share.backward()
            data += float(share.detach())
            self.solves.forward += one.n_shots
            self.solves.adjoint += one.n_shots
        penalty = self._penalty(leaf)
        if penalty.requires_grad:
            penalty.backward()
        velocity.backward(leaf.grad)
        self.data_misfit = data
        assert x.grad is not None
        return data + float(penalty.detach()), x.grad.double().cpu().numpy()

    def _penalty(self, velocity: torch.Tensor) -> torch.Tensor:
        """Weighted total variation and distance from the start."""
        penalty = torch.zeros((), device=velocity.device)
        if self._tv_factor > 0:
            roughness = total_variation(velocity, self.options.tv_corner_m_s, self.prior.tv_weight)
            penalty = penalty + self._tv_factor * roughness
        if self._prior_factor > 0 and self.prior.spread is not None:
            distance = distance_from_start(velocity, self.prior.start, self.prior.spread)
            penalty = penalty + self._prior_factor * distance
        return penalty
