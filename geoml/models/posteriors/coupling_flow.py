"""A conditional normalising flow over maps: from normal numbers to a code, and back.

Every step leaves half of the channels alone and moves the others by a shift and a factor that
follow from that half and from the context, so that its inverse and its determinant are at hand.

References:
    Dinh, Sohl-Dickstein & Bengio (2017), Density estimation using Real NVP, ICLR.
    Winkler et al. (2019), Learning likelihoods with conditional normalizing flows, arXiv
    1912.00042.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_FIRST_WEIGHT = 0.05
"""Of the last layer, against that of a fresh one: a flow begins near the identity."""


class CouplingFlow(nn.Module):
    """The flow; see the module's docstring.

    Args:
        channels: Of the code.
        context: Channels of the context.
        steps: Couplings; 0 leaves the numbers as they are.
        hidden: Channels between the two convolutions of a coupling.
    """

    def __init__(self, channels: int, context: int, steps: int, hidden: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(
            _Coupling(channels, context, hidden, first=i % 2 == 0) for i in range(steps)
        )

    def forward(self, base: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Code and logarithm of the volume's growth.

        Args:
            base: Shape (batch, channel, row, column).
            context: Shape (batch, context, row, column).

        Returns:
            Code, shape of ``base``; log determinant, shape (batch,).
        """
        growth = base.new_zeros(len(base))
        # In bfloat16 there and back would not meet.
        with torch.autocast(base.device.type, enabled=False):
            code, context = base.float(), context.float()
            for step in self.steps:
                code, more = step(code, context)
                growth = growth + more
        return code, growth

    def inverse(self, code: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """What ``forward`` would have made this code from, and the growth on that way."""
        growth = code.new_zeros(len(code))
        with torch.autocast(code.device.type, enabled=False):
            base, context = code.float(), context.float()
            for step in reversed(self.steps):
                base, more = step.inverse(base, context)  # type: ignore[operator]
                growth = growth + more
        return base, growth


class _Coupling(nn.Module):
    """One step: the kept half tells how the other one moves."""

    kept: Tensor

    def __init__(self, channels: int, context: int, hidden: int, first: bool) -> None:
        super().__init__()
        kept = torch.arange(channels) % 2 == (0 if first else 1)
        self.register_buffer("kept", kept.float()[:, None, None], persistent=False)
        last = nn.Conv2d(hidden, 2 * channels, 3, padding=1)
        with torch.no_grad():
            last.weight *= _FIRST_WEIGHT
            assert last.bias is not None
            last.bias *= _FIRST_WEIGHT
        self.body = nn.Sequential(
            nn.Conv2d(channels + context, hidden, 3, padding=1), nn.SiLU(), last
        )

    def forward(self, base: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        shift, stretch = self._move(base, context)
        return base * stretch.exp() + shift, stretch.flatten(1).sum(1)

    def inverse(self, code: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Back; the kept half is the same on both sides."""
        shift, stretch = self._move(code, context)
        return (code - shift) * (-stretch).exp(), stretch.flatten(1).sum(1)

    def _move(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Shift and log factor, both 0 where a channel is kept."""
        given = torch.cat([x * self.kept, context], dim=1)
        shift, stretch = self.body(given).chunk(2, dim=1)
        return shift * (1 - self.kept), stretch.tanh() * (1 - self.kept)
