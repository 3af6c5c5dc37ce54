"""A variational autoencoder of gathers and sections: a code with a spread, near a normal law.

Reads patches (batch, trace, time); predicts ``signal`` of the same shape and, of the code z, its
``mean`` and ``log_variance``. In training z = mean + exp(log_variance / 2) * e with e drawn from
N(0, 1), so that gradients pass to both (reparameterisation); in use z is the mean. The objective
adds the divergence of N(mean, variance) from N(0, 1), see ``objectives/kl_divergence.py``.

References:
    Kingma and Welling (2014), Auto-encoding variational Bayes, ICLR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from geoml.models.gathers.conv_autoencoder import ConvAutoencoder, ConvAutoencoderConfig

_LOG_VARIANCE_LIMITS = (-14.0, 8.0)  # beyond them the exponent has no gradient worth having


@dataclass(frozen=True)
class VariationalAutoencoderConfig(ConvAutoencoderConfig):
    """Everything that fixes the network's weights: as that of ``ConvAutoencoder``."""

    network_name: ClassVar[str] = "variational_autoencoder"


class VariationalAutoencoder(ConvAutoencoder):
    """The network; see the module's docstring."""

    numbers = 2

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """Patches rebuilt from codes, drawn in training, the mean in use.

        Args:
            samples: Patches of RMS amplitude near 1, shape (batch, trace, time).

        Returns:
            ``signal``, the same shape, and ``mean`` and ``log_variance`` of the code.

        Raises:
            ShapeError: If the patches have another shape than a vector stands for.
        """
        mean, log_variance = self.distribution(samples)
        code = reparameterised(mean, log_variance) if self.training else mean
        signal = self.decode(code)[:, : samples.shape[1], : samples.shape[2]]
        return {"signal": signal, "mean": mean, "log_variance": log_variance}

    def encode(self, samples: Tensor) -> Tensor:
        """Mean of the code, shape (batch, code), or a map (batch, code, trace, time)."""
        return self.distribution(samples)[0]

    def distribution(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, (batch, code) each, or maps (batch, code, trace, time)."""
        mean, log_variance = self.read(samples).chunk(2, dim=1)
        return mean, log_variance.clamp(*_LOG_VARIANCE_LIMITS)


def reparameterised(
    mean: Tensor, log_variance: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """A draw from N(mean, exp(log_variance)) through which gradients pass to both."""
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
    return mean + torch.exp(0.5 * log_variance) * noise
