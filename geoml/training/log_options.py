"""How a model on logs is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from geoml.errors import OptionError
from geoml.training.option_ranges import (
    need_above_zero,
    need_at_least_zero,
    need_seed,
    need_share,
)


@dataclass(frozen=True)
class LogTrainingOptions:
    """Budget and optimiser of a network on logs, and the seeds of an ensemble.

    The learning rate warms up, then falls along a cosine to its end. There is no validation part
    to stop by: choose ``steps`` by ``geoml wells evaluate``, whose wells do not train.

    Attributes:
        steps: Batches, > 0.
        batch_size: Windows a batch, > 0.
        window: Rows of a window, > 1.
        learning_rate: Highest learning rate of AdamW, > 0.
        weight_decay: Decay of the weights, >= 0.
        warmup: Share of the run in which the learning rate rises.
        ema_decay: Decay of the running mean of the weights, which is what is kept.
        gradient_clip: Largest norm of the gradient.
        pretrain_steps: Batches of masked-log pre-training before: spans of curves are hidden and
            filled from the rest, on all rows, whether their target is known or not.
        seed: Fixes first weights, windows and augmentation.
        augmentation: Options of ``geoml.samples.log_sequences.LogAugmentation``.
        clip_share: Share of rows on either side of each curve that is clipped as outliers.
    """

    steps: int = 300
    batch_size: int = 32
    window: int = 96
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    warmup: float = 0.1
    ema_decay: float = 0.98
    gradient_clip: float = 1.0
    pretrain_steps: int = 0
    seed: int = 0
    augmentation: dict[str, Any] = field(default_factory=dict)
    clip_share: float = 0.002

    def __post_init__(self) -> None:
        need_above_zero(self, "steps", "batch_size", "learning_rate", "gradient_clip")
        need_share(self, "warmup", "ema_decay")
        need_at_least_zero(self, "weight_decay", "pretrain_steps")
        need_seed(self, "seed")
        if self.window < 2:
            raise OptionError(f"'window' is {self.window}; it must be above 1.")
