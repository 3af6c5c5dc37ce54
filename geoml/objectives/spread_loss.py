"""Loss of the spread head."""

from __future__ import annotations

import math

from torch import Tensor


def laplace_loss(log_variance: Tensor, residual: Tensor) -> Tensor:
    """Negative log-likelihood of residuals under Laplace distributions of predicted variance.

    The residual is detached: the spread learns to describe the velocity's error, and never pays
    for a smaller loss with a worse velocity.

    Args:
        log_variance: Logarithm of the predicted variance, shape (batch, depth, distance). The
            standard deviation is ``exp(log_variance / 2)``.
        residual: Predicted minus true velocity, scaled [1], same shape.

    Returns:
        Scalar, the mean over cells.

    References:
        Kendall and Gal (2017), What uncertainties do we need, NeurIPS.
        Seitzer et al. (2022), On the pitfalls of heteroscedastic uncertainty estimation, ICLR.
    """
    # A Laplace distribution of scale b has variance 2 b^2. Below exp(-14) the spread is under
    # 1/1000 of the velocities' own: no residual is, and its gradient would swamp the rest.
    log_scale = (log_variance.clamp(min=-14) - math.log(2)) / 2
    return (residual.detach().abs() * (-log_scale).exp() + log_scale + math.log(2)).mean()
