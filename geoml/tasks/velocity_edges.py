"""Absolute velocity, its interfaces and its spread, from shot gathers."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from geoml.errors import OptionError
from geoml.objectives import (
    balanced_cross_entropy,
    dice_loss,
    edge_counts,
    f1_score,
    thin_edges,
)
from geoml.samples.scaling import Scaling
from geoml.tasks.task import Batch, Output
from geoml.tasks.velocity import Velocity


@dataclass(frozen=True)
class VelocityEdges(Velocity):
    """Predict velocity, where neighbours differ by a reflection, and how far it may be off.

    Attributes:
        depth_weight: Extra weight of the deepest row in the velocity loss [1], >= 0.
        spread_weight: Weight of the spread's likelihood [1], > 0.
        edge_weight: Weight of the edge losses [1], > 0.
        edge_share: Joint weight of edge cells in the cross-entropy [1], between 0 and 1.
        dice_weight: Weight of the overlap loss beside the cross-entropy [1], >= 0.
    """

    edge_weight: float = 0.1
    edge_share: float = 0.5
    dice_weight: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.edge_weight <= 0 or self.dice_weight < 0 or not 0 < self.edge_share < 1:
            raise OptionError(
                f"edge_weight is {self.edge_weight:g}, dice_weight {self.dice_weight:g} and "
                f"edge_share {self.edge_share:g}; they must be above 0, at least 0 and between 0 "
                "and 1."
            )

    @property
    def heads(self) -> tuple[str, ...]:
        """Maps that a network must predict."""
        return ("velocity", "edges", "log_variance")

    def targets(self, batch: Batch) -> Batch:
        """The part of a batch that the heads are compared with."""
        return {"velocity": batch["velocity"], "edges": batch["edges"]}

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """The velocity task's loss plus cross-entropy and overlap of the edges.

        Returns:
            Scalars ``loss``, ``velocity_loss``, ``spread_loss`` and ``edge_loss``.
        """
        parts = super().loss(output, batch)
        logit, true = output["edges"], batch["edges"]
        edge = balanced_cross_entropy(logit, true, self.edge_share)
        edge = edge + self.dice_weight * dice_loss(logit, true)
        return {**parts, "loss": parts["loss"] + self.edge_weight * edge, "edge_loss": edge}

    def metrics(self, output: Output, batch: Batch, scaling: Scaling) -> dict[str, float]:
        """Those of the velocity task and F1 of the thinned edges at 2 cells, threshold 0.5."""
        scores = super().metrics(output, batch, scaling)
        predicted = thin_edges(output["edges"].sigmoid().float().numpy(force=True))
        true = thin_edges(batch["edges"].float().numpy(force=True))
        return {**scores, "edge_f1": f1_score(edge_counts(predicted, true, 2))}
