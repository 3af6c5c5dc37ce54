"""Conditions of the conditional priors: what kind of section, and around which velocity trend."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from geoml.models.priors.prior_config import PriorConfig

_KNOWN = 256


def section_condition(
    sections: Tensor, labels: Tensor | None, config: PriorConfig
) -> Tensor | None:
    """The condition that sections themselves fulfil, shape (batch, condition).

    Args:
        sections: Scaled velocity, shape (batch, depth, distance).
        labels: Kind of each, shape (batch); None where the network tells none apart.
        config: How many labels and trend depths there are.

    Returns:
        None where the network reads no condition.
    """
    if config.n_condition == 0:
        return None
    return join_condition(labels, section_trend(sections, config.n_trend), config)


def section_trend(sections: Tensor, n_trend: int) -> Tensor:
    """Mean of each of ``n_trend`` slabs of about equal height, shape (batch, n_trend)."""
    columns = sections.mean(dim=2)
    if n_trend == 0:
        return columns[:, :0]
    return functional.adaptive_avg_pool1d(columns[:, None], n_trend)[:, 0]


def join_condition(labels: Tensor | None, trend: Tensor, config: PriorConfig) -> Tensor:
    """One number a label, 1 for a section's own, then its trend, shape (batch, condition)."""
    if labels is None or config.n_labels == 0:
        kind = torch.zeros(len(trend), config.n_labels, device=trend.device)
    else:
        kind = functional.one_hot(labels.long(), config.n_labels).to(trend)
    return torch.cat([kind, trend], dim=1)


class KnownConditions(nn.Module):
    """Some conditions of the training part, for those who ask for samples under none.

    A subset: it says what conditions look like, all of them would only be copied about.
    """

    values: Tensor

    def __init__(self, n_condition: int) -> None:
        super().__init__()
        self.register_buffer("values", torch.zeros(_KNOWN, n_condition))

    def keep(self, conditions: Tensor, generator: torch.Generator) -> None:
        """Take over some of the conditions (section, condition)."""
        self.values.copy_(conditions[self._rows(len(conditions), _KNOWN, generator)])

    def draw(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Kept conditions at random, shape (n, condition)."""
        return self.values[self._rows(len(self.values), n, generator).to(self.values.device)]

    @staticmethod
    def _rows(count: int, n: int, generator: torch.Generator | None) -> Tensor:
        return torch.randint(count, (n,), generator=generator)
