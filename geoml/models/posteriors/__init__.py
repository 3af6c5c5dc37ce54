"""Networks that draw velocity sections from gathers, by name.

``sample(shots, n, generator)`` gives (draw, batch, depth, distance), scaled. They are networks of
``geoml.models`` too: called on gathers they give the mean and the log variance of their draws, so
that what inverts, calibrates and judges a section takes them as it takes any other.
"""

from __future__ import annotations

from geoml.models.network_table import NetworkEntry
from geoml.models.posteriors.conditional_gan import ConditionalGan, ConditionalGanConfig
from geoml.models.posteriors.conditional_vae import ConditionalVae, ConditionalVaeConfig
from geoml.models.posteriors.posterior_network import PosteriorNetwork

__all__ = ["POSTERIORS", "PosteriorNetwork"]

POSTERIORS: dict[str, NetworkEntry] = {
    "cvae": NetworkEntry(ConditionalVae, ConditionalVaeConfig),
    "cwgan": NetworkEntry(ConditionalGan, ConditionalGanConfig),
}
"""Network name -> network and config."""
