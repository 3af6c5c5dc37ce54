"""Losses of the edge head: few cells are edges, so a plain cross-entropy would learn to say no."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def balanced_cross_entropy(logit: Tensor, edges: Tensor, edge_share: float = 0.5) -> Tensor:
    """Cross-entropy in which the batch's edge cells together weigh ``edge_share`` of all.

    Args:
        logit: Log-odds of an edge, shape (batch, depth, distance).
        edges: 1 on edges, 0 elsewhere, same shape.
        edge_share: Joint weight of the edge cells [1], between 0 and 1. At 0.5 edges come out
            thick, at the true share faint.

    Returns:
        Scalar.

    References:
        Xie and Tu (2015), Holistically-nested edge detection, ICCV.
    """
    n_edges = edges.sum().clamp(min=1)
    n_others = (1 - edges).sum().clamp(min=1)
    weight = edges * (edge_share / n_edges) + (1 - edges) * ((1 - edge_share) / n_others)
    loss = functional.binary_cross_entropy_with_logits(logit, edges, reduction="none")
    return (weight * loss).sum()


def dice_loss(logit: Tensor, edges: Tensor) -> Tensor:
    """One minus the overlap of predicted and true edges, averaged over the batch.

    Args:
        logit: Log-odds of an edge, shape (batch, depth, distance).
        edges: 1 on edges, 0 elsewhere, same shape.

    Returns:
        Scalar between 0 and 1.

    References:
        Milletari et al. (2016), V-Net, 3DV.
    """
    probability = logit.sigmoid().flatten(1)
    edges = edges.flatten(1)
    overlap = 2 * (probability * edges).sum(1) + 1
    return (1 - overlap / (probability.square().sum(1) + edges.sum(1) + 1)).mean()
