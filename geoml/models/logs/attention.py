"""Attention over the rows of a window, with absolute or relative positions."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError


def sinusoidal_positions(n_rows: int, width: int, device: torch.device | None = None) -> Tensor:
    """Sines and cosines of row numbers, wavelengths from 2 pi to 2 pi * 10,000 rows.

    Returns:
        Shape (depth, width).

    References:
        Vaswani et al. (2017), Attention is all you need, NeurIPS.
    """
    row = torch.arange(n_rows, device=device, dtype=torch.float32)[:, None]
    half = (width + 1) // 2
    rate = torch.exp(-math.log(10_000.0) * torch.arange(half, device=device) / half)
    return torch.cat([torch.sin(row * rate), torch.cos(row * rate)], dim=1)[:, :width]


class RelativeBias(nn.Module):
    """What attention adds for the distance of two rows: one number a head and bin of distance.

    Bins are single rows nearby and grow with the logarithm of the distance, signed, so that a
    window may be longer than those of the training.

    References:
        Raffel et al. (2020), Exploring the limits of transfer learning, JMLR 21.
    """

    def __init__(self, n_heads: int, n_bins: int = 16, exact: int = 8, reach: int = 512) -> None:
        super().__init__()
        self.n_bins, self.exact, self.reach = n_bins, exact, reach
        self.bias = nn.Embedding(2 * n_bins, n_heads)

    def forward(self, n_query: int, n_key: int) -> Tensor:
        """Shape (head, query row, key row)."""
        device = self.bias.weight.device
        distance = (
            torch.arange(n_key, device=device) - torch.arange(n_query, device=device)[:, None]
        )
        size = distance.abs()
        growth = math.log(self.reach / self.exact)
        far = self.exact + (
            torch.log(size.clamp(min=1) / self.exact) / growth * (self.n_bins - self.exact)
        )
        index = torch.where(size < self.exact, size, far.long().clamp(max=self.n_bins - 1))
        index = index + self.n_bins * (distance > 0)
        bias: Tensor = self.bias(index)  # (query, key, head)
        return bias.permute(2, 0, 1)


class Attention(nn.Module):
    """Multi-head attention with an additive bias and a mask of the keys that may be seen."""

    def __init__(self, width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        if width % n_heads:
            raise OptionError(f"attention_heads {n_heads} does not divide the width {width}.")
        self.n_heads, self.dropout = n_heads, dropout
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, rows: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        """Shape of ``rows``.

        Args:
            rows: What asks, shape (batch, query row, width).
            memory: What is asked, shape (batch, key row, width).
            bias: Added to the scores, minus infinity where a key is hidden; broadcasts to (batch,
                head, query row, key row).
        """
        query = self._split(self.query(rows))
        key, value = (self._split(part) for part in self.key_value(memory).chunk(2, dim=2))
        mixed = functional.scaled_dot_product_attention(
            query, key, value, bias, dropout_p=self.dropout if self.training else 0.0
        )
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, rows: Tensor) -> Tensor:
        return rows.unflatten(2, (self.n_heads, -1)).transpose(1, 2)  # (batch, head, row, part)


def feed_forward(width: int, dropout: float) -> nn.Sequential:
    """The two layers between attentions, four times as wide in the middle."""
    return nn.Sequential(
        nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, width)
    )


def hidden_padding(real: Tensor) -> Tensor:
    """Bias that hides padding from every row, shape (batch, 1, 1, key row)."""
    bias = torch.zeros_like(real).masked_fill(real == 0, float("-inf"))
    # A window of padding alone would have nothing to look at, and answer NaN.
    bias = torch.where((real == 0).all(dim=1, keepdim=True), torch.zeros_like(bias), bias)
    return bias[:, None, None, :]
