"""Absolute velocity, with its spread or without, from shot gathers."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from geoml.errors import OptionError
from geoml.objectives import depth_weighted_l1, edge_gradient_l1, laplace_loss, velocity_scores
from geoml.samples.scaling import Scaling
from geoml.tasks.task import Batch, Output


@dataclass(frozen=True)
class Velocity:
    """Predict velocity and, unless told otherwise, how far it may be off.

    Every part of the loss is off at weight 0; the head that it trains stays.

    Attributes:
        depth_weight: Extra weight of the deepest row in the velocity loss [1], >= 0.
        gradient_weight: Weight of the steps between cells near true edges [1], >= 0.
        edge_dilation_cells: How far from an edge those steps count [cells], >= 0.
        spread: True to predict ``log_variance`` too.
        spread_weight: Weight of the spread's likelihood [1], >= 0.
    """

    depth_weight: float = 0.0
    gradient_weight: float = 0.0
    edge_dilation_cells: int = 1
    spread: bool = True
    spread_weight: float = 0.1

    def __post_init__(self) -> None:
        not_negative(
            depth_weight=self.depth_weight,
            gradient_weight=self.gradient_weight,
            edge_dilation_cells=self.edge_dilation_cells,
            spread_weight=self.spread_weight,
        )

    @property
    def heads(self) -> tuple[str, ...]:
        """Maps that a network must predict."""
        return ("velocity", "log_variance") if self.spread else ("velocity",)

    @property
    def kept_by(self) -> str:
        """The velocity's own loss chooses the epoch."""
        return "velocity_loss"

    def targets(self, batch: Batch) -> Batch:
        """The part of a batch that the heads are compared with."""
        return {"velocity": batch["velocity"], "edges": batch["edges"]}

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """L1 distance of the velocity, of its steps at edges, and the likelihood of what remains.

        Returns:
            Scalars ``loss``, ``velocity_loss`` and, as they are switched on, ``gradient_loss`` and
            ``spread_loss``.
        """
        predicted, true = output["velocity"], batch["velocity"]
        velocity = depth_weighted_l1(predicted, true, self.depth_weight)
        parts = {"loss": velocity, "velocity_loss": velocity}
        if self.gradient_weight > 0:
            steps = edge_gradient_l1(predicted, true, batch["edges"], self.edge_dilation_cells)
            parts["loss"] = parts["loss"] + self.gradient_weight * steps
            parts["gradient_loss"] = steps
        if self.spread:
            # Even at weight 0: processes that train together expect a gradient of every head.
            spread = laplace_loss(output["log_variance"], predicted - true)
            parts["loss"] = parts["loss"] + self.spread_weight * spread
            parts["spread_loss"] = spread
        return parts

    def metrics(self, output: Output, batch: Batch, scaling: Scaling) -> dict[str, float]:
        """MAE, RMSE, bias [m/s] and SSIM of the velocity."""
        return velocity_scores(
            scaling.unscale_velocity(output["velocity"]),
            scaling.unscale_velocity(batch["velocity"]),
        )


def not_negative(**options: float) -> None:
    """Refuse an option below 0.

    Raises:
        OptionError: Naming the first one.
    """
    for name, value in options.items():
        if not value >= 0:
            raise OptionError(f"'{name}' is {value:g}; it must be at least 0, which is off.")
