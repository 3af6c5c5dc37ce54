"""The first adversarial network with the game that its paper trains by: gradients do not fade.

References:
    Goodfellow et al. (2014), Generative adversarial nets, NeurIPS, section 3.
"""

from __future__ import annotations

from geoml.models.priors.gan import Gan


class NonSaturatingGan(Gan):
    """The network; see the module's docstring."""

    game = "non_saturating"
