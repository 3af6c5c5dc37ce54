"""Transformer encoder on logs: every row attends to every row of its window.

References:
    Vaswani et al. (2017), Attention is all you need, NeurIPS.
    Raffel et al. (2020), Exploring the limits of transfer learning, JMLR 21: relative positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.logs.attention import (
    Attention,
    RelativeBias,
    feed_forward,
    hidden_padding,
    sinusoidal_positions,
)
from geoml.models.logs.log_network import LogConfig, LogNetwork


@dataclass(frozen=True)
class TransformerConfig(LogConfig):
    """Settings of the Transformer encoder.

    Attributes:
        layers: Attention layers, > 0.
        attention_heads: Heads a layer; they divide the width.
        positions: ``relative`` distances of rows, or ``sinusoidal`` row numbers in the window.
        kernel: Rows that the first layer joins by a convolution, odd; a single row says little.
    """

    layers: int = 2
    attention_heads: int = 4
    positions: Literal["relative", "sinusoidal"] = "relative"
    kernel: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers < 1 or self.kernel < 1 or self.kernel % 2 == 0:
            raise OptionError(
                f"layers is {self.layers} and kernel {self.kernel}; they must be above 0, and odd."
            )
        if self.width % self.attention_heads:
            raise OptionError(
                f"attention_heads {self.attention_heads} does not divide the width {self.width}."
            )


class Transformer(LogNetwork):
    """Encoder layers that normalise before they attend."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config, config.width)
        self.positions = config.positions
        self.stem = nn.Conv1d(
            2 * config.n_inputs, config.width, config.kernel, padding=config.kernel // 2
        )
        self.bias = RelativeBias(config.attention_heads) if config.positions == "relative" else None
        self.layers = nn.ModuleList(
            _Layer(config.width, config.attention_heads, config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)

    def encode(self, rows: Tensor, real: Tensor) -> Tensor:
        """Features of every row, shape (batch, depth, feature)."""
        n_rows = rows.shape[1]
        features = self.stem(rows.transpose(1, 2)).transpose(1, 2)  # (batch, depth, width)
        bias = hidden_padding(real)
        if self.bias is not None:
            bias = bias + self.bias(n_rows, n_rows)
        else:
            features = features + sinusoidal_positions(n_rows, features.shape[2], rows.device)
        for layer in self.layers:
            features = layer(features, bias)
        encoded: Tensor = self.norm(features)
        return encoded


class _Layer(nn.Module):
    def __init__(self, width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, n_heads, dropout)
        self.forward_layers = feed_forward(width, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows: Tensor, bias: Tensor) -> Tensor:
        normed = self.norm_1(rows)
        rows = rows + self.dropout(self.attention(normed, normed, bias))
        changed: Tensor = self.dropout(self.forward_layers(self.norm_2(rows)))
        return rows + changed  # (batch, depth, width)
