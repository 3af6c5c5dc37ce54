"""Wasserstein GAN with gradient penalty: the critic measures how far drawn sections lie from true.

References:
    Gulrajani et al. (2017), Improved training of Wasserstein GANs, NeurIPS.
    Mosser, Dubrule and Blunt (2020), Stochastic seismic waveform inversion using generative
        adversarial networks as a geological prior, Mathematical Geosciences 52, 53-79.
"""

from __future__ import annotations

from geoml.models.priors.adversarial_pair import AdversarialPair
from geoml.models.priors.prior_config import ConvolutionConfig
from geoml.models.priors.section_blocks import SectionCritic, SectionGenerator


class WassersteinGan(AdversarialPair):
    """The network; see the module's docstring."""

    game = "wasserstein"

    def __init__(self, config: ConvolutionConfig) -> None:
        super().__init__(config, SectionGenerator(config), SectionCritic(config))
