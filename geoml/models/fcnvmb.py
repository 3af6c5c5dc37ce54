"""FCNVMB: a U-Net straight from gathers, their time axis resized to depth, to the section.

Reads ``shots`` (batch, shot, time, receiver), scaled; predicts one (batch, depth, distance) map a
head. The gathers are low-passed and resized onto the cells of the section, as if time were depth;
a U-Net of five levels with the widths of Ronneberger's maps them to velocity. The published network
resizes 400 samples to 201 rows by reading the first half of a map as long as the records.

References:
    Yang and Ma (2019), Deep-learning inversion, Geophysics 84(4), R583-R599.
    Ronneberger et al. (2015), U-Net, MICCAI.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError
from geoml.models.readout import HEADS, Readouts, check_gathers, check_heads, check_share
from geoml.models.section_shape import SectionShape


@dataclass(frozen=True)
class FcnvmbConfig:
    """Everything that fixes the network's weights; the defaults are the published ones.

    Attributes:
        shape: Sizes of the gathers and the section.
        heads: Which of ``velocity``, ``edges``, ``log_variance`` are predicted.
        widths: Channels of the levels, from the section's own resolution down.
        dropout: Share of bottom channels dropped in training.
    """

    shape: SectionShape
    heads: tuple[str, ...] = HEADS
    widths: tuple[int, ...] = (64, 128, 256, 512, 1024)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_heads("fcnvmb", self.heads)
        check_share("dropout", self.dropout)
        if not self.widths or min(self.widths) < 1:
            raise OptionError("fcnvmb needs at least one width and widths of at least 1.")


class Fcnvmb(nn.Module):
    """The network; see the module's docstring."""

    def __init__(self, config: FcnvmbConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        steps = list(itertools.pairwise((config.shape.n_shots, *widths)))
        self.down = nn.ModuleList(double_convolution(a, b) for a, b in steps)
        self.dropout = nn.Dropout2d(config.dropout)
        self.up = nn.ModuleList(Up(b, a) for a, b in reversed(list(itertools.pairwise(widths))))
        self.readouts = Readouts(config.heads, widths[0], kernel=1)

    def forward(self, shots: Tensor) -> dict[str, Tensor]:
        """One map a head.

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).

        Returns:
            Head name -> shape (batch, depth, distance), float32.

        Raises:
            ShapeError: If the gathers have other sizes than the network was built for.
        """
        *skips, x = self._features(shots)
        x = self.dropout(x)
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = up(x, skip)
        output: dict[str, Tensor] = self.readouts(x)
        return output

    def encode(self, shots: Tensor) -> Tensor:
        """Mean of the bottom features over the cells, shape (batch, last width)."""
        return self._features(shots)[-1].float().mean((2, 3))

    def _features(self, shots: Tensor) -> list[Tensor]:
        """What each level sees, from the section's resolution down."""
        shape = self.config.shape
        check_gathers(shape, shots)
        x = resize(shots, (shape.n_depth, shape.n_distance))  # (batch, shot, depth, distance)
        features: list[Tensor] = []
        for down in self.down:
            features.append(down(halve(features[-1]) if features else x))
        return features


class Up(nn.Module):
    """Double the resolution, join what the way down saw there, convolve twice."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.grow = nn.ConvTranspose2d(n_in, n_out, 2, stride=2)
        self.convolve = double_convolution(2 * n_out, n_out)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Shapes (batch, n_in, row, column) and (batch, n_out, about 2 row, about 2 column)."""
        x = cropped(self.grow(x), skip.shape)
        return cast(Tensor, self.convolve(torch.cat([skip, x], dim=1)))


def double_convolution(n_in: int, n_out: int) -> nn.Sequential:
    """Two convolutions that keep the size, each with batch norm and ReLU."""
    layers: list[nn.Module] = []
    for a in (n_in, n_out):
        layers += [
            # No bias: batch norm would cancel it.
            nn.Conv2d(a, n_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


def halve(x: Tensor) -> Tensor:
    """The largest of two by two cells; half the size, rounded up."""
    return functional.max_pool2d(x, 2, ceil_mode=True)


def cropped(x: Tensor, shape: torch.Size) -> Tensor:
    """The first rows and columns, as many as the shape (..., row, column) has."""
    return x[..., : shape[-2], : shape[-1]]


def resize(shots: Tensor, size: tuple[int, int]) -> Tensor:
    """Gathers on another number of samples and receivers, low-passed where it is smaller."""
    resized = functional.interpolate(shots, size, mode="bilinear", antialias=True)
    return resized.contiguous(memory_format=torch.channels_last)
