"""Conditional variational autoencoder: velocity sections that go with shot gathers.

``code`` turns normal numbers into a code by a prior that is learned: its mean and spread follow
from the gathers, and couplings bend it away from a normal distribution. ``recognise`` says which
codes stand for a given section; training alone needs it.

References:
    Kingma & Welling (2014), Auto-encoding variational Bayes, ICLR.
    Sohn, Lee & Yan (2015), Learning structured output representation using deep conditional
    generative models, NeurIPS.
    Chen et al. (2017), Variational lossy autoencoder, ICLR (flow in the prior).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.posteriors.coupling_flow import CouplingFlow
from geoml.models.posteriors.posterior_config import PosteriorConfig
from geoml.models.posteriors.posterior_network import (
    CONTEXT_CHANNELS,
    Context,
    PosteriorNetwork,
)
from geoml.models.posteriors.section_levels import LevelsDown

_LOG_STD_LIMIT = 5.0
_DEPARTURE_LIMIT = 8.0
"""A departure beyond so many spreads is read as this one: a single odd cell must not rule."""


@dataclass(frozen=True)
class ConditionalVaeConfig(PosteriorConfig):
    """Those of every posterior network, and of the prior.

    Attributes:
        shape: Sizes of the gathers and the section.
        heads: Maps that it predicts; ``velocity`` and ``log_variance`` are those of its draws.
        trunk: Options of the multi-head U-Net that reads the gathers.
        widths: Channels of the drawing part's levels, from half the resolution down.
        code_channels: Numbers a cell of the code's grid, at least 2.
        draws: Draws behind ``velocity`` and ``log_variance``.
        flow_steps: Couplings of the prior; with 0 it is normal, given the gathers.
    """

    flow_steps: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.flow_steps < 0:
            raise OptionError(f"'flow_steps' is {self.flow_steps}; it must be at least 0.")


class Recognised(NamedTuple):
    """A section and its gathers in terms of codes.

    Attributes:
        departure: The section's departure from the trunk's velocity in its spread, shape (batch,
            depth, distance).
        decoded: What one code of the section gives back, same shape.
        log_scale: Logarithm of the scale of what lies between the two, a scalar.
        kl: Divergence of the section's codes from the prior [nat], shape (batch,): exact without
            a flow, else its estimate from that code.
    """

    departure: Tensor
    decoded: Tensor
    log_scale: Tensor
    kl: Tensor


class ConditionalVae(PosteriorNetwork):
    """The network; see the module's docstring."""

    config: ConditionalVaeConfig

    def __init__(self, config: ConditionalVaeConfig) -> None:
        super().__init__(config)
        channels, width = config.code_channels, config.widths[-1]
        self.prior = Statistics(width, channels)
        self.flow = CouplingFlow(channels, width, config.flow_steps, width)
        self.recognition = LevelsDown(CONTEXT_CHANNELS + 1, config.widths)
        self.posterior = Statistics(2 * width, channels)
        self.log_scale = nn.Parameter(torch.zeros(()))

    def code(self, noise: Tensor, context: Context) -> Tensor:
        """Codes of draws, from the prior that the gathers give."""
        bottom = context.features[-1].float()
        mean, log_std = self.prior(bottom)
        base = (mean + log_std.exp() * noise).flatten(0, 1)
        code, _ = self.flow(base, _for_draws(bottom, len(noise)))
        return code.unflatten(0, noise.shape[:2])

    def recognise(self, context: Context, velocity: Tensor) -> Recognised:
        """What training compares.

        Args:
            context: What the gathers say.
            velocity: The scaled section that belongs to them, shape (batch, depth, distance).
        """
        departure = (velocity - context.velocity) / context.scale
        mean, log_std = self._codes_of(departure, context)
        code = mean + log_std.exp() * torch.randn_like(mean)
        decoded = self.departure(code[None], context)[0]
        bottom = context.features[-1].float()
        prior_mean, prior_log_std = self.prior(bottom)
        if not self.config.flow_steps:
            kl = normal_divergence(mean, log_std, prior_mean, prior_log_std).flatten(1).sum(1)
            return Recognised(departure, decoded, self.log_scale, kl)
        ratio = log_density(code, mean, log_std) - self.log_prior(code, context)
        return Recognised(departure, decoded, self.log_scale, ratio)

    def log_prior(self, code: Tensor, context: Context) -> Tensor:
        """Logarithm of the prior's density of codes [nat], but for its constant, shape (batch,).

        Args:
            code: Shape (batch, channel, row, column).
            context: What the gathers say.
        """
        bottom = context.features[-1].float()
        base, growth = self.flow.inverse(code, bottom)
        return log_density(base, *self.prior(bottom)) - growth

    def noise_of(self, context: Context, velocity: Tensor) -> Tensor:
        """Normal numbers whose draw is nearest to a section, by the mean of its codes.

        Args:
            context: What the gathers say.
            velocity: Scaled section, shape (batch, depth, distance).

        Returns:
            Shape (1, batch, channel, row, column): what ``drawn`` takes.
        """
        code, _ = self._codes_of((velocity - context.velocity) / context.scale, context)
        bottom = context.features[-1].float()
        base, _ = self.flow.inverse(code, bottom)
        mean, log_std = self.prior(bottom)
        return ((base - mean) * (-log_std).exp())[None]

    def _codes_of(self, departure: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation of a section's codes."""
        shown = departure.clamp(-_DEPARTURE_LIMIT, _DEPARTURE_LIMIT)[:, None]
        maps = torch.cat([context.sections, shown.to(context.sections.dtype)], dim=1)
        seen = torch.cat([self.recognition(maps)[-1], context.features[-1]], dim=1)
        told: tuple[Tensor, Tensor] = self.posterior(seen.float())
        return told


class Statistics(nn.Module):
    """Mean and log standard deviation of a normal distribution over codes, in float32."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, 2 * channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Shape (batch, width, row, column) to two of (batch, channel, row, column)."""
        with torch.autocast(x.device.type, enabled=False):
            mean, log_std = self.body(x.float()).chunk(2, dim=1)
        return mean, _LOG_STD_LIMIT * (log_std / _LOG_STD_LIMIT).tanh()


def normal_divergence(
    mean: Tensor, log_std: Tensor, prior_mean: Tensor, prior_log_std: Tensor
) -> Tensor:
    """Kullback-Leibler divergence of one normal distribution from another [nat], by number.

    ``log(s2 / s1) + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1 / 2``.
    """
    square = (2 * (log_std - prior_log_std)).exp()
    apart = ((mean - prior_mean) * (-prior_log_std).exp()).square()
    return prior_log_std - log_std + 0.5 * (square + apart - 1)


def log_density(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Logarithm of a normal density of codes, but for its constant, shape (batch,)."""
    by_number = -log_std - 0.5 * ((x - mean) * (-log_std).exp()).square()
    return by_number.flatten(1).sum(1)


def _for_draws(bottom: Tensor, n: int) -> Tensor:
    """Features of each gather once a draw, shape (draw * batch, ...)."""
    return bottom.expand(n, *bottom.shape).flatten(0, 1)
