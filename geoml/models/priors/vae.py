"""Variational autoencoder: sections to codes and back, and new sections from drawn codes.

Reads sections (batch, depth, distance), scaled to -1..1; predicts mean and log variance of their
codes and the section that a drawn code stands for. The code is drawn so that gradients pass
(``reparameterised``); trained by ``geoml.training.prior``.

References:
    Kingma and Welling (2014), Auto-encoding variational Bayes, ICLR.
    Laloy et al. (2017), Inversion using a new low-dimensional representation of complex binary
        geological media, Advances in Water Resources 110, 387-405.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from geoml.errors import OptionError
from geoml.models.gathers.variational_autoencoder import reparameterised
from geoml.models.priors.code_prior import CodePrior
from geoml.models.priors.prior_config import ConvolutionConfig
from geoml.models.priors.section_blocks import SectionEncoder, SectionGenerator
from geoml.models.priors.section_prior import SectionPrior

_LOG_VARIANCE_LIMIT = 12.0


@dataclass(frozen=True, kw_only=True)
class VaeConfig(ConvolutionConfig):
    """Sizes of the network.

    Attributes:
        components: Most Gaussians in the distribution of codes that is fitted after the training;
            as many of them are used as explain codes left out of the fit best.
    """

    components: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.components < 1:
            raise OptionError(f"'components' is {self.components}; it must be at least 1.")


class Vae(SectionPrior):
    """The network; see the module's docstring."""

    config: VaeConfig

    def __init__(self, config: VaeConfig) -> None:
        super().__init__(config)
        self.encoder = SectionEncoder(config, 2 * config.code)
        self.decoder = SectionGenerator(config)
        self.code_prior = CodePrior(config.code, config.components, config.n_condition)

    def forward(self, sections: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """Reconstruction and code of sections.

        Args:
            sections: Scaled velocity, shape (batch, depth, distance).
            condition: Shape (batch, condition); None for a network without.

        Returns:
            ``velocity`` (batch, depth, distance), of a drawn code while training and of the mean
            one after; ``mean`` and ``log_variance`` (batch, code).
        """
        mean, log_variance = self.encode(sections, condition)
        code = reparameterised(mean, log_variance) if self.training else mean
        velocity = self.decode(code, condition)
        return {"velocity": velocity, "mean": mean, "log_variance": log_variance}

    def encode(self, sections: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the codes of sections, each (batch, code)."""
        mean, log_variance = self.encoder(sections, condition).chunk(2, dim=1)
        return mean, log_variance.clamp(-_LOG_VARIANCE_LIMIT, _LOG_VARIANCE_LIMIT)

    def decode(self, code: Tensor, condition: Tensor | None = None) -> Tensor:
        """Sections of codes, a differentiable map (batch, code) to (batch, depth, distance)."""
        velocity: Tensor = self.decoder(code, condition)
        return velocity

    def draw_codes(
        self, n: int, generator: torch.Generator | None, condition: Tensor | None
    ) -> Tensor:
        """Codes of the distribution that was fitted to those of true sections, shape (n, code)."""
        return self.code_prior.sample(n, generator, condition)
