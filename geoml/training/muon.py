"""Muon: momentum whose matrix is made orthogonal before the step, AdamW for all other weights.

A convolution's weight counts as the matrix (output channel, everything else). Its momentum is
replaced by the nearest matrix with equal singular values, so that directions which the gradient
hardly shows are learned as fast as the loud ones. torch's own ``Muon`` takes two-dimensional
weights alone and leaves the others to a second optimiser; here one optimiser serves both, as
Lightning's loop wants it.

References:
    Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks.
    Liu et al. (2025), Muon is scalable for LLM training, arXiv:2502.16982 (size of the step).
    Loshchilov and Hutter (2019), Decoupled weight decay regularization, ICLR.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn

LEAST_SIDE = 16
"""Matrices with a shorter side are left to AdamW: there is little to make orthogonal."""
_QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's coefficients: steep at 0, near 1 in 0.7..1.2
_ROUNDS = 5
_STEP_RMS = 0.2  # RMS of an AdamW step, which orthogonal steps are scaled to (Liu et al.)


class Muon(torch.optim.Optimizer):
    """The optimiser; a parameter group says by ``orthogonal`` which of the two rules is its own."""

    def __init__(
        self,
        params: Iterable[dict[str, Any]],
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        """Take groups as ``muon_groups`` makes them.

        Args:
            params: Groups with ``params``, ``lr``, ``weight_decay`` and ``orthogonal``.
            momentum: Memory of the gradient in orthogonal groups.
            betas: AdamW's memory of gradient and squared gradient in the others.
        """
        super().__init__(params, {"momentum": momentum, "betas": betas, "eps": 1e-8})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Change the weights by their gradients.

        Args:
            closure: Computes loss and gradients first, as Lightning's loop asks.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            update = self._orthogonal if group["orthogonal"] else self._adamw
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    update(weight, weight.grad, self.state[weight], group)
        return loss

    def _orthogonal(
        self, weight: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"].lerp_(gradient, 1 - group["momentum"])
        # Nesterov's look ahead: the momentum as it would be if this gradient came again.
        ahead = gradient.lerp(momentum, group["momentum"])
        matrix = orthogonal(ahead.flatten(1))
        scale = _STEP_RMS * max(matrix.shape) ** 0.5
        weight.add_(matrix.view_as(ahead), alpha=-group["lr"] * scale)

    def _adamw(
        self, weight: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        if not state:
            state.update(step=0, mean=torch.zeros_like(weight), square=torch.zeros_like(weight))
        state["step"] += 1
        first, second = group["betas"]
        state["mean"].lerp_(gradient, 1 - first)
        state["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        spread = (state["square"] / (1 - second ** state["step"])).sqrt_().add_(group["eps"])
        weight.addcdiv_(state["mean"], spread, value=-group["lr"] / (1 - first ** state["step"]))


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix with singular values of 1, by five rounds of a quintic iteration.

    The values end between 0.7 and 1.2, which serves a step as well as 1 would; the products are
    made in bfloat16.

    Args:
        matrix: Shape (row, column).

    Returns:
        Same shape and dtype.
    """
    a, b, c = _QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(_ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).to(matrix.dtype)


def muon_groups(
    network: nn.Module, learning_rate: float, adamw_learning_rate: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Parameter groups of a network: matrices of hidden layers, other decaying weights, the rest.

    Args:
        network: What is trained.
        learning_rate: Of the orthogonal steps.
        adamw_learning_rate: Of all other weights.
        weight_decay: Of the weights of convolutions and linear layers.
    """
    decaying = [
        weight
        for name, weight in network.named_parameters()
        if name.endswith("weight") and weight.ndim > 1
    ]
    matrices = [w for w in decaying if min(w.shape[0], w[0].numel()) >= LEAST_SIDE]
    chosen = {id(weight) for weight in matrices}
    others = [weight for weight in decaying if id(weight) not in chosen]
    chosen |= {id(weight) for weight in others}
    free = [weight for weight in network.parameters() if id(weight) not in chosen]
    rows = [
        (matrices, learning_rate, weight_decay, True),
        (others, adamw_learning_rate, weight_decay, False),
        (free, adamw_learning_rate, 0.0, False),
    ]
    return [
        {"params": weights, "lr": rate, "weight_decay": decay, "orthogonal": flag}
        for weights, rate, decay, flag in rows
        if weights
    ]
