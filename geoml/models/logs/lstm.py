"""Long short-term memory on logs: reads scaled curves row by row, predicts a value a head.

References:
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9;
    Schuster and Paliwal (1997), Bidirectional recurrent neural networks, IEEE TSP 45.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.logs.log_network import LogConfig, LogNetwork
from geoml.models.logs.recurrent import read_in_order


@dataclass(frozen=True)
class LstmConfig(LogConfig):
    """Settings of long short-term memory, downwards or in both directions.

    Attributes:
        layers: Recurrent layers on top of each other, > 0.
        bidirectional: Whether a second set of layers reads upwards, so that a row knows what lies
            below it too.
    """

    layers: int = 1
    bidirectional: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers < 1:
            raise OptionError(f"layers is {self.layers}; it must be above 0.")


class Lstm(LogNetwork):
    """Reads the rows in order with long short-term memory, downwards or in both directions."""

    def __init__(self, config: LstmConfig) -> None:
        super().__init__(config, config.width * (2 if config.bidirectional else 1))
        self.layer = nn.LSTM(
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
