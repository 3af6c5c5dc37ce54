"""The way down from a section to the grid of its code, and back up to a section.

What the gathers say goes down once, for all draws; a draw's code enters at the bottom and meets it
again at every level of the way up.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.models.mh_unet import Residual, norm

_NORM_CHANNELS = 8


class LevelsDown(nn.Module):
    """Features of every level, half the section's resolution first.

    What lies between two of its cells is in the channels: that costs a quarter of full resolution.

    Args:
        n_in: Channels of the maps that come in.
        widths: Channels of each level.
    """

    def __init__(self, n_in: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.enter = nn.Conv2d(n_in, widths[0], 4, 2, 1)
        self.levels = nn.ModuleList(level(width) for width in widths)
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in itertools.pairwise(widths))

    def forward(self, maps: Tensor) -> list[Tensor]:
        """Shape (batch, channel, depth, distance) to one (batch, width, ...) a level."""
        rows, columns = maps.shape[-2:]
        even = functional.pad(maps, (0, columns % 2, 0, rows % 2))
        x = self.levels[0](self.enter(even))
        features = [x]
        for shrink, blocks in zip(self.shrink, self.levels[1:], strict=True):
            x = blocks(shrink(x))
            features.append(x)
        return features


class LevelsUp(nn.Module):
    """From a code and the features of every level to one map of the section.

    Args:
        code_channels: Channels of the code.
        widths: Channels of each level, half the section's resolution first.
        section: Rows and columns of the section.
    """

    def __init__(
        self, code_channels: int, widths: tuple[int, ...], section: tuple[int, int]
    ) -> None:
        super().__init__()
        self.section = section
        self.enter = nn.Conv2d(code_channels, widths[-1], 3, padding=1)
        self.blocks = nn.ModuleList(Residual(width, _NORM_CHANNELS) for width in widths)
        self.grow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(widths))
        last = nn.Conv2d(widths[0], 4, 3, padding=1)
        assert last.bias is not None
        with torch.no_grad():
            # The four cells of a block start alike, or the draws keep a checkerboard.
            last.weight.copy_(last.weight[::4].repeat_interleave(4, dim=0))
            last.bias.copy_(last.bias[::4].repeat_interleave(4, dim=0))
        self.out = nn.Sequential(norm(widths[0], _NORM_CHANNELS), nn.SiLU(), last)

    def forward(self, code: Tensor, features: list[Tensor]) -> Tensor:
        """A map a draw.

        Args:
            code: Shape (draw, batch, channel, row, column).
            features: Of every level, each (batch, width, ...).

        Returns:
            Shape (draw, batch, depth, distance), float32.
        """
        n_draws = code.shape[0]
        x = self.blocks[-1](self._met(self.enter(code.flatten(0, 1)), features[-1], n_draws))
        for i in reversed(range(len(features) - 1)):
            x = functional.interpolate(self.grow[i](x), features[i].shape[-2:], mode="bilinear")
            x = self.blocks[i](self._met(x, features[i], n_draws))
        x = self.out[1](self.out[0](x))
        # In bfloat16 a velocity would come out in steps of some m/s.
        with torch.autocast(x.device.type, enabled=False):
            fine = functional.pixel_shuffle(self.out[2](x.float()), 2).squeeze(1)
            rows, columns = self.section
            return fine[:, :rows, :columns].unflatten(0, (n_draws, -1))

    @staticmethod
    def _met(x: Tensor, feature: Tensor, n_draws: int) -> Tensor:
        """What a draw brings plus what the gathers say, the latter the same for every draw."""
        met = x.unflatten(0, (n_draws, -1)) + feature
        return met.flatten(0, 1).contiguous(memory_format=torch.channels_last)


def level(width: int) -> nn.Sequential:
    """What a level does to its features."""
    return nn.Sequential(norm(width, _NORM_CHANNELS), nn.SiLU(), nn.Conv2d(width, width, 3, 1, 1))
