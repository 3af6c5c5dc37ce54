"""How well sections are reconstructed: velocities and their steps from cell to cell."""

from __future__ import annotations

from torch import Tensor

_LEAST_SCALE = 1e-3  # a scaled velocity: 1.5 m/s of a range of 3,000


def step_aware_l1(predicted: Tensor, true: Tensor, step_weight: float) -> Tensor:
    """Mean absolute error of velocity, plus that of its steps down and along the section.

    The steps weigh interfaces, which few cells of a section hold.

    Args:
        predicted: Scaled velocity [1], shape (batch, depth, distance).
        true: Same shape.
        step_weight: Weight of the steps beside the velocity [1], >= 0.

    Returns:
        Scalar.
    """
    error = predicted - true
    misfit = error.abs().mean()
    if step_weight > 0:
        steps = error.diff(dim=1).abs().mean() + error.diff(dim=2).abs().mean()
        misfit = misfit + step_weight * steps
    return misfit


def laplace_nats_per_cell(misfit: Tensor) -> Tensor:
    """Negative log likelihood of a cell, up to a constant, at the Laplace scale that fits best.

    For absolute errors of mean b the best scale is b itself, and the likelihood of a cell is
    ``log(2 b) + 1``. So the balance of reconstruction and divergence needs no tuning.

    Args:
        misfit: Mean absolute error [1], scalar.

    References:
        Rybkin, Daniilidis and Levine (2021), Simple and effective VAE training with calibrated
            decoders, ICML.
    """
    return misfit.clamp(min=_LEAST_SCALE).log()
