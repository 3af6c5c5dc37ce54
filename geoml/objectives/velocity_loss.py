"""Distance between predicted and true velocity."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def depth_weighted_l1(predicted: Tensor, true: Tensor, depth_weight: float = 0.0) -> Tensor:
    """Mean absolute difference, with rows weighted linearly by depth.

    The deepest row weighs ``1 + depth_weight`` times the first one; the weights average 1, so that
    the loss keeps its unit whatever the setting.

    Args:
        predicted: Scaled velocity [1], shape (batch, depth, distance).
        true: Scaled velocity [1], same shape.
        depth_weight: Extra weight of the deepest row [1], >= 0.

    Returns:
        Scalar.
    """
    departure = (predicted - true).abs().mean(dim=(0, 2))  # (depth,)
    if depth_weight == 0:
        return departure.mean()
    n_depth = departure.numel()
    weight = 1 + depth_weight * torch.linspace(0, 1, n_depth, device=departure.device)
    return (departure * weight / weight.mean()).mean()


def edge_gradient_l1(
    predicted: Tensor, true: Tensor, edges: Tensor, dilation_cells: int = 1
) -> Tensor:
    """Mean absolute difference of velocity steps to the lower and the right cell, near true edges.

    A plain L1 is content with a smeared interface, whose cells are all a little wrong; here each
    missing part of a jump costs, and so does each jump beside it that is none.

    Args:
        predicted: Scaled velocity [1], shape (batch, depth, distance).
        true: Scaled velocity [1], same shape.
        edges: 1 on the upper or left cell of a jump, 0 elsewhere, same shape.
        dilation_cells: Steps from cells up to this far from an edge count, both ways, >= 0.

    Returns:
        Scalar, the mean over the steps that count; 0 where there is no edge at all.
    """
    size = 2 * dilation_cells + 1
    near = functional.max_pool2d(edges[:, None], size, stride=1, padding=dilation_cells)[:, 0]
    residual = predicted - true
    down, along = residual.diff(dim=1).abs(), residual.diff(dim=2).abs()
    near_down, near_along = near[:, :-1], near[:, :, :-1]
    total = (down * near_down).sum() + (along * near_along).sum()
    return total / (near_down.sum() + near_along.sum()).clamp(min=1)
