"""Generators of velocity sections by name, learned from sections: priors for inversion.

Each draws scaled sections with ``sample(n, generator, condition)``, shape (n, depth, distance), in
-1..1 of a range of absolute velocity that its checkpoint states. A new one is one file and one line
of ``PRIORS``.
"""

from __future__ import annotations

from geoml.models.network_table import NetworkEntry
from geoml.models.priors.conditional_gan import ConditionalGan
from geoml.models.priors.conditional_vae import ConditionalVae
from geoml.models.priors.dcgan import Dcgan
from geoml.models.priors.gan import Gan, GanConfig
from geoml.models.priors.non_saturating_gan import NonSaturatingGan
from geoml.models.priors.prior_config import ConvolutionConfig, StagesConfig
from geoml.models.priors.vae import Vae, VaeConfig
from geoml.models.priors.wasserstein_gan import WassersteinGan

__all__ = ["PRIORS"]

_FINE = {"fine_width": 16}

PRIORS: dict[str, NetworkEntry] = {
    "vae": NetworkEntry(Vae, VaeConfig, _FINE),
    "conditional_vae": NetworkEntry(ConditionalVae, VaeConfig, _FINE),
    "gan": NetworkEntry(Gan, GanConfig),
    "non_saturating_gan": NetworkEntry(NonSaturatingGan, GanConfig),
    "dcgan": NetworkEntry(Dcgan, StagesConfig),
    "conditional_gan": NetworkEntry(ConditionalGan, ConvolutionConfig, _FINE),
    "wasserstein_gan": NetworkEntry(WassersteinGan, ConvolutionConfig, _FINE),
}
"""Name -> network and config."""
