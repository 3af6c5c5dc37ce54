"""What the recurrent networks on logs share: rows in order, one state a row, padding never read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.logs.log_network import LogConfig, LogNetwork, real_lengths


@dataclass(frozen=True)
class RecurrentConfig(LogConfig):
    """Settings of a recurrent network.

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


class RecurrentNetwork(LogNetwork):
    """Base of the recurrent networks: subclasses name the layer.

    Attributes:
        kind: Recurrent layer of torch.
    """

    kind: ClassVar[type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]]

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config, config.width * (2 if config.bidirectional else 1))
        self.layer = self.kind(
            2 * config.n_inputs,
            config.width,
            num_layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout if config.layers > 1 else 0.0,
            batch_first=True,
        )

    def encode(self, rows: Tensor, real: Tensor) -> Tensor:
        """State at every row, shape (batch, depth, state)."""
        return read_in_order(self.layer, rows, real)


def read_in_order(layer: nn.RNNBase, rows: Tensor, real: Tensor) -> Tensor:
    """State of a recurrent layer at every row, 0 at the padding.

    Args:
        layer: With ``batch_first``.
        rows: Shape (batch, depth, feature).
        real: 1 where a row is no padding, shape (batch, depth).

    Returns:
        Shape (batch, depth, state).
    """
    if bool(real.all()):
        states, _ = layer(rows)
        return states
    packed = nn.utils.rnn.pack_padded_sequence(
        rows, real_lengths(real), batch_first=True, enforce_sorted=False
    )
    states, _ = layer(packed)
    padded, _ = nn.utils.rnn.pad_packed_sequence(
        states, batch_first=True, total_length=rows.shape[1]
    )
    return padded
