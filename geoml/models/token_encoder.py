"""Pre-norm transformer over tokens, and what tells it where tokens are."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from geoml.errors import OptionError

_SHORTEST_M, _LONGEST_M = 50.0, 20_000.0
_N_WAVELENGTHS = 12
OFFSET_FEATURES = 2 * _N_WAVELENGTHS
"""Numbers that ``offset_features`` makes of one offset."""


def token_encoder(width: int, depth: int, n_heads: int, dropout: float) -> nn.TransformerEncoder:
    """Pre-norm transformer with GELU and hidden layers four times as wide, each layer drawn anew.

    Args:
        width: Length of a token.
        depth: Layers.
        n_heads: Heads of each layer's attention.
        dropout: Share dropped in training.
    """
    layer = nn.TransformerEncoderLayer(
        width, n_heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True
    )
    encoder = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)
    draw_layers(encoder.layers)
    return encoder


def draw_layers(layers: nn.ModuleList) -> None:
    """Give each layer weights of its own: torch makes them as copies of one."""
    for layer in layers:
        for weight in layer.parameters():
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)


def position(size: int, width: int) -> nn.Parameter:
    """Learned positions along one axis, shape (size, width)."""
    return nn.Parameter(0.02 * torch.randn(size, width))


def offset_features(offset_m: Tensor) -> Tensor:
    """Sines and cosines of signed offsets, at wavelengths from 50 m to 20 km.

    Args:
        offset_m: Receiver minus source [m], shape (...).

    Returns:
        Shape (..., ``OFFSET_FEATURES``).

    References:
        Tancik et al. (2020), Fourier features let networks learn high frequency functions in low
        dimensional domains, NeurIPS.
    """
    growth = math.log(_LONGEST_M / _SHORTEST_M) / (_N_WAVELENGTHS - 1)
    wavelength_m = _SHORTEST_M * torch.exp(
        growth * torch.arange(_N_WAVELENGTHS, device=offset_m.device, dtype=torch.float32)
    )
    angle = 2 * math.pi * offset_m.float()[..., None] / wavelength_m
    return torch.cat([torch.sin(angle), torch.cos(angle)], dim=-1)


def check_tokens(name: str, width: int, depth: int, n_heads: int) -> None:
    """Refuse sizes that make no transformer.

    Raises:
        OptionError: If a size is below 1, or the heads do not divide the width.
    """
    if min(width, depth, n_heads) < 1:
        raise OptionError(f"{name}: width, depth and attention_heads must be at least 1.")
    if width % n_heads:
        raise OptionError(f"{name}: attention_heads {n_heads} does not divide width {width}.")
