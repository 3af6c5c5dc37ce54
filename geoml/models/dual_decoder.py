"""Dual-decoder U-Net: one encoder of the gathers, one decoder for velocity and one for its edges.

Reads ``shots`` (batch, shot, time, receiver), scaled; predicts one (batch, depth, distance) map a
head. Records resized to eight times the section's depth are halved three times in time; a U-Net
that works at half the section's resolution and below leads down; each decoder comes up with two
joined levels and two plain ones. The first draws ``velocity`` and ``log_variance``, the second
``edges``.

It follows DD-Net70, with three departures: velocities are absolute and linear, where DD-Net scales
every model by its own extremes; edges are one logit, not two classes; and the decoders share no
weights unless ``separate`` is off, when one draws all maps.

References:
    Zhang et al. (2024), DD-Net, IEEE Trans. Geoscience and Remote Sensing 62.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.fcnvmb import Up, cropped, double_convolution, halve, resize
from geoml.models.readout import HEADS, Readouts, check_gathers, check_heads, check_share
from geoml.models.section_shape import SectionShape

_PLAIN_LEVELS = 2  # uppermost ones, which join nothing from the way down
_LOWEST_WIDTHS = 1 + _PLAIN_LEVELS


@dataclass(frozen=True)
class DualDecoderConfig:
    """Everything that fixes the network's weights; the defaults are the published ones.

    Attributes:
        shape: Sizes of the gathers and the section.
        heads: Which of ``velocity``, ``edges``, ``log_variance`` are predicted.
        time_widths: Channels after each halving of the time axis.
        widths: Channels of the levels, from half the section's resolution down; at least three.
        separate: Draw the edges by a decoder of their own.
        dropout: Share of bottom channels dropped in training.
    """

    shape: SectionShape
    heads: tuple[str, ...] = HEADS
    time_widths: tuple[int, ...] = (8, 16, 32)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    separate: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_heads("dual_decoder", self.heads)
        check_share("dropout", self.dropout)
        if not self.time_widths or min((*self.time_widths, *self.widths), default=0) < 1:
            raise OptionError("dual_decoder needs a time width and widths of at least 1.")
        if len(self.widths) < _LOWEST_WIDTHS:
            raise OptionError(
                f"dual_decoder has {len(self.widths)} widths; it needs at least {_LOWEST_WIDTHS}."
            )


class DualDecoder(nn.Module):
    """The network; see the module's docstring."""

    def __init__(self, config: DualDecoderConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        width = config.shape.n_shots
        for out in config.time_widths:
            layers += [convolution(width, out, halving=True), convolution(out, out)]
            width = out
        self.shorten = nn.Sequential(*layers)
        steps = itertools.pairwise((width, *config.widths))
        self.down = nn.ModuleList(double_convolution(a, b) for a, b in steps)
        self.dropout = nn.Dropout2d(config.dropout)
        edges = tuple(head for head in config.heads if head == "edges")
        others = tuple(head for head in config.heads if head != "edges")
        parts = (others, edges) if config.separate and edges and others else (config.heads,)
        self.decoders = nn.ModuleList(Decoder(part, config.widths, width) for part in parts)

    def forward(self, shots: Tensor) -> dict[str, Tensor]:
        """One map a head.

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).

        Returns:
            Head name -> shape (batch, depth, distance), float32.

        Raises:
            ShapeError: If the gathers have other sizes than the network was built for.
        """
        features = self._features(shots)
        features[-1] = self.dropout(features[-1])
        maps: dict[str, Tensor] = {}
        for decoder in self.decoders:
            maps |= decoder(features)
        return {head: maps[head] for head in self.config.heads}

    def encode(self, shots: Tensor) -> Tensor:
        """Mean of the bottom features over the cells, shape (batch, last width)."""
        return self._features(shots)[-1].float().mean((2, 3))

    def _features(self, shots: Tensor) -> list[Tensor]:
        """The shortened records and what each level sees of them, each at half the last's size."""
        shape = self.config.shape
        check_gathers(shape, shots)
        n_rows = shape.n_depth * 2 ** len(self.config.time_widths)
        x = self.shorten(resize(shots, (n_rows, shape.n_distance)))
        features = [x]  # (batch, time width, depth, distance)
        for down in self.down:
            features.append(halve(down(features[-1])))
        return features


class Decoder(nn.Module):
    """The way up to some heads."""

    def __init__(self, heads: tuple[str, ...], widths: tuple[int, ...], last: int) -> None:
        super().__init__()
        steps = list(reversed(list(itertools.pairwise((last, *widths)))))
        joined, plain = steps[:-_PLAIN_LEVELS], steps[-_PLAIN_LEVELS:]
        self.joined = nn.ModuleList(Up(b, a) for a, b in joined)
        self.plain = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in plain)
        self.readouts = Readouts(heads, last)

    def forward(self, features: list[Tensor]) -> dict[str, Tensor]:
        """Maps at the resolution of the first features, from all of them."""
        *above, x = features
        for up in self.joined:
            x = up(x, above.pop())
        for grow in self.plain:
            x = cropped(grow(x), above.pop().shape)
        return cast(dict[str, Tensor], self.readouts(x))


def convolution(n_in: int, n_out: int, halving: bool = False) -> nn.Sequential:
    """A convolution with batch norm and ReLU that keeps the size, or halves the time axis."""
    kernel, stride, padding = ((3, 1), (2, 1), (1, 0)) if halving else ((3, 3), (1, 1), (1, 1))
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(inplace=True),
    )
