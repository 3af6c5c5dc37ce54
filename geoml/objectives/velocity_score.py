"""Scores of a predicted velocity in units that a geophysicist reads."""

from __future__ import annotations

from typing import cast

from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

SSIM_RANGE_M_S = (1500.0, 4500.0)
"""Velocities that count as 0 and 1 in SSIM: those of OpenFWI, whatever the data set."""
SSIM_DEFINITION = (
    "SSIM: Wang et al. (2004), Gaussian window of 11 cells with standard deviation 1.5, constants "
    f"0.01 and 0.03, {SSIM_RANGE_M_S[0]:g} to {SSIM_RANGE_M_S[1]:g} m/s as 0 to 1, sections "
    "reflected at their sides, mean over cells."
)
"""What ``velocity_scores`` means by it, for tables."""


def velocity_scores(
    predicted: Tensor, true: Tensor, range_m_s: tuple[float, float] = SSIM_RANGE_M_S
) -> dict[str, float]:
    """Mean absolute error, root-mean-square error, structural similarity and bias.

    SSIM is that of Wang et al. with an 11-cell Gaussian window of standard deviation 1.5 cells and
    constants 0.01 and 0.03, on velocities brought to 0..1 by ``range_m_s``, averaged over cells
    and sections, which are reflected at their sides. The range is a constant, so that scores of
    different sets can be compared.

    Args:
        predicted: Velocity [m/s], shape (sample, depth, distance).
        true: Velocity [m/s], same shape.
        range_m_s: Velocities that become 0 and 1 in SSIM [m/s].

    Returns:
        ``mae_m_s``, ``rmse_m_s``, ``bias_m_s`` and ``ssim``.

    References:
        Wang et al. (2004), Image quality assessment, IEEE Trans. Image Processing 13, 600-612.
    """
    residual = predicted - true
    low, span = range_m_s[0], range_m_s[1] - range_m_s[0]
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
