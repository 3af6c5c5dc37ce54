"""Long short-term memory on logs: reads scaled curves row by row, predicts a value a head.

References:
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9;
    Schuster and Paliwal (1997), Bidirectional recurrent neural networks, IEEE TSP 45.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from geoml.models.logs.recurrent import RecurrentConfig, RecurrentNetwork


@dataclass(frozen=True)
class LstmConfig(RecurrentConfig):
    """Settings of long short-term memory, downwards or in both directions."""

    bidirectional: bool = False


class Lstm(RecurrentNetwork):
    """Reads the rows in order with long short-term memory, downwards or in both directions."""

    kind = nn.LSTM
