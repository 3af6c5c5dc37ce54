"""DnCNN: a plain stack of convolutions at full resolution that predicts the noise.

Reads patches of any size and subtracts from them what it takes for noise. The paper normalises
over the batch; here each patch is normalised by groups of channels, so that the answer does not
hang on the other patches of its batch.

References:
    Zhang et al. (2017), Beyond a Gaussian denoiser: residual learning of deep CNN for image
    denoising, IEEE Transactions on Image Processing 26(7), 3142-3155.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from geoml.errors import OptionError


@dataclass(frozen=True)
class DncnnConfig:
    """Options of ``Dncnn``.

    Attributes:
        width: Channels of the hidden layers, a multiple of 8.
        depth: Convolutions, the first and the last included.
        kernel: Length of a convolution in (traces, samples), odd.
    """

    width: int = 32
    depth: int = 10
    kernel: tuple[int, int] = (3, 3)

    def __post_init__(self) -> None:
        if self.width < 8 or self.width % 8:
            raise OptionError(f"Width {self.width} of a DnCNN is no multiple of 8.")
        if self.depth < 2:
            raise OptionError(f"A DnCNN of depth {self.depth} has no last layer; take at least 2.")
        if any(length % 2 == 0 for length in self.kernel):
            raise OptionError(f"Kernel {self.kernel} of a DnCNN has no middle; take odd lengths.")


class Dncnn(nn.Module):
    """Patch to patch minus its noise."""

    def __init__(self, config: DncnnConfig) -> None:
        """Build with fresh weights."""
        super().__init__()
        self.config = config
        width = config.width
        layers: list[nn.Module] = [_conv(1, width, config.kernel), nn.ReLU()]
        for _ in range(config.depth - 2):
            layers += [
                _conv(width, width, config.kernel, bias=False),
                nn.GroupNorm(width // 8, width),
                nn.ReLU(),
            ]
        self.noise = nn.Sequential(*layers, _conv(width, 1, config.kernel))

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """Signal part of patches.

        Args:
            samples: Amplitude at RMS 1, shape (batch, trace, time), any size.

        Returns:
            ``{"signal": (batch, trace, time)}``.
        """
        x = samples[:, None].contiguous(memory_format=torch.channels_last)
        return {"signal": samples - self.noise(x)[:, 0]}


def _conv(n_in: int, n_out: int, kernel: tuple[int, int], bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, kernel, padding="same", bias=bias)
