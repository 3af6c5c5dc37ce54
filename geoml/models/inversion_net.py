"""InversionNet: an encoder of gathers down to one vector, a decoder from it up to the section.

Reads ``shots`` (batch, shot, time, receiver), scaled; predicts one (batch, depth, distance) map a
head. Convolutions that stride in time alone bring the records near a square, convolutions that
stride in both bring it to 8 x 9, one more to a vector; transposed convolutions double the way back,
and what hangs over is cut off. Batch norm and leaky ReLU follow every convolution.

For five shots of 1000 samples and 70 receivers over 70 x 70 cells the layers are those of OpenFWI,
24.41 M parameters with the velocity alone; other shapes take more or fewer halvings and doublings.
Two departures: the velocity is linear unless ``velocity_limit`` bends it by the published tanh,
which clips true velocities; and convolutions have no bias, which batch norm would cancel.

References:
    Wu and Lin (2020), InversionNet, IEEE Trans. Computational Imaging 6, 419-433.
    Deng et al. (2022), OpenFWI, NeurIPS Datasets and Benchmarks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from geoml.errors import OptionError, ShapeError
from geoml.models.compression import compressed
from geoml.models.readout import HEADS, Readouts, check_gathers, check_heads, check_share
from geoml.models.section_shape import SectionShape

_SLOPE = 0.2
_LARGEST_BOTTOM = 9  # samples and receivers that the last convolution takes in at once
_LARGEST_START = 8  # rows and columns that the first transposed convolution draws at once


@dataclass(frozen=True)
class InversionNetConfig:
    """Everything that fixes the network's weights; the defaults are those of OpenFWI.

    Attributes:
        shape: Sizes of the gathers and the section.
        heads: Which of ``velocity``, ``edges``, ``log_variance`` are predicted.
        time_widths: Channels after each halving of the time axis; the last one repeats where the
            records need more halvings to be no longer than they are wide.
        widths: Channels after each halving of time and receivers; the last one repeats.
        latent: Length of the vector between encoder and decoder.
        section_widths: Channels after each doubling of the section; the first ones are left out
            where it needs fewer, the last one repeats where it needs more.
        dropout: Share of the vector dropped in training.
        compression: Strength of ``compressed`` on the gathers; OpenFWI's own logarithm of raw
            records is about 1.5, 0 reads them as they are.
        velocity_limit: Largest scaled velocity, reached by a tanh; None for a linear velocity.
    """

    shape: SectionShape
    heads: tuple[str, ...] = HEADS
    time_widths: tuple[int, ...] = (32, 64, 64, 128)
    widths: tuple[int, ...] = (128, 256, 256)
    latent: int = 512
    section_widths: tuple[int, ...] = (256, 128, 64, 32)
    dropout: float = 0.0
    compression: float = 0.0
    velocity_limit: float | None = None

    def __post_init__(self) -> None:
        check_heads("inversion_net", self.heads)
        check_share("dropout", self.dropout)
        every = (*self.time_widths, *self.widths, self.latent, *self.section_widths)
        if min(every) < 1 or not (self.time_widths and self.widths and self.section_widths):
            raise OptionError(
                "inversion_net needs at least one width of each kind and widths of at least 1."
            )
        if not self.compression >= 0:
            raise OptionError(f"compression is {self.compression:g}; it must be at least 0.")
        if self.velocity_limit is not None and not self.velocity_limit > 0:
            raise OptionError(f"velocity_limit is {self.velocity_limit:g}; it must be above 0.")


class InversionNet(nn.Module):
    """The network; see the module's docstring."""

    def __init__(self, config: InversionNetConfig) -> None:
        super().__init__()
        self.config = config
        shape = config.shape
        layers: list[nn.Module] = []
        width, n_time, n_receiver = shape.n_shots, shape.n_samples, shape.n_receivers
        n_halvings = halvings(n_time, n_receiver)
        for i, out in enumerate(stretched(config.time_widths, n_halvings)):
            if i == 0:
                layers += [convolution(width, out, (7, 1), (2, 1))]
            else:
                layers += [convolution(width, out, (3, 1), (2, 1)), convolution(out, out, (3, 1))]
            width, n_time = out, half(n_time)
        n_halvings = halvings(max(n_time, n_receiver), _LARGEST_BOTTOM)
        for out in stretched(config.widths, n_halvings):
            layers += [convolution(width, out, (3, 3), (2, 2)), convolution(out, out, (3, 3))]
            width, n_time, n_receiver = out, half(n_time), half(n_receiver)
        self.encoder = nn.Sequential(
            *layers, block(nn.Conv2d(width, config.latent, (n_time, n_receiver), bias=False))
        )
        self.dropout = nn.Dropout(config.dropout)
        n_doublings = halvings(max(shape.n_depth, shape.n_distance), _LARGEST_START)
        start = tuple(-(-n // 2**n_doublings) for n in (shape.n_depth, shape.n_distance))
        width = config.latent
        layers = [
            block(nn.ConvTranspose2d(width, width, cast(tuple[int, int], start), bias=False)),
            convolution(width, width, (3, 3)),
        ]
        for out in stretched(config.section_widths[-n_doublings or None :], n_doublings):
            double = nn.ConvTranspose2d(width, out, 4, stride=2, padding=1, bias=False)
            layers += [block(double), convolution(out, out, (3, 3))]
            width = out
        self.decoder = nn.Sequential(*layers)
        self.readouts = Readouts(config.heads, width, config.velocity_limit)

    def forward(self, shots: Tensor) -> dict[str, Tensor]:
        """One map a head.

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).

        Returns:
            Head name -> shape (batch, depth, distance), float32.

        Raises:
            ShapeError: If the gathers have other sizes than the network was built for, or it is to
                learn from a single window.
        """
        shape = self.config.shape
        x = self.encode(shots)[..., None, None]  # (batch, latent, 1, 1)
        x = self.decoder(self.dropout(x))  # (batch, width, at least depth, at least distance)
        row, column = (x.shape[2] - shape.n_depth) // 2, (x.shape[3] - shape.n_distance) // 2
        x = x[:, :, row : row + shape.n_depth, column : column + shape.n_distance]
        output: dict[str, Tensor] = self.readouts(x)
        return output

    def encode(self, shots: Tensor) -> Tensor:
        """The vector between encoder and decoder, shape (batch, latent)."""
        check_gathers(self.config.shape, shots)
        if self.training and len(shots) == 1:
            raise ShapeError(
                "A batch of one window has no statistics for the batch norm of this network; train "
                "with a batch_size of at least 2."
            )
        shots = compressed(shots, self.config.compression)
        x = self.encoder(shots.contiguous(memory_format=torch.channels_last))
        return cast(Tensor, x).flatten(1)


def block(conv: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    """A convolution, batch norm and leaky ReLU."""
    return nn.Sequential(
        conv, nn.BatchNorm2d(conv.out_channels), nn.LeakyReLU(_SLOPE, inplace=True)
    )


def convolution(
    n_in: int, n_out: int, kernel: tuple[int, int], stride: tuple[int, int] = (1, 1)
) -> nn.Sequential:
    """A block whose convolution keeps the size, or halves it, rounded up."""
    padding = (kernel[0] // 2, kernel[1] // 2)
    return block(nn.Conv2d(n_in, n_out, kernel, stride, padding, bias=False))


def half(size: int) -> int:
    """What a stride of two leaves."""
    return -(-size // 2)


def halvings(size: int, limit: int) -> int:
    """How many halvings, each rounded up, bring a size down to a limit."""
    count = 0
    while size > limit:
        size, count = half(size), count + 1
    return count


def stretched(widths: tuple[int, ...], count: int) -> tuple[int, ...]:
    """The first ``count`` widths, the last one repeated where there are fewer."""
    return tuple(widths[min(i, len(widths) - 1)] for i in range(count))
