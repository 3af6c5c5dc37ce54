"""Dropout that goes on in prediction, so that repeated answers show what a network is unsure of.

References:
    Gal and Ghahramani (2016), Dropout as a Bayesian approximation, ICML.
"""

from __future__ import annotations

from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from geoml.errors import OptionError

# They drop by themselves, or skip the dropout in them where they are not told to train.
_DROPPING = (_DropoutNd, nn.MultiheadAttention, nn.TransformerEncoderLayer)


def enable_dropout(network: nn.Module) -> None:
    """Set a network to predict with its dropout at work; batch norms keep their statistics.

    ``network.eval()`` ends it.

    Raises:
        OptionError: If nothing in the network drops.
    """
    if not any(isinstance(m, _DropoutNd) and m.p > 0 for m in network.modules()):
        raise OptionError(
            "The network was trained without dropout, so that its answers would all be the same; "
            "train it with the model option 'dropout' above 0."
        )
    network.eval()
    for module in network.modules():
        if isinstance(module, _DROPPING):
            module.train()
