"""Scores of a predicted velocity in units that a geophysicist reads."""

from __future__ import annotations

from typing import cast

from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure


def velocity_scores(
    predicted: Tensor, true: Tensor, range_m_s: tuple[float, float] | None = None
) -> dict[str, float]:
    """Mean absolute error, root-mean-square error, structural similarity and bias.

    SSIM is that of Wang et al. with an 11-cell Gaussian window of standard deviation 1.5 cells and
    constants 0.01 and 0.03, on velocities brought to 0..1 by ``range_m_s``.

    Args:
        predicted: Velocity [m/s], shape (sample, depth, distance).
        true: Velocity [m/s], same shape.
        range_m_s: Lowest and highest velocity of the data set [m/s]; those of ``true`` if None.

    Returns:
        ``mae_m_s``, ``rmse_m_s``, ``bias_m_s`` and ``ssim``.

    References:
        Wang et al. (2004), Image quality assessment, IEEE Trans. Image Processing 13, 600-612.
    """
    residual = predicted - true
    low, high = range_m_s or (float(true.min()), float(true.max()))
    span = max(high - low, 1e-6)
    # Its type allows a full image too; none is asked for.
    ssim = cast(
        Tensor,
        structural_similarity_index_measure(
            ((predicted - low) / span)[:, None], ((true - low) / span)[:, None], data_range=1.0
        ),
    )
    return {
        "mae_m_s": float(residual.abs().mean()),
        "rmse_m_s": float(residual.square().mean().sqrt()),
        "bias_m_s": float(residual.mean()),
        "ssim": float(ssim),
    }
