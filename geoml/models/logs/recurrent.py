"""Rows read one after the other by a recurrent layer of torch; padding is never read."""

from __future__ import annotations

from torch import Tensor, nn

from geoml.models.logs.log_network import real_lengths


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
