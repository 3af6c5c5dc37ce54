"""Vision transformer over patches of gathers, convolutions up to the section.

Reads ``shots`` (batch, shot, time, receiver), scaled; predicts one (batch, depth, distance) map a
head. Each gather is cut into patches, a token each, with learned positions in shot, time and
receiver; a pre-norm transformer lets every patch of every shot see all others. The shots' tokens
at one time and receiver are joined and refined by convolutions at a quarter, a half and the whole
of the section's resolution.

References:
    Dosovitskiy et al. (2021), An image is worth 16 x 16 words, ICLR.
    Zheng et al. (2021), SETR, CVPR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError
from geoml.models.readout import HEADS, Readouts, check_gathers, check_heads, check_share
from geoml.models.section_shape import SectionShape
from geoml.models.token_encoder import position, token_encoder

_GROUP = 8  # channels normalised together


@dataclass(frozen=True)
class VitInversionConfig:
    """Everything that fixes the network's weights.

    Attributes:
        shape: Sizes of the gathers and the section.
        heads: Which of ``velocity``, ``edges``, ``log_variance`` are predicted.
        patches: Patches a gather along time and along receivers, at most.
        width: Length of a token.
        depth: Layers of the transformer.
        attention_heads: Heads of each layer's attention.
        section_widths: Channels at each resolution, the last one the section's own.
        dropout: Share dropped in training of attention, hidden units and layer outputs.
    """

    shape: SectionShape
    heads: tuple[str, ...] = HEADS
    patches: tuple[int, int] = (12, 5)
    width: int = 256
    depth: int = 6
    attention_heads: int = 8
    section_widths: tuple[int, ...] = (128, 64, 32)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_heads("vit_inversion", self.heads)
        check_share("dropout", self.dropout)
        if min(*self.patches, self.width, self.depth, self.attention_heads) < 1:
            raise OptionError(
                "vit_inversion needs at least one patch, layer and attention head, and a width of "
                "at least 1."
            )
        if self.width % self.attention_heads:
            raise OptionError(
                f"attention_heads {self.attention_heads} does not divide width {self.width}."
            )
        if not self.section_widths:
            raise OptionError("vit_inversion needs at least one section width.")
        for width in self.section_widths:
            if width < 1 or width % _GROUP:
                raise OptionError(f"vit_inversion width {width} is not a multiple of {_GROUP}.")

    @property
    def patch(self) -> tuple[int, int]:
        """Samples and receivers of a patch."""
        return (
            -(-self.shape.n_samples // self.patches[0]),
            -(-self.shape.n_receivers // self.patches[1]),
        )

    @property
    def grid(self) -> tuple[int, int]:
        """Patches of a gather along time and along receivers."""
        return (
            -(-self.shape.n_samples // self.patch[0]),
            -(-self.shape.n_receivers // self.patch[1]),
        )


class VitInversion(nn.Module):
    """The network; see the module's docstring."""

    def __init__(self, config: VitInversionConfig) -> None:
        super().__init__()
        self.config = config
        shape, width = config.shape, config.width
        self.embed = nn.Linear(config.patch[0] * config.patch[1], width)
        self.shot = position(shape.n_shots, width)
        self.time = position(config.grid[0], width)
        self.receiver = position(config.grid[1], width)
        self.transformer = token_encoder(
            width, config.depth, config.attention_heads, config.dropout
        )
        self.join = nn.Conv2d(shape.n_shots * width, width, 1)
        steps = list(zip((width, *config.section_widths), config.section_widths, strict=False))
        self.decoder = nn.ModuleList(refinement(a, b) for a, b in steps)
        self.readouts = Readouts(config.heads, config.section_widths[-1])

    def forward(self, shots: Tensor) -> dict[str, Tensor]:
        """One map a head.

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).

        Returns:
            Head name -> shape (batch, depth, distance), float32.

        Raises:
            ShapeError: If the gathers have other sizes than the network was built for.
        """
        shape, n_steps = self.config.shape, len(self.decoder)
        x = self._tokens(shots)  # (batch, shot * time patch * receiver patch, width)
        x = x.unflatten(1, (shape.n_shots, *self.config.grid))
        x = x.permute(0, 1, 4, 2, 3).flatten(1, 2)  # (batch, shot * width, time patch, ...)
        x = self.join(x.contiguous(memory_format=torch.channels_last))
        for i, refine in enumerate(self.decoder):
            scale = 2 ** (n_steps - 1 - i)
            size = (-(-shape.n_depth // scale), -(-shape.n_distance // scale))
            x = refine(functional.interpolate(x, size, mode="bilinear"))
        output: dict[str, Tensor] = self.readouts(x)
        return output

    def encode(self, shots: Tensor) -> Tensor:
        """Mean of the tokens after the transformer, shape (batch, width)."""
        return self._tokens(shots).float().mean(1)

    def _tokens(self, shots: Tensor) -> Tensor:
        """What the transformer makes of the patches, shape (batch, patch, width)."""
        check_gathers(self.config.shape, shots)
        (rows, columns), (n_time, n_receiver) = self.config.patch, self.config.grid
        missing = (n_receiver * columns - shots.shape[3], n_time * rows - shots.shape[2])
        x = functional.pad(shots, (0, missing[0], 0, missing[1]))
        x = x.unflatten(3, (n_receiver, columns)).unflatten(2, (n_time, rows))
        x = x.permute(0, 1, 2, 4, 3, 5).flatten(4)  # (batch, shot, time patch, ..., cell of patch)
        x = self.embed(x)  # (batch, shot, time patch, receiver patch, width)
        x = x + self.shot[:, None, None] + self.time[:, None] + self.receiver
        return cast(Tensor, self.transformer(x.flatten(1, 3)))


def refinement(n_in: int, n_out: int) -> nn.Sequential:
    """Two convolutions that keep the size, each with group norm and SiLU."""
    layers: list[nn.Module] = []
    for a in (n_in, n_out):
        layers += [
            nn.Conv2d(a, n_out, 3, padding=1, bias=False),
            nn.GroupNorm(n_out // _GROUP, n_out),
            nn.SiLU(),
        ]
    return nn.Sequential(*layers)
