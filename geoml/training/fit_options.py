"""How a network of any kind is trained: budget, optimiser, machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geoml.training.option_ranges import (
    need_above_zero,
    need_at_least_zero,
    need_seed,
    need_share,
)
from geoml.training.precision import Precision, best_precision


@dataclass(frozen=True)
class FitOptions:
    """Budget, optimiser and machine of ``fit_network``.

    The learning rate warms up, then falls along a cosine to its end at ``steps`` or
    ``max_cpu_minutes``, whichever comes first.

    Attributes:
        steps: Batches that the network learns from.
        max_cpu_minutes: CPU time of the training process, all its threads together [min]; None
            for no limit.
        batch_size: Samples a step and device, for those who make the batches.
        optimizer: ``muon`` or ``adamw``.
        learning_rate: Highest learning rate of AdamW, and of what Muon leaves to it.
        muon_learning_rate: Highest learning rate of Muon's own steps.
        weight_decay: Decay of convolution weights.
        warmup: Share of the run in which the learning rate rises.
        ema_decay: Decay of the running mean of the weights, which is what is validated and kept.
        gradient_clip: Largest norm of the gradient.
        seed: Of the random numbers that the network and its objective draw.
        validate_every: Steps between two validations.
        precision: ``auto`` takes bfloat16 where processor or GPU multiply in it, else float32.
        accelerator: As Lightning spells it: ``auto``, ``cpu``, ``gpu``.
        devices: How many, or ``auto``.
    """

    steps: int = 2000
    max_cpu_minutes: float | None = None
    batch_size: int = 16
    optimizer: Literal["muon", "adamw"] = "muon"
    learning_rate: float = 1e-3
    muon_learning_rate: float = 4e-3
    weight_decay: float = 0.01
    warmup: float = 0.05
    ema_decay: float = 0.998
    gradient_clip: float = 1.0
    seed: int = 0
    validate_every: int = 200
    precision: Precision = "auto"
    accelerator: str = "auto"
    devices: int | str = 1

    def __post_init__(self) -> None:
        need_above_zero(
            self,
            "steps",
            "max_cpu_minutes",
            "batch_size",
            "learning_rate",
            "muon_learning_rate",
            "gradient_clip",
            "validate_every",
        )
        need_share(self, "warmup", "ema_decay")
        need_at_least_zero(self, "weight_decay")
        need_seed(self, "seed")

    def resolved_precision(self) -> str:
        """The precision with ``auto`` replaced by what this machine does best."""
        return best_precision(self.precision, self.accelerator)
