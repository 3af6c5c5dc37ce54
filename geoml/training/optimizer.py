"""The optimiser of a run: Muon or AdamW, with decay on convolutions and linear maps alone."""

from __future__ import annotations

from typing import Literal, Protocol

import torch
from torch import nn

from geoml.training.muon import Muon, muon_groups


class OptimizerOptions(Protocol):
    """What the options of every kind of training share."""

    @property
    def optimizer(self) -> Literal["muon", "adamw"]:
        """Which one."""

    @property
    def learning_rate(self) -> float:
        """Highest learning rate of AdamW, and of what Muon leaves to it."""

    @property
    def muon_learning_rate(self) -> float:
        """Highest learning rate of Muon's own steps."""

    @property
    def weight_decay(self) -> float:
        """Decay of convolution weights."""


def build_optimizer(network: nn.Module, options: OptimizerOptions) -> torch.optim.Optimizer:
    """The optimiser that the options ask for, at its highest learning rates."""
    if options.optimizer == "muon":
        return Muon(
            muon_groups(
                network, options.muon_learning_rate, options.learning_rate, options.weight_decay
            )
        )
    decaying = [
        weight
        for name, weight in network.named_parameters()
        if name.endswith("weight") and weight.ndim > 1
    ]
    chosen = {id(weight) for weight in decaying}
    free = [weight for weight in network.parameters() if id(weight) not in chosen]
    groups = [
        {"params": decaying, "weight_decay": options.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=options.learning_rate)


def set_learning_rates(
    optimizer: torch.optim.Optimizer, options: OptimizerOptions, factor: float
) -> None:
    """Set every group to its highest learning rate times a factor."""
    for group in optimizer.param_groups:
        peak = options.muon_learning_rate if group.get("orthogonal") else options.learning_rate
        group["lr"] = peak * factor
