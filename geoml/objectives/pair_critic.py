"""What a critic of pairs of samples and the generator that it judges pull at, from both ends."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Critic = Callable[[Tensor, Tensor], Tensor]
"""Scores pairs of sections: two of (batch, depth, distance) to (batch,)."""


def pair_distance(critic: Critic, true: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """How far apart a critic holds pairs with a true section and pairs of drawn ones.

    ``E[(D(v, x1) + D(x2, v)) / 2 - D(x1, x2)]`` for one section ``v`` and two draws a gather. The
    critic raises it; under a critic of slope 1 its supremum is 0 only where draws are distributed
    as the truth is, and draws that are all alike give themselves away.

    Args:
        critic: Of pairs, given the gathers.
        true: Shape (batch, depth, distance).
        first: A draw for the same gathers, same shape.
        second: Another one, same shape.

    Returns:
        A scalar.

    References:
        Adler & Öktem (2018), Deep Bayesian inversion, arXiv 1811.05910, section 3.
    """
    mixed = (critic(true, first) + critic(second, true)) / 2
    return (mixed - critic(first, second)).mean()


def pair_penalty(critic: Critic, true: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Mean squared departure of the critic's slope from 1 between mixed and drawn pairs.

    Args:
        critic: Of pairs, given the gathers.
        true: Shape (batch, depth, distance).
        first: A draw for the same gathers, same shape.
        second: Another one, same shape.

    References:
        Gulrajani et al. (2017), Improved training of Wasserstein GANs, NeurIPS.
    """
    ahead = torch.rand(len(true), 1, 1, device=true.device) < 0.5
    mixed = torch.where(ahead, true, second), torch.where(ahead, first, true)
    share = torch.rand(len(true), 1, 1, device=true.device)
    between = [
        (share * one + (1 - share) * drawn).detach().requires_grad_()
        for one, drawn in zip(mixed, (first, second), strict=True)
    ]
    gradients = torch.autograd.grad(critic(*between).sum(), between, create_graph=True)
    slope = torch.cat([gradient.flatten(1) for gradient in gradients], dim=1).norm(dim=1)
    return (slope - 1).square().mean()
