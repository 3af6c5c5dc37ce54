"""What every velocity prior is: a map from codes to sections, and a way to draw codes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from geoml.models.priors.condition import KnownConditions
from geoml.models.priors.prior_config import PriorConfig


class SectionPrior(nn.Module, ABC):
    """Base of the priors.

    Attributes:
        conditional: True where it reads a condition.
        known_conditions: Those of sections that it was trained on.
    """

    conditional: ClassVar[bool] = False

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        config.check_condition(type(self).__name__, self.conditional)
        self.config = config
        self.known_conditions = KnownConditions(config.n_condition)

    @abstractmethod
    def decode(self, code: Tensor, condition: Tensor | None = None) -> Tensor:
        """Sections of codes, a differentiable map (batch, code) to (batch, depth, distance)."""

    @abstractmethod
    def draw_codes(
        self, n: int, generator: torch.Generator | None, condition: Tensor | None
    ) -> Tensor:
        """Codes of new sections, shape (n, code)."""

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
        return self.decode(self.draw_codes(n, generator, condition), condition).clamp(-1, 1)
