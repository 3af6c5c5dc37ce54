"""Losses of predicted facies; rows whose facies is unknown count nothing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def masked_cross_entropy(logits: Tensor, classes: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean cross-entropy over the rows of known class, each weighted by its class.

    Args:
        logits: Shape (..., class).
        classes: Number of the class, NaN where unknown, shape (...).
        weight: Weight of each class, shape (class,).

    Returns:
        Scalar, 0 where nothing is known.
    """
    known = torch.isfinite(classes)
    if not known.any():
        return logits.sum() * 0
    number = classes[known].long()
    loss = functional.cross_entropy(logits[known], number, reduction="none")
    if weight is None:
        return loss.mean()
    # By the batch's size, not its weights: a batch of common facies must not count like a rare one.
    return (loss * weight[number]).mean()


def expected_penalty_loss(logits: Tensor, classes: Tensor, penalty: Tensor) -> Tensor:
    """Mean penalty that answers drawn by the predicted probabilities would cost.

    Args:
        logits: Shape (..., class).
        classes: Number of the class, NaN where unknown, shape (...).
        penalty: Cost of an answer, shape (true class, predicted class).

    Returns:
        Scalar, 0 where nothing is known.
    """
    known = torch.isfinite(classes)
    if not known.any():
        return logits.sum() * 0
    probabilities = logits[known].softmax(dim=1)
    return (probabilities * penalty[classes[known].long()]).sum(dim=1).mean()
