"""What posterior networks share: gathers in, any number of velocity sections out.

A multi-head U-Net, the trunk, reads the gathers and says a velocity, its spread and features at the
section's resolution. A draw is that velocity plus its spread times a departure, a map that the
drawing part makes of the features and of a code. Networks differ in where the code comes from.

References:
    Sohn, Lee & Yan (2015), Learning structured output representation using deep conditional
    generative models, NeurIPS.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.mh_unet import HEAD_WIDTH, MhUnet
from geoml.models.posteriors.posterior_config import PosteriorConfig
from geoml.models.posteriors.section_levels import LevelsDown, LevelsUp

SCALE_LIMITS = (0.01, 3.0)
"""Of the spread that departures are measured in, in units of scaled velocity."""
CONTEXT_CHANNELS = HEAD_WIDTH + 2
_LEAST_VARIANCE = 1e-6
_DRAW_BLOCK = 8  # draws that go up together; their maps at full resolution fill memory


class Context(NamedTuple):
    """What the gathers say, for all draws.

    Attributes:
        maps: What the trunk itself predicts, each (batch, depth, distance).
        velocity: The trunk's velocity, without gradient, same shape.
        scale: Its spread, within ``SCALE_LIMITS``, without gradient, same shape.
        sections: All of it as channels, shape (batch, ``CONTEXT_CHANNELS``, depth, distance).
        features: Of every level of the drawing part, each (batch, width, ...).
    """

    maps: dict[str, Tensor]
    velocity: Tensor
    scale: Tensor
    sections: Tensor
    features: list[Tensor]


class PosteriorNetwork(nn.Module):
    """The shared part; see the module's docstring."""

    def __init__(self, config: PosteriorConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk = MhUnet(config.trunk_config())
        self.down = LevelsDown(CONTEXT_CHANNELS, config.widths)
        self.up = LevelsUp(
            config.code_channels,
            config.widths,
            (config.shape.n_depth, config.shape.n_distance),
        )

    def context(self, shots: Tensor) -> Context:
        """What the gathers say.

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).

        Raises:
            ShapeError: If the gathers have other sizes than the network was built for.
        """
        maps, features = self.trunk.read(shots)
        velocity = maps["velocity"].detach()
        scale = (maps["log_variance"].detach() / 2).exp().clamp(*SCALE_LIMITS)
        known = torch.stack([velocity, scale.log()], dim=1).to(features.dtype)
        sections = torch.cat([features, known], dim=1)
        return Context(maps, velocity, scale, sections, self.down(sections))

    def noise(self, n: int, n_batch: int, generator: torch.Generator | None = None) -> Tensor:
        """Normal numbers behind draws, shape (draw, batch, channel, row, column), on the CPU."""
        size = (n, n_batch, self.config.code_channels, *self.config.code_grid)
        return torch.randn(size, generator=generator)

    def code(self, noise: Tensor, context: Context) -> Tensor:
        """Codes of draws.

        Args:
            noise: As ``noise`` gives it, on the context's device.
            context: What the gathers say.

        Returns:
            Same shape.
        """
        raise NotImplementedError

    def departure(self, code: Tensor, context: Context) -> Tensor:
        """How far a draw is from the trunk's velocity, in its spread.

        Returns:
            Shape (draw, batch, depth, distance).
        """
        departure: Tensor = self.up(code, context.features)
        return departure

    def drawn(self, noise: Tensor, context: Context) -> Tensor:
        """Scaled velocity of draws, shape (draw, batch, depth, distance)."""
        departure = self.departure(self.code(noise, context), context)
        return context.velocity + context.scale * departure

    def sample(self, shots: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Scaled velocity sections that go with the gathers.

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).
            n: Draws of each, at least 1.
            generator: On the CPU; torch's own if None.

        Returns:
            Shape (draw, batch, depth, distance), float32.

        Raises:
            OptionError: If ``n`` is below 1.
        """
        if n < 1:
            raise OptionError(f"{n} posterior samples were asked for; at least 1 is needed.")
        return self.draws(self.context(shots), self.noise(n, len(shots), generator))

    def forward(self, shots: Tensor) -> dict[str, Tensor]:
        """Mean and log variance of draws, and the trunk's edges, one map a head.

        Args:
            shots: Scaled gathers, shape (batch, shot, time, receiver).

        Returns:
            Head name -> shape (batch, depth, distance), float32.
        """
        context = self.context(shots)
        # The same numbers for every gather: what shares its batch must not change the answer.
        noise = self.noise(self.config.draws, 1).expand(-1, len(shots), -1, -1, -1)
        return self.summary(self.draws(context, noise), context)

    def draws(self, context: Context, noise: Tensor) -> Tensor:
        """As ``drawn``, a block of draws at a time, float32.

        Args:
            context: What the gathers say.
            noise: As ``noise`` gives it, on any device.
        """
        device = context.velocity.device
        blocks = [self.drawn(some.to(device), context) for some in noise.split(_DRAW_BLOCK)]
        return torch.cat(blocks).float()

    def summary(self, draws: Tensor, context: Context) -> dict[str, Tensor]:
        """Mean and log variance of draws beside what the trunk says, one map a head.

        Args:
            draws: Shape (draw, batch, depth, distance), at least two.
            context: What the gathers say.
        """
        variance = draws.var(dim=0).clamp(min=_LEAST_VARIANCE)
        made = {**context.maps, "velocity": draws.mean(dim=0), "log_variance": variance.log()}
        return {head: made[head] for head in self.config.heads}

    def encode(self, shots: Tensor) -> Tensor:
        """The trunk's features, shape (batch, width): what tells known gathers from unknown."""
        return self.trunk.encode(shots)
