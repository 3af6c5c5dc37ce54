"""How a network that draws sections is trained, beside what every network is trained by."""

from __future__ import annotations

from dataclasses import dataclass

from geoml.errors import OptionError
from geoml.training.option_ranges import need_above_zero, need_at_least_zero


@dataclass(frozen=True)
class PosteriorOptions:
    """Weights and steps of a posterior network's training.

    Attributes:
        trunk: Folder or shipped name of a checkpoint whose multi-head U-Net reads the gathers;
            its weights are the trunk's first ones, and its scaling is kept. None begins with
            fresh ones.
        freeze_trunk: Leave those weights as they are, so that the drawing part alone learns: in a
            third of the time, and the trunk's own answers stay as they were.
        score_weight: Weight of the score of draws against the truth [1], >= 0.
        elbo_weight: Weight of the bound that a variational autoencoder raises [1], >= 0.
        adversarial_weight: Weight of the critic's judgement of a generator [1], >= 0.
        penalty_weight: Weight of the gradient penalty in the critic's loss [1], >= 0.
        critic_steps: Steps of the critic a batch, at least 1.
        critic_learning_rate: Highest learning rate of the critic's Adam; it follows the schedule.
        validation_draws: Draws that validation scores a section by, at least 2.
    """

    trunk: str | None = None
    freeze_trunk: bool = True
    score_weight: float = 1.0
    elbo_weight: float = 1.0
    adversarial_weight: float = 0.02
    penalty_weight: float = 10.0
    critic_steps: int = 1
    critic_learning_rate: float = 3e-4
    validation_draws: int = 8

    def __post_init__(self) -> None:
        need_at_least_zero(
            self, "score_weight", "elbo_weight", "adversarial_weight", "penalty_weight"
        )
        need_above_zero(self, "critic_learning_rate")
        if self.critic_steps < 1 or self.validation_draws < 2:
            raise OptionError(
                f"'critic_steps' is {self.critic_steps} and 'validation_draws' "
                f"{self.validation_draws}; they must be at least 1 and 2."
            )
