"""Generators of velocity sections by name, learned from sections: priors for inversion.

Each draws scaled sections with ``sample(n, generator, condition)``, shape (n, depth, distance), in
-1..1 of a range of absolute velocity that its checkpoint states. A new one is one file and one line
of ``PRIORS``.
"""

from __future__ import annotations

from geoml.models.network_table import NetworkEntry
from geoml.models.priors.conditional_vae import ConditionalVae
from geoml.models.priors.vae import Vae, VaeConfig

__all__ = ["PRIORS"]

PRIORS: dict[str, NetworkEntry] = {
    "vae": NetworkEntry(Vae, VaeConfig),
    "conditional_vae": NetworkEntry(ConditionalVae, VaeConfig),
}
"""Name -> network and config."""
