"""Simple recurrent network on logs: reads scaled curves row by row, predicts a value a head.

References:
    Elman (1990), Finding structure in time, Cognitive Science 14.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.logs.log_network import LogConfig, LogNetwork
from geoml.models.logs.recurrent import read_in_order


@dataclass(frozen=True)
class ElmanConfig(LogConfig):
    """Settings of the recurrent network whose state is one layer of tanh.

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


class Elman(LogNetwork):
    """Reads the rows in order with a recurrent layer of tanh."""

    def __init__(self, config: ElmanConfig) -> None:
        super().__init__(config, config.width * (2 if config.bidirectional else 1))
        self.layer = nn.RNN(
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
