"""Conditional variational autoencoder: sections of a stated kind, around a stated trend.

Encoder and decoder read the condition beside section and code, so that the code holds what the
condition leaves open.

References:
    Sohn et al. (2015), Learning structured output representation using deep conditional
        generative models, NeurIPS.
"""

from __future__ import annotations

from geoml.models.priors.vae import Vae


class ConditionalVae(Vae):
    """The network; see the module's docstring."""

    conditional = True
