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
from typing import cast

import torch
from torch import Tensor, nn

from geoml.models.gathers.conv_autoencoder import check_code, code_layers
from geoml.models.gathers.conv_blocks import check_patches, decoder, encoder, padded

_LOG_VARIANCE_LIMITS = (-14.0, 8.0)  # beyond them the exponent has no gradient worth having


@dataclass(frozen=True)
class VariationalAutoencoderConfig:
    """Everything that fixes the network's weights.

    Attributes:
        widths: Channels after each halving.
        code: Numbers of the code; of a map, its channels.
        vector: The code is a vector and patches have one size; else a map, for any size.
        n_traces: Traces of a patch; needed by a vector.
        n_times: Times of a patch; needed by a vector.
    """

    widths: tuple[int, ...] = (32, 64, 128)
    code: int = 32
    vector: bool = False
    n_traces: int | None = None
    n_times: int | None = None

    def __post_init__(self) -> None:
        check_code("variational_autoencoder", self.widths, self.code, self.vector, self.patch)

    @property
    def patch(self) -> tuple[int, int] | None:
        """Traces and times of a patch where the code is a vector."""
        if not self.vector or self.n_traces is None or self.n_times is None:
            return None
        return self.n_traces, self.n_times


class VariationalAutoencoder(nn.Module):
    """The network; see the module's docstring."""

    def __init__(self, config: VariationalAutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder(config.widths)
        self.to_code, self.from_code = code_layers(
            config.widths, config.code, config.patch, numbers=2
        )
        self.decoder = decoder(config.widths)

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
        check_patches("variational_autoencoder", samples, self.config.patch)
        x = padded(samples, len(self.config.widths))[:, None]
        x = x.contiguous(memory_format=torch.channels_last)
        mean, log_variance = self.to_code(self.encoder(x)).chunk(2, dim=1)
        return mean, log_variance.clamp(*_LOG_VARIANCE_LIMITS)

    def decode(self, code: Tensor) -> Tensor:
        """Patches of codes (batch, trace, time), of the built size, or whole cells of a map."""
        signal = self.decoder(self.from_code(code))[:, 0]
        if self.config.patch:
            n_traces, n_times = self.config.patch
            signal = signal[:, :n_traces, :n_times]
        return cast(Tensor, signal)


def reparameterised(
    mean: Tensor, log_variance: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """A draw from N(mean, exp(log_variance)) through which gradients pass to both."""
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
    return mean + torch.exp(0.5 * log_variance) * noise
