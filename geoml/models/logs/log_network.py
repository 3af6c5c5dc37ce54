"""What every network on logs shares: masked channels in, one linear layer a head out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from geoml.errors import OptionError

LogHead = tuple[str, int]
"""Name of a head and its number of output channels."""


@dataclass(frozen=True)
class LogConfig:
    """Settings that every network on logs has.

    Attributes:
        n_inputs: Input channels, > 0.
        heads: Name and output channels of each head.
        width: Features a row inside the network, > 0.
        dropout: Share of features dropped in training, 0 to under 1.
        direct: Whether a linear map of the row itself is added to each head, so that what a
            straight line can say need not be learned by the network.
    """

    n_inputs: int
    heads: tuple[LogHead, ...]
    width: int = 48
    dropout: float = 0.2
    direct: bool = True

    def __post_init__(self) -> None:
        if self.n_inputs < 1 or not self.heads or any(size < 1 for _, size in self.heads):
            raise OptionError("A network on logs needs an input channel and a head with outputs.")
        if self.width < 1 or not 0 <= self.dropout < 1:
            raise OptionError(
                f"width is {self.width} and dropout {self.dropout:g}; they must be above 0, and at "
                "least 0 and under 1."
            )


class LogNetwork(nn.Module):
    """Base of the networks on logs: subclasses encode rows, the heads are the same.

    Attributes:
        config: Settings.
        reads_targets: True where training also shows the targets of the rows above.
    """

    reads_targets = False

    def __init__(self, config: LogConfig, encoded_width: int) -> None:
        super().__init__()
        self.config = config
        self.dropout = nn.Dropout(config.dropout)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(encoded_width, size) for name, size in config.heads}
        )
        self.direct = (
            nn.ModuleDict(
                {name: nn.Linear(2 * config.n_inputs, size) for name, size in config.heads}
            )
            if config.direct
            else None
        )

    def encode(self, rows: Tensor, real: Tensor) -> Tensor:
        """Features of every row.

        Args:
            rows: Scaled values and their masks, shape (batch, depth, 2 * channel).
            real: 1 where a row is no padding, shape (batch, depth).

        Returns:
            Shape (batch, depth, feature).
        """
        raise NotImplementedError

    def forward(
        self, values: Tensor, present: Tensor, real: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Head name -> (batch, depth, output channel).

        Args:
            values: Scaled channels, 0 where missing, shape (batch, depth, channel).
            present: 1 where measured, 0 where missing, same shape.
            real: 1 where a row is no padding, shape (batch, depth); all real if None.
        """
        if real is None:
            real = values.new_ones(values.shape[:2])
        # Padding looks like a row where nothing was measured.
        rows = torch.cat([values * present, present], dim=2) * real[..., None]
        encoded = self.dropout(self.encode(rows, real))  # (batch, depth, feature)
        output = {name: head(encoded) for name, head in self.heads.items()}
        if self.direct is not None:
            output = {name: value + self.direct[name](rows) for name, value in output.items()}
        return output


def real_lengths(real: Tensor) -> Tensor:
    """Rows of each window that are no padding, at least 1, on the CPU."""
    return real.sum(dim=1).long().clamp(min=1).cpu()
