"""Denoising U-Net: encoder and decoder with skips, on patches of any size.

Reads patches at RMS 1 and predicts their signal part. Coarse levels see far along traces and time,
as coherent noise and dipping events ask for; skips carry the fine detail past them. With
``residual`` the network predicts what to remove and returns the rest.

References:
    Ronneberger et al. (2015), U-Net, MICCAI, LNCS 9351, 234-241.
    Zhang et al. (2017), IEEE Transactions on Image Processing 26(7), 3142-3155 (residual).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from geoml.errors import OptionError


@dataclass(frozen=True)
class DenoisingUnetConfig:
    """Options of ``DenoisingUnet``.

    Attributes:
        widths: Channels of each level, multiples of 8; each level below the first halves the
            number of traces and of samples.
        blocks: Convolutions of a level, on the way down and again on the way up.
        kernel: Length of a convolution in (traces, samples), odd.
        residual: Predict the noise and subtract it, instead of the signal.
    """

    widths: tuple[int, ...] = (16, 32, 64)
    blocks: int = 2
    kernel: tuple[int, int] = (3, 3)
    residual: bool = False

    def __post_init__(self) -> None:
        if not self.widths or any(width < 8 or width % 8 for width in self.widths):
            raise OptionError(f"Widths {self.widths} of a denoising U-Net: take multiples of 8.")
        if self.blocks < 1:
            raise OptionError("A level of a denoising U-Net has at least one convolution.")
        if any(length % 2 == 0 for length in self.kernel):
            raise OptionError(f"Kernel {self.kernel} of a U-Net has no middle; take odd lengths.")


class DenoisingUnet(nn.Module):
    """Patch to its signal part, over levels of halved resolution."""

    def __init__(self, config: DenoisingUnetConfig) -> None:
        """Build with fresh weights."""
        super().__init__()
        self.config = config
        widths, blocks, kernel = config.widths, config.blocks, config.kernel
        self.down = nn.ModuleList(
            _level(n_in, n_out, blocks, kernel)
            for n_in, n_out in zip((1, *widths), widths, strict=False)
        )
        self.halve = nn.AvgPool2d(2)
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(deep, shallow, 2, stride=2)
            for shallow, deep in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(_level(2 * width, width, blocks, kernel) for width in widths[:-1])
        self.readout = nn.Conv2d(widths[0], 1, 1)

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """Signal part of patches.

        Args:
            samples: Amplitude at RMS 1, shape (batch, trace, time), any size.

        Returns:
            ``{"signal": (batch, trace, time)}``.
        """
        n_traces, n_times = samples.shape[1:]
        step = 2 ** (len(self.config.widths) - 1)
        x = pad(samples[:, None], (0, -n_times % step, 0, -n_traces % step), mode="replicate")
        x = x.contiguous(memory_format=torch.channels_last)
        skips = []
        for depth, level in enumerate(self.down):
            x = level(x if depth == 0 else self.halve(x))  # (batch, width, trace, time) / 2^depth
            skips.append(x)
        for depth in reversed(range(len(self.up))):
            x = torch.cat([self.grow[depth](x), skips[depth]], dim=1)
            x = self.up[depth](x)  # (batch, width, trace, time) / 2^depth
        found = self.readout(x)[:, 0, :n_traces, :n_times]  # (batch, trace, time)
        return {"signal": samples - found if self.config.residual else found}


def _level(n_in: int, n_out: int, blocks: int, kernel: tuple[int, int]) -> nn.Sequential:
    """Convolutions at one resolution, each normalised over groups of 8 channels."""
    layers: list[nn.Module] = []
    for i in range(blocks):
        layers += [
            nn.Conv2d(n_out if i else n_in, n_out, kernel, padding="same", bias=False),
            nn.GroupNorm(n_out // 8, n_out),
            nn.SiLU(),
        ]
    return nn.Sequential(*layers)
