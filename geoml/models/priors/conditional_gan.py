"""Conditional GAN: sections of a stated kind, around a stated trend; the non-saturating game.

The generator reads the condition beside the code, the critic judges how well section and condition
go together.

References:
    Mirza and Osindero (2014), Conditional generative adversarial nets, arXiv 1411.1784.
"""

from __future__ import annotations

from geoml.models.priors.adversarial_pair import AdversarialPair
from geoml.models.priors.prior_config import ConvolutionConfig
from geoml.models.priors.section_blocks import SectionCritic, SectionGenerator


class ConditionalGan(AdversarialPair):
    """The network; see the module's docstring."""

    conditional = True
    game = "non_saturating"

    def __init__(self, config: ConvolutionConfig) -> None:
        super().__init__(config, SectionGenerator(config), SectionCritic(config))
