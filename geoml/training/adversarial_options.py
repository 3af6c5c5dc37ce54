"""How a generator and its critic are trained against each other."""

from __future__ import annotations

from dataclasses import dataclass

from geoml.errors import OptionError
from geoml.training.option_ranges import (
    need_above_zero,
    need_at_least_zero,
    need_seed,
    need_share,
)
from geoml.training.precision import Precision, best_precision


@dataclass(frozen=True)
class AdversarialFitOptions:
    """Budget, optimisers and machine of ``fit_adversaries``.

    Both learning rates warm up, then fall along a cosine to the end of the run.

    Attributes:
        steps: Batches that the generator learns from.
        max_cpu_minutes: CPU time of the training process, all its threads together [min]; None
            for no limit.
        batch_size: Sections a step.
        critic_steps: Batches that the critic learns from for each of the generator's;
            the Wasserstein papers take 5, which pays where the critic is the cheaper network.
        critic_head_start: Batches that the critic learns from before the generator's first: what
            knows nothing teaches nothing.
        learning_rate: Highest learning rate of the generator's Adam.
        critic_learning_rate: Highest learning rate of the critic's Adam.
        penalty_weight: Weight of the penalty on the critic's gradient, in games that have one.
        penalty_every: The penalty joins every so-manieth step of the critic, that much heavier: it
            costs more than the rest of the step.
        warmup: Share of the run in which the learning rates rise.
        ema_decay: Decay of the running mean of the generator's weights, which is what is watched
            and kept.
        seed: Of the random numbers.
        validate_every: Generator's steps between two looks at the samples.
        n_watched: Samples at each look.
        precision: ``auto`` takes bfloat16 where processor or GPU multiply in it, else float32; the
            critic always judges in float32.
        accelerator: As Lightning spells it: ``auto``, ``cpu``, ``gpu``.
    """

    steps: int = 4000
    max_cpu_minutes: float | None = None
    batch_size: int = 16
    critic_steps: int = 1
    critic_head_start: int = 50
    learning_rate: float = 5e-4
    critic_learning_rate: float = 1e-3
    penalty_weight: float = 10.0
    penalty_every: int = 1
    warmup: float = 0.02
    ema_decay: float = 0.995
    seed: int = 0
    validate_every: int = 200
    n_watched: int = 256
    precision: Precision = "auto"
    accelerator: str = "auto"

    def __post_init__(self) -> None:
        need_above_zero(
            self,
            "steps",
            "max_cpu_minutes",
            "batch_size",
            "critic_steps",
            "penalty_every",
            "learning_rate",
            "critic_learning_rate",
            "validate_every",
        )
        need_share(self, "warmup", "ema_decay")
        need_at_least_zero(self, "critic_head_start", "penalty_weight")
        need_seed(self, "seed")
        if self.n_watched < 2:
            raise OptionError(f"'n_watched' is {self.n_watched}; it must be at least 2.")

    def resolved_precision(self) -> str:
        """The precision with ``auto`` replaced by what this machine does best."""
        return best_precision(self.precision, self.accelerator)
