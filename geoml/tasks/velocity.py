"""Absolute velocity with its spread, from shot gathers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from geoml.errors import OptionError
from geoml.objectives import depth_weighted_l1, laplace_loss, velocity_scores
from geoml.samples.scaling import Scaling
from geoml.tasks.task import Batch, Output


@dataclass(frozen=True)
class Velocity:
    """Predict velocity and how far it may be off.

    Attributes:
        depth_weight: Extra weight of the deepest row in the velocity loss [1], >= 0.
        spread_weight: Weight of the spread's likelihood [1], > 0.
    """

    depth_weight: float = 0.0
    spread_weight: float = 0.1

    has_spread: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.depth_weight < 0 or self.spread_weight <= 0:
            raise OptionError(
                f"depth_weight is {self.depth_weight:g} and spread_weight {self.spread_weight:g}; "
                "they must be at least 0 and above 0."
            )

    @property
    def heads(self) -> tuple[str, ...]:
        """Maps that a network must predict."""
        return ("velocity", "log_variance")

    def targets(self, batch: Batch) -> Batch:
        """The part of a batch that the heads are compared with."""
        return {"velocity": batch["velocity"]}

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """L1 distance of the velocity plus the likelihood of what remains.

        Returns:
            Scalars ``loss``, ``velocity_loss`` and ``spread_loss``.
        """
        velocity = depth_weighted_l1(output["velocity"], batch["velocity"], self.depth_weight)
        spread = laplace_loss(output["log_variance"], output["velocity"] - batch["velocity"])
        return {
            "loss": velocity + self.spread_weight * spread,
            "velocity_loss": velocity,
            "spread_loss": spread,
        }

    def metrics(self, output: Output, batch: Batch, scaling: Scaling) -> dict[str, float]:
        """MAE, RMSE, bias [m/s] and SSIM of the velocity."""
        return velocity_scores(
            scaling.unscale_velocity(output["velocity"]),
            scaling.unscale_velocity(batch["velocity"]),
        )
