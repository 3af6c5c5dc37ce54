"""Divergence of a code from the standard normal law, and how much of the code is in use."""

from __future__ import annotations

import torch
from torch import Tensor


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of N(mean, variance) from N(0, 1), in closed form.

    For each number it is (mean^2 + variance - log variance - 1) / 2; the numbers are independent,
    so theirs add up.

    Args:
        mean: Shape (batch, ...).
        log_variance: Natural logarithm of the variance, the same shape.

    Returns:
        Nats for each member of the batch, shape (batch,), at least 0.

    References:
        Kingma and Welling (2014), Auto-encoding variational Bayes, ICLR, appendix B.
    """
    each = 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance)
    return each.flatten(1).sum(dim=1)


def active_units(mean: Tensor, threshold: float = 0.01) -> int:
    """Numbers of the code whose mean changes from patch to patch; 0 is a collapsed code.

    Args:
        mean: Means of the codes of many patches, shape (patch, code).
        threshold: Variance over the patches above which a number is in use.

    References:
        Burda, Grosse and Salakhutdinov (2016), Importance weighted autoencoders, ICLR.
    """
    if len(mean) < 2:
        return 0
    return int((mean.flatten(1).var(dim=0) > threshold).sum())
