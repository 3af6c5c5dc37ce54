"""Begin an adversarial network as the decoder of a trained variational autoencoder.

A GAN from nothing spends most of its run on learning where sections are fast and slow at all; one
that begins here has only to sharpen them.
"""

from __future__ import annotations

import torch
from torch import nn

from geoml.errors import OptionError
from geoml.models.priors.adversarial_pair import AdversarialPair
from geoml.models.priors.section_blocks import SectionGenerator
from geoml.models.priors.vae import Vae


@torch.no_grad()
def start_as_decoder(network: AdversarialPair, vae: Vae) -> None:
    """Give the generator the weights of the decoder, so that it draws the same sections.

    The code of a GAN is standard normal: the map from there to a Gaussian with mean and covariance
    of the autoencoder's codes is linear and goes into the first layers.

    Args:
        network: Of sizes equal to the autoencoder's.
        vae: Trained.

    Raises:
        OptionError: If sizes differ.
    """
    generator, prior = network.generator, vae.code_prior
    wanted = {name: value.shape for name, value in vae.decoder.state_dict().items()}
    found = {name: value.shape for name, value in generator.state_dict().items()}
    if not isinstance(generator, SectionGenerator) or found != wanted:
        raise OptionError(
            f"A {type(network).__name__} of these sizes cannot start as the decoder of the "
            "autoencoder; give both the same widths, code, levels and condition."
        )
    generator.load_state_dict(vae.decoder.state_dict())
    mean, factor = prior.moments()
    firsts: list[nn.Module] = [generator.enter]
    if generator.levels:
        firsts.append(generator.level_velocity[0])
    for layer in firsts:
        assert isinstance(layer, nn.Linear)
        code, condition = layer.weight.split([vae.config.code, vae.config.n_condition], dim=1)
        layer.bias.add_(code @ mean)
        layer.weight.copy_(torch.cat([code @ factor, condition + code @ prior.slope.T], dim=1))
