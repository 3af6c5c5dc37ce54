"""A generator of sections and the critic that it learns from: what all GANs here share.

A subclass names its networks and its game (``geoml.objectives.adversarial_loss``); trained by
``geoml.training.adversarial_fit``.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from geoml.models.priors.condition import KnownConditions
from geoml.models.priors.prior_config import PriorConfig


class AdversarialPair(nn.Module):
    """Generator and critic; see the module's docstring.

    Attributes:
        conditional: True where both read a condition.
        game: Key of ``ADVERSARIAL_LOSSES``.
    """

    conditional: ClassVar[bool] = False
    game: ClassVar[str]

    def __init__(self, config: PriorConfig, generator: nn.Module, critic: nn.Module) -> None:
        super().__init__()
        config.check_condition(type(self).__name__, self.conditional)
        self.config = config
        self.generator = generator
        self.critic = critic
        self.known_conditions = KnownConditions(config.n_condition)

    def forward(self, sections: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """``velocity`` of drawn codes (batch, depth, distance), ``judgement`` of both (batch).

        Args:
            sections: Scaled velocity, shape (batch, depth, distance).
            condition: Shape (batch, condition); None for a network without.
        """
        code = torch.randn(len(sections), self.config.code, device=sections.device)
        velocity = self.decode(code, condition)
        return {
            "velocity": velocity,
            "judgement": self.judge(sections, condition),
            "drawn_judgement": self.judge(velocity, condition),
        }

    def decode(self, code: Tensor, condition: Tensor | None = None) -> Tensor:
        """Sections of codes, a differentiable map (batch, code) to (batch, depth, distance)."""
        velocity: Tensor = self.generator(code, condition)
        return velocity

    def judge(self, sections: Tensor, condition: Tensor | None = None) -> Tensor:
        """How true sections look to the critic, shape (batch), in float32."""
        judgement: Tensor = self.critic(sections, condition)
        return judgement

    @torch.no_grad()
    def sample(
        self, n: int, generator: torch.Generator | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """New sections, scaled velocity in -1..1, shape (n, depth, distance).

        Args:
            n: How many.
            generator: Source of randomness, on the CPU.
            condition: Shape (n, condition); of a conditional network, those of sections that it
                was trained on if None.
        """
        if condition is None and self.conditional:
            condition = self.known_conditions.draw(n, generator)
        weight = next(self.generator.parameters())
        code = torch.randn(n, self.config.code, generator=generator).to(weight.device)
        return self.decode(code, condition).clamp(-1, 1)
