"""Vision transformer over patches of a gather, with a decoder back to its samples.

Reads patches of at most a stated size. The gather is cut into tiles of a few traces and samples,
a token each, with learned positions along traces and time; attention lets every tile see all
others. Each token then draws channels over its own tile, which convolutions join with the samples
and with the tiles beside.

References:
    Dosovitskiy et al. (2021), An image is worth 16 x 16 words, ICLR.
    He et al. (2022), Masked autoencoders are scalable vision learners, CVPR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError, ShapeError
from geoml.models.readout import check_share
from geoml.models.token_encoder import check_tokens, position, token_encoder

_GROUP = 8


@dataclass(frozen=True)
class GatherVitConfig:
    """Options of ``GatherVit``.

    Attributes:
        n_traces: Most traces of a gather.
        n_times: Most samples of a trace.
        tile: Traces and samples of a tile.
        width: Length of a token.
        depth: Layers of the transformer.
        attention_heads: Heads of each layer's attention.
        drawn: Channels that a token draws over its tile.
        decoder_width: Channels of the convolutions behind, a multiple of 8.
        dropout: Share dropped in training.
    """

    n_traces: int
    n_times: int
    tile: tuple[int, int] = (4, 16)
    width: int = 96
    depth: int = 4
    attention_heads: int = 4
    drawn: int = 4
    decoder_width: int = 16
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_tokens("gather_vit", self.width, self.depth, self.attention_heads)
        check_share("dropout", self.dropout)
        if min(self.n_traces, self.n_times, *self.tile, self.drawn) < 1:
            raise OptionError("gather_vit: n_traces, n_times, tile and drawn must be at least 1.")
        if self.decoder_width < _GROUP or self.decoder_width % _GROUP:
            raise OptionError(
                f"gather_vit: decoder_width {self.decoder_width} is not a multiple of {_GROUP}."
            )

    @property
    def grid(self) -> tuple[int, int]:
        """Tiles along traces and along time."""
        return -(-self.n_traces // self.tile[0]), -(-self.n_times // self.tile[1])


class GatherVit(nn.Module):
    """Gather to a map of its own shape, by attention between its tiles."""

    def __init__(self, config: GatherVitConfig) -> None:
        """Build with fresh weights."""
        super().__init__()
        self.config = config
        self.tiles = Tiles(config.grid, config.tile, config.width)
        self.transformer = token_encoder(
            config.width, config.depth, config.attention_heads, config.dropout
        )
        self.readout = _Readout(config)

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """A map of the gathers' own shape.

        Args:
            samples: Amplitude, shape (batch, trace, time), not larger than the config says.

        Returns:
            ``{"signal": (batch, trace, time)}``.

        Raises:
            ShapeError: If the gathers are larger.
        """
        tokens = self.tokens(samples)
        return {"signal": self.readout(samples, tokens.unflatten(1, self.config.grid))}

    def tokens(self, samples: Tensor) -> Tensor:
        """What each tile means among the others, shape (batch, tile along traces * time, width)."""
        config = self.config
        over = (config.n_traces - samples.shape[1], config.n_times - samples.shape[2])
        if samples.ndim != 3 or min(over) < 0:
            raise ShapeError(
                f"This gather_vit reads (batch, trace, time) of at most {config.n_traces} traces "
                f"and {config.n_times} samples; found shape {tuple(samples.shape)}."
            )
        return cast(Tensor, self.transformer(self.tiles(samples).flatten(1, 2)))


class Tiles(nn.Module):
    """Tiles of gathers as tokens that know where they are.

    Args:
        grid: Tiles along traces and along time.
        tile: Traces and samples of a tile.
        width: Length of a token.
    """

    def __init__(self, grid: tuple[int, int], tile: tuple[int, int], width: int) -> None:
        super().__init__()
        self.grid, self.tile = grid, tile
        self.embed = nn.Linear(tile[0] * tile[1], width)
        self.trace = position(grid[0], width)
        self.time = position(grid[1], width)

    def forward(self, samples: Tensor) -> Tensor:
        """Shape (batch, tile along traces, tile along time, width); what is missing is 0."""
        (n_rows, n_columns), (rows, columns) = self.grid, self.tile
        filled = (n_columns * columns - samples.shape[2], n_rows * rows - samples.shape[1])
        x = functional.pad(samples, (0, filled[0], 0, filled[1]))
        x = x.unflatten(2, (n_columns, columns)).unflatten(1, (n_rows, rows))
        x = x.transpose(2, 3).flatten(3)  # (batch, tile along traces, tile along time, cell)
        return cast(Tensor, self.embed(x) + self.trace[:, None] + self.time)


class _Readout(nn.Module):
    """Channels drawn by the token of each tile, joined with the samples by convolutions."""

    def __init__(self, config: GatherVitConfig) -> None:
        super().__init__()
        self.tile = config.tile
        self.draw = nn.Linear(config.width, config.drawn * config.tile[0] * config.tile[1])
        width = config.decoder_width
        self.join = nn.Sequential(
            nn.Conv2d(1 + config.drawn, width, (3, 5), padding="same", bias=False),
            nn.GroupNorm(width // _GROUP, width),
            nn.SiLU(),
            nn.Conv2d(width, width, (3, 5), padding="same", bias=False),
            nn.GroupNorm(width // _GROUP, width),
            nn.SiLU(),
            nn.Conv2d(width, 1, (3, 5), padding="same"),
        )

    def forward(self, samples: Tensor, tokens: Tensor) -> Tensor:
        """Shape (batch, trace, time)."""
        drawn = self.draw(tokens).unflatten(3, (-1, *self.tile))
        drawn = (
            drawn.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
        )  # (batch, channel, trace, t)
        drawn = drawn[:, :, : samples.shape[1], : samples.shape[2]]
        x = torch.cat([samples[:, None].to(drawn), drawn], dim=1)
        return cast(Tensor, self.join(x)[:, 0])
