"""Gated recurrent units on logs: reads scaled curves row by row, predicts one value a head and row.

References:
    Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from geoml.models.logs.recurrent import RecurrentConfig, RecurrentNetwork


@dataclass(frozen=True)
class GruConfig(RecurrentConfig):
    """Settings of gated recurrent units, an LSTM with fewer weights."""


class Gru(RecurrentNetwork):
    """Reads the rows in order with gated recurrent units, an LSTM with fewer weights."""

    kind = nn.GRU
