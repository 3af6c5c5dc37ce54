"""What keeps an inverted model plausible: total variation that spares edges, and the start."""

from __future__ import annotations

import torch


def total_variation(
    velocity: torch.Tensor, corner_m_s: float, weight: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean length of the velocity's step from cell to cell, smooth at zero [m/s].

    Args:
        velocity: [m/s], shape (depth, distance).
        corner_m_s: Steps well under this one count by their square [m/s].
        weight: How much each cell's steps count [1], shape (depth, distance); 1 everywhere when
            None.

    References:
        Rudin, Osher & Fatemi (1992), Physica D 60, 259-268.
    """
    down = torch.nn.functional.pad(velocity[1:] - velocity[:-1], (0, 0, 0, 1))
    along = torch.nn.functional.pad(velocity[:, 1:] - velocity[:, :-1], (0, 1))
    length = torch.sqrt(down**2 + along**2 + corner_m_s**2) - corner_m_s
    return (length if weight is None else length * weight).mean()


def edge_weight(edges: torch.Tensor, relief: float) -> torch.Tensor:
    """Weight of the total variation under edges, shape of ``edges``.

    A network's edge sits on the cell above a step and may be off by one: each cell takes the
    greatest probability around it.

    Args:
        edges: Probability of an edge [1], shape (depth, distance).
        relief: Share of the weight that a certain edge takes away [1].
    """
    near = torch.nn.functional.max_pool2d(edges[None, None], 3, stride=1, padding=1)[0, 0]
    return 1 - relief * near


def distance_from_start(
    velocity: torch.Tensor, start: torch.Tensor, spread: torch.Tensor
) -> torch.Tensor:
    """Mean square of a model's distance from the start, in units of the start's spread [1].

    Args:
        velocity: [m/s], shape (depth, distance).
        start: [m/s], same shape.
        spread: Standard deviation of the start [m/s], same shape, > 0.
    """
    return (((velocity - start) / spread) ** 2).mean()
