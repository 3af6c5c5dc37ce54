"""Conditional Wasserstein GAN: velocity sections that go with shot gathers, and their critic.

The code is the normal numbers themselves; the drawing part learns to turn them into sections that
the critic cannot tell from true ones. The critic reads **two** sections at once, beside what the
trunk says of the gathers: a true one with a drawn one, or two drawn ones. A generator that gives
the same section twice is found out, so that the spread does not die.

References:
    Adler & Öktem (2018), Deep Bayesian inversion, arXiv 1811.05910 (mini-batch discriminator).
    Arjovsky, Chintala & Bottou (2017), Wasserstein GAN, ICML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.posteriors.posterior_config import PosteriorConfig
from geoml.models.posteriors.posterior_network import (
    CONTEXT_CHANNELS,
    Context,
    PosteriorNetwork,
)

_SLOPE = 0.2


@dataclass(frozen=True)
class ConditionalGanConfig(PosteriorConfig):
    """Those of every posterior network, and of the critic.

    Attributes:
        shape: Sizes of the gathers and the section.
        heads: Maps that it predicts; ``velocity`` and ``log_variance`` are those of its draws.
        trunk: Options of the multi-head U-Net that reads the gathers.
        widths: Channels of the drawing part's levels, from half the resolution down.
        code_channels: Numbers a cell of the code's grid, at least 2.
        draws: Draws behind ``velocity`` and ``log_variance``.
        critic_widths: Channels of the critic's levels, each at half the resolution of the one
            before.
    """

    critic_widths: tuple[int, ...] = (32, 64, 96)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.critic_widths or min(self.critic_widths) < 1:
            raise OptionError(f"'critic_widths' are {self.critic_widths}; needed at least one.")


class ConditionalGan(PosteriorNetwork):
    """The generator; see the module's docstring."""

    config: ConditionalGanConfig

    def code(self, noise: Tensor, context: Context) -> Tensor:
        """The normal numbers as they are."""
        return noise

    def critic(self) -> PairCritic:
        """A fresh critic of this network; it serves training alone and is in no checkpoint."""
        return PairCritic(self.config.critic_widths)


class PairCritic(nn.Module):
    """Higher where one of two departures is a true one.

    It has no norm over the batch, under which the gradient penalty of one pair would depend on the
    others.

    Args:
        widths: Channels of its levels.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 2 + CONTEXT_CHANNELS
        for width in widths:
            layers += [nn.Conv2d(n_in, width, 5, stride=2, padding=2), nn.LeakyReLU(_SLOPE)]
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(_SLOPE)]
            n_in = width
        self.body = nn.Sequential(*layers, nn.Conv2d(n_in, 1, 3, padding=1))

    def forward(self, first: Tensor, second: Tensor, sections: Tensor) -> Tensor:
        """A score a pair, shape (batch).

        Args:
            first: Departures, shape (batch, depth, distance).
            second: Same.
            sections: ``Context.sections`` without gradient, shape (batch, channel, depth,
                distance).
        """
        x = torch.cat([torch.stack([first, second], dim=1), sections], dim=1)
        x = x.contiguous(memory_format=torch.channels_last)
        return cast(Tensor, self.body(x)).float().mean((1, 2, 3))
