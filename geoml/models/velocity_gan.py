"""VelocityGAN's critic: tells velocity models of the training part from those a network draws.

Its generator is InversionNet, as in OpenFWI. The critic reads ``velocity`` (batch, depth,
distance), scaled, and scores patches of it: it halves the section four times and averages the
scores of what remains. Its layers are those of OpenFWI with two departures: no batch norm, under
which the gradient penalty of one model would depend on the others; and the last convolution is of
3 x 3 cells and linear, not of 5 x 5 behind a leaky ReLU, so that sections of any size are scored.
It serves training alone and is in no checkpoint.

References:
    Zhang and Lin (2020), VelocityGAN, IEEE Trans. Geoscience and Remote Sensing 58(10), 6922-6933.
    Gulrajani et al. (2017), Improved training of Wasserstein GANs, NeurIPS.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

_WIDTHS = (32, 64, 128, 256)
_SLOPE = 0.2


class VelocityCritic(nn.Module):
    """The critic; see the module's docstring."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 1
        for width in _WIDTHS:
            layers += [nn.Conv2d(n_in, width, 3, stride=2, padding=1), nn.LeakyReLU(_SLOPE)]
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(_SLOPE)]
            n_in = width
        self.body = nn.Sequential(*layers, nn.Conv2d(n_in, 1, 3, padding=1))

    def forward(self, velocity: Tensor) -> Tensor:
        """Higher where a model looks true, shape (batch)."""
        x = velocity[:, None].contiguous(memory_format=torch.channels_last)
        return cast(Tensor, self.body(x)).float().mean((1, 2, 3))
