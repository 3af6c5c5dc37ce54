"""Simple recurrent network on logs: reads scaled curves row by row, predicts a value a head.

References:
    Elman (1990), Finding structure in time, Cognitive Science 14.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from geoml.models.logs.recurrent import RecurrentConfig, RecurrentNetwork


@dataclass(frozen=True)
class ElmanConfig(RecurrentConfig):
    """Settings of the recurrent network whose state is one layer of tanh."""


class Elman(RecurrentNetwork):
    """Reads the rows in order with a recurrent layer of tanh."""

    kind = nn.RNN
