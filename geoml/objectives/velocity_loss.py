"""Distance between predicted and true velocity."""

from __future__ import annotations

import torch
from torch import Tensor


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
