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
from geoml.tasks.velocity import Velocity, not_negative


@dataclass(frozen=True)
class VelocityEdges(Velocity):
    """Predict velocity, where neighbours differ by a reflection, and how far it may be off.

    Attributes:
        depth_weight: Extra weight of the deepest row in the velocity loss [1], >= 0.
        gradient_weight: Weight of the steps between cells near true edges [1], >= 0.
        edge_dilation_cells: How far from an edge those steps count [cells], >= 0.
        spread: True to predict ``log_variance`` too.
        spread_weight: Weight of the spread's likelihood [1], >= 0.
        edge_weight: Weight of the edge losses [1], >= 0. At 1 edges come out sharper, and the
            velocity of curved layers too; that of flat ones suffers.
        edge_release: Velocity loss below which that weight falls in proportion to it [1], >= 0;
            0 keeps it. Edges guide a velocity that is far off, and hold one back that is near.
        edge_share: Joint weight of edge cells in the cross-entropy [1], between 0 and 1.
        dice_weight: Weight of the overlap loss beside the cross-entropy [1], >= 0.
    """

    edge_weight: float = 0.1
    edge_release: float = 0.0
    edge_share: float = 0.5
    dice_weight: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(
            edge_weight=self.edge_weight,
            edge_release=self.edge_release,
            dice_weight=self.dice_weight,
        )
        if not 0 < self.edge_share < 1:
            raise OptionError(f"'edge_share' is {self.edge_share:g}; it lies between 0 and 1.")

    @property
    def heads(self) -> tuple[str, ...]:
        """Maps that a network must predict."""
        velocity, *spread = super().heads
        return (velocity, "edges", *spread)

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """The velocity task's loss plus cross-entropy and overlap of the edges.

        Returns:
            The velocity task's scalars and ``edge_loss``.
        """
        parts = super().loss(output, batch)
        logit, true = output["edges"], batch["edges"]
        edge = balanced_cross_entropy(logit, true, self.edge_share)
        edge = edge + self.dice_weight * dice_loss(logit, true)
        weight: float | Tensor = self.edge_weight
        if self.edge_release > 0:
            weight = weight * (parts["velocity_loss"].detach() / self.edge_release).clamp(max=1)
        return {**parts, "loss": parts["loss"] + weight * edge, "edge_loss": edge}

    def metrics(self, output: Output, batch: Batch, scaling: Scaling) -> dict[str, float]:
        """Those of the velocity task and F1 of the thinned edges at 2 cells, threshold 0.5."""
        scores = super().metrics(output, batch, scaling)
        predicted = thin_edges(output["edges"].sigmoid().float().numpy(force=True))
        true = thin_edges(batch["edges"].float().numpy(force=True))
        return {**scores, "edge_f1": f1_score(edge_counts(predicted, true, 2))}
