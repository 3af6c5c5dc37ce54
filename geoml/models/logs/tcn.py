"""Temporal convolution on logs: dilated convolutions over depth, residual blocks.

References:
    Bai et al. (2018), An empirical evaluation of generic convolutional and recurrent networks for
    sequence modeling, arXiv:1803.01271. Here the filters look up and down, as depth has no future.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError
from geoml.models.logs.log_network import LogConfig, LogNetwork


@dataclass(frozen=True)
class TcnConfig(LogConfig):
    """Settings of the temporal convolution.

    Attributes:
        blocks: Residual blocks; each one doubles the distance that its filter spans, > 0.
        kernel: Rows that a filter reads, odd, > 1.
    """

    blocks: int = 5
    kernel: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.blocks < 1 or self.kernel < 3 or self.kernel % 2 == 0:
            raise OptionError(
                f"blocks is {self.blocks} and kernel {self.kernel}; needed are 1 block and an odd "
                "kernel of 3 or more."
            )


class Tcn(LogNetwork):
    """Residual blocks whose filters span 3, 5, 9, 17 ... rows."""

    def __init__(self, config: TcnConfig) -> None:
        super().__init__(config, config.width)
        self.stem = nn.Linear(2 * config.n_inputs, config.width)
        self.blocks = nn.ModuleList(_Block(config, 2**level) for level in range(config.blocks))

    def encode(self, rows: Tensor, real: Tensor) -> Tensor:
        """Features of every row, shape (batch, depth, feature)."""
        alive = real[:, None, :]
        features = self.stem(rows).transpose(1, 2) * alive  # (batch, width, depth)
        for block in self.blocks:
            # Padding is silent for every filter, however many blocks came before.
            features = block(features) * alive
        return features.transpose(1, 2)


class _Block(nn.Module):
    def __init__(self, config: TcnConfig, dilation: int) -> None:
        super().__init__()
        reach = dilation * (config.kernel - 1) // 2
        self.spread = nn.Conv1d(
            config.width, config.width, config.kernel, padding=reach, dilation=dilation
        )
        self.mix = nn.Conv1d(config.width, config.width, 1)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, features: Tensor) -> Tensor:
        changed: Tensor = self.mix(self.dropout(functional.silu(self.spread(features))))
        return features + changed  # (batch, width, depth)
