"""A generator of sections and the critic that it learns from: what all GANs here share.

A subclass names its networks and its game (``geoml.objectives.adversarial_loss``); trained by
``geoml.training.adversarial_fit``.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from geoml.models.priors.prior_config import PriorConfig
from geoml.models.priors.section_prior import SectionPrior


class AdversarialPair(SectionPrior):
    """Generator and critic; see the module's docstring.

    Attributes:
        game: Key of ``ADVERSARIAL_LOSSES``.
    """

    game: ClassVar[str]

    def __init__(self, config: PriorConfig, generator: nn.Module, critic: nn.Module) -> None:
        super().__init__(config)
        self.generator = generator
        self.critic = critic

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

    def draw_codes(
        self, n: int, generator: torch.Generator | None, condition: Tensor | None
    ) -> Tensor:
        """Standard normal codes, shape (n, code)."""
        weight = next(self.generator.parameters())
        return torch.randn(n, self.config.code, generator=generator).to(weight.device)
