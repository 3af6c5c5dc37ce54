"""Gated recurrent units on logs: reads scaled curves row by row, predicts one value a head and row.

References:
    Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.logs.log_network import LogConfig, LogNetwork
from geoml.models.logs.recurrent import read_in_order


@dataclass(frozen=True)
class GruConfig(LogConfig):
    """Settings of gated recurrent units, an LSTM with fewer weights.

    Attributes:
        layers: Recurrent layers on top of each other, > 0.
        bidirectional: Whether a second set of layers reads upwards, so that a row knows what lies
            below it too.
    """

    layers: int = 1
    bidirectional: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers < 1:
            raise OptionError(f"layers is {self.layers}; it must be above 0.")


class Gru(LogNetwork):
    """Reads the rows in order with gated recurrent units, an LSTM with fewer weights."""

    def __init__(self, config: GruConfig) -> None:
        super().__init__(config, config.width * (2 if config.bidirectional else 1))
        self.layer = nn.GRU(
            2 * config.n_inputs,
            config.width,
            num_layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout if config.layers > 1 else 0.0,
            batch_first=True,
        )

    def encode(self, rows: Tensor, real: Tensor) -> Tensor:
        """State at every row, shape (batch, depth, feature)."""
        return read_in_order(self.layer, rows, real)
