"""Losses of predicted curves; rows whose truth is unknown count nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def masked_huber(predicted: Tensor, true: Tensor, beta: float = 0.5) -> Tensor:
    """Mean Huber distance over the known values.

    Args:
        predicted: Scaled values, any shape.
        true: Same shape, NaN where unknown.
        beta: Departure beyond which the loss grows linearly, >= 0; 0 is the absolute distance.

    Returns:
        Scalar; 0 where nothing is known.
    """
    known = torch.isfinite(true)
    if not known.any():
        return predicted.sum() * 0
    if beta == 0:
        return functional.l1_loss(predicted[known], true[known])
    return functional.smooth_l1_loss(predicted[known], true[known], beta=beta)


def masked_gaussian(log_variance: Tensor, residual: Tensor) -> Tensor:
    """Negative log-likelihood of residuals under normal distributions of predicted variance.

    The residual is detached: the spread learns to describe the error, and never pays for a smaller
    loss with a worse value.

    Args:
        log_variance: Logarithm of the predicted variance, any shape.
        residual: Predicted minus true value, NaN where unknown, same shape.

    Returns:
        Scalar, 0 where nothing is known.
    """
    known = torch.isfinite(residual)
    if not known.any():
        return log_variance.sum() * 0
    # Under exp(-10) the spread is less than 1/100 of the target's own.
    log_variance, residual = log_variance[known].clamp(min=-10), residual[known].detach()
    square = residual.square() * (-log_variance).exp()
    return 0.5 * (square + log_variance + math.log(2 * math.pi)).mean()


def masked_pinball(predicted: Tensor, true: Tensor, levels: Sequence[float]) -> Tensor:
    """Mean pinball loss, least where a share ``level`` of the truth lies below the prediction.

    Args:
        predicted: Shape (..., level).
        true: Shape (...), NaN where unknown.
        levels: Between 0 and 1.

    Returns:
        Scalar, 0 where nothing is known.

    References:
        Koenker and Bassett (1978), Regression quantiles, Econometrica 46.
    """
    known = torch.isfinite(true)
    if not known.any():
        return predicted.sum() * 0
    level = predicted.new_tensor(list(levels))
    above = true[known][:, None] - predicted[known]
    return torch.maximum(level * above, (level - 1) * above).mean()
