"""What training minimises and what its answers are scored by; on plain tensors and arrays."""

from __future__ import annotations

from geoml.objectives.coverage import conformal_factors, coverage
from geoml.objectives.edge_loss import balanced_cross_entropy, dice_loss
from geoml.objectives.edge_score import edge_counts, f1_score, thin_edges
from geoml.objectives.edge_sweep import EdgeSweep, sweep_edges
from geoml.objectives.spread_loss import laplace_loss
from geoml.objectives.velocity_loss import depth_weighted_l1, edge_gradient_l1
from geoml.objectives.velocity_score import velocity_scores

__all__ = [
    "EdgeSweep",
    "balanced_cross_entropy",
    "conformal_factors",
    "coverage",
    "depth_weighted_l1",
    "dice_loss",
    "edge_counts",
    "edge_gradient_l1",
    "f1_score",
    "laplace_loss",
    "sweep_edges",
    "thin_edges",
    "velocity_scores",
]
