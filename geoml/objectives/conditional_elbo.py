"""The bound that a conditional variational autoencoder raises."""

from __future__ import annotations

import torch
from torch import Tensor


def conditional_elbo(departure: Tensor, decoded: Tensor, log_scale: Tensor, kl: Tensor) -> Tensor:
    """Lower bound of the log probability of a section given its gathers [nat a cell].

    ``E_q[log p(v | z, d)] - KL(q(z | v, d) || p(z | d))``, by one code ``z`` a section, over the
    number of cells. Given its code, a cell is distributed after Laplace about what the code gives
    back; that scale is learned too, so that no weight between the two terms has to be chosen.

    Args:
        departure: What is to come out, shape (batch, depth, distance).
        decoded: What the code gives back, same shape.
        log_scale: Logarithm of the Laplace distribution's scale, a scalar.
        kl: Divergence of the codes from their prior [nat], shape (batch,).

    Returns:
        A scalar, the mean over the batch.

    References:
        Sohn, Lee & Yan (2015), NeurIPS, equation 4. Rybkin, Daniilidis & Levine (2021), Simple and
        effective VAE training with calibrated decoders, ICML (learned scale).
    """
    log_two = torch.log(torch.tensor(2.0))
    likelihood = -log_two - log_scale - (departure - decoded).abs() * (-log_scale).exp()
    return likelihood.mean() - kl.mean() / departure[0].numel()
