"""Smoothing that stops at edges: how an update spreads within a layer and not into the next.

Solves (I - L^2 div(c grad)) y = x with the conductivity c near 0 across edges. A layer that the
start knows as one then moves as one: the gathers fix its velocity by all its cells at once.

References:
    Perona & Malik (1990), IEEE PAMI 12(7), 629-639 (edge-stopping conductivity). Hale (2009),
    CWP report 635 (structure-oriented smoothing).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array, eye_array, kron
from scipy.sparse.linalg import splu

Floats = NDArray[np.float64]

_PROBES = 48
_LEAST = 1e-4


class EdgeAwareSmoother:
    """A symmetric smoothing of sections whose output has unit variance for white input.

    Args:
        velocity: Steps of it mark edges [m/s], shape (depth, distance).
        length_cells: Reach where nothing stops it [cells], > 0.
        corner_m_s: Step from cell to cell at which conductivity has halved [m/s].
        edges: Probability of an edge, same shape; None for none.
    """

    def __init__(
        self,
        velocity: Floats,
        length_cells: float,
        corner_m_s: float,
        edges: Floats | None = None,
    ) -> None:
        self.shape = velocity.shape
        self._solve = splu(_operator(velocity, length_cells, corner_m_s, edges)).solve
        # The variance of what comes out, by probing: 48 probes know it within a fifth.
        rng = np.random.default_rng(0)
        probes = self._solve(rng.standard_normal((velocity.size, _PROBES)))
        variance = np.mean(probes**2, axis=1)
        self._unit = 1 / np.sqrt(np.maximum(self._solve(variance), _LEAST / velocity.size))

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Smoothed section, shape of ``velocity``; differentiable."""
        return _Smooth.apply(values, self)

    def forward(self, values: Floats) -> Floats:
        """Smoothed by the operator, then scaled; shape (cell,)."""
        return np.asarray(self._unit * self._solve(values))

    def backward(self, values: Floats) -> Floats:
        """The transpose of ``forward``."""
        return np.asarray(self._solve(self._unit * values))


def _operator(
    velocity: Floats, length_cells: float, corner_m_s: float, edges: Floats | None
) -> csc_array:
    """The matrix of the equation, its sides insulated."""
    rows, columns = velocity.shape
    probability = np.zeros(velocity.shape) if edges is None else edges
    down = kron(_difference(rows), eye_array(columns))
    along = kron(eye_array(rows), _difference(columns))
    total: Any = eye_array(velocity.size)
    for operator, axis in ((down, 0), (along, 1)):
        first = [slice(None), slice(None)]
        second = [slice(None), slice(None)]
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        a, b = tuple(first), tuple(second)
        step = (velocity[b] - velocity[a]) / corner_m_s
        # An edge sits on one of the two cells that it parts.
        open_share = 1 - np.maximum(probability[a], probability[b])
        conductivity = np.maximum(open_share**2 / (1 + step**2), 1e-3)
        total = total + length_cells**2 * (
            operator.T @ diags_array(conductivity.ravel()) @ operator
        )
    return csc_array(total)


def _difference(count: int) -> Any:
    """Differences of neighbours, shape (count - 1, count)."""
    return diags_array([-1.0, 1.0], offsets=[0, 1], shape=(count - 1, count))


class _Smooth(torch.autograd.Function):
    """The smoother in torch's graph; the solve itself runs in SciPy."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, smoother: EdgeAwareSmoother) -> torch.Tensor:
        """Smoothed section."""
        ctx.smoother = smoother
        flat = values.detach().double().cpu().numpy().ravel()
        return torch.as_tensor(smoother.forward(flat).reshape(smoother.shape)).to(values)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Gradient with respect to the section."""
        (gradient,) = gradients
        flat = gradient.detach().double().cpu().numpy().ravel()
        back = ctx.smoother.backward(flat).reshape(ctx.smoother.shape)
        return torch.as_tensor(back).to(gradient), None
