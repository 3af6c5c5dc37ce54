"""The running mean of the weights, which is smoother and scores better than the last ones."""

from __future__ import annotations

import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class RunningMean(WeightAveraging):
    """Exponential mean of the weights whose memory grows with the steps up to a decay.

    Lightning validates with it, keeps both sets in its resume file, and leaves it in the network
    at the end.
    """

    def __init__(self, decay: float) -> None:
        """Mean with that decay.

        Args:
            decay: Decay a step [1], 0 for none, under 1.
        """

        @torch.no_grad()
        def average(means: list[Tensor], currents: list[Tensor], n_averaged: Tensor | int) -> None:
            n = int(n_averaged)
            # A full-length mean of few steps would still be full of first, random weights.
            weight = 1 - min(decay, (1 + n) / (10 + n))
            torch._foreach_lerp_(means, currents, weight)

        super().__init__(use_buffers=False, multi_avg_fn=average)
