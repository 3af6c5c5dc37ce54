"""The first generative adversarial network: dense layers, the minimax game.

Reads drawn codes (batch, code); predicts sections (batch, depth, distance), scaled. Its gradient
fades while the critic is far ahead, and dense layers know nothing of neighbouring cells: it is here
as the row that the later ones are measured against.

References:
    Goodfellow et al. (2014), Generative adversarial nets, NeurIPS.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.models.priors.adversarial_pair import AdversarialPair
from geoml.models.priors.prior_config import PriorConfig
from geoml.models.priors.section_blocks import with_condition

_SLOPE = 0.2


@dataclass(frozen=True, kw_only=True)
class GanConfig(PriorConfig):
    """Sizes of the network.

    Attributes:
        widths: Outputs of the generator's hidden layers; the critic has them in reverse.
    """

    widths: tuple[int, ...] = (256, 512)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.widths or min(self.widths) < 1:
            raise OptionError(f"'widths' are {self.widths}; at least one of at least 1 is needed.")


class Gan(AdversarialPair):
    """The network; see the module's docstring."""

    game = "minimax"

    def __init__(self, config: GanConfig) -> None:
        super().__init__(config, DenseGenerator(config), DenseCritic(config))


class DenseGenerator(nn.Module):
    """Code to section by dense layers."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.shape = config.shape
        n_cells = config.shape[0] * config.shape[1]
        self.layers = _dense((config.code + config.n_condition, *config.widths, n_cells))

    def forward(self, code: Tensor, condition: Tensor | None = None) -> Tensor:
        """Scaled velocity, shape (batch, depth, distance)."""
        cells: Tensor = self.layers(with_condition(code, condition))
        return cells.float().unflatten(1, self.shape)


class DenseCritic(nn.Module):
    """Section to judgement by dense layers."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        n_cells = config.shape[0] * config.shape[1]
        self.layers = _dense((n_cells + config.n_condition, *config.widths[::-1], 1))

    def forward(self, sections: Tensor, condition: Tensor | None = None) -> Tensor:
        """Shape (batch, depth, distance) to (batch)."""
        judgement: Tensor = self.layers(with_condition(sections.flatten(1), condition))
        return judgement.float().squeeze(1)


def _dense(sizes: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(_SLOPE)]
    return nn.Sequential(*layers[:-1])
