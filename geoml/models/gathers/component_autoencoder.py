"""Principal components whose code convolutions correct, and whose picture convolutions sharpen.

Reads patches (batch, trace, time) of one size; predicts ``signal``. The code is that of principal
components, of unit variance, plus what a convolutional encoder adds; the answer is that of the
components plus what a convolutional decoder makes of the same numbers. Before any training it is
PCA; training can only look for what PCA leaves, such as interfaces that move. The components are
fixed when training starts, see ``start``.

References:
    Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks,
    Science 313, 504-507 (autoencoders beside PCA).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from geoml.models.gathers.conv_autoencoder import check_code, code_layers
from geoml.models.gathers.conv_blocks import Up, check_patches, encoder, padded

_GENTLE = 0.1  # of the usual first weights, so that training starts near PCA
_EXTRA = 8  # components more than are kept, for the accuracy of the randomised method
_PASSES = 4


@dataclass(frozen=True)
class ComponentAutoencoderConfig:
    """Everything that fixes the network's weights.

    Attributes:
        widths: Channels after each halving.
        code: Numbers of the code, and components.
        n_traces: Traces of a patch.
        n_times: Times of a patch.
    """

    n_traces: int
    n_times: int
    widths: tuple[int, ...] = (16, 32, 64, 128)
    code: int = 32

    def __post_init__(self) -> None:
        check_code("component_autoencoder", self.widths, self.code, True, self.patch)

    @property
    def patch(self) -> tuple[int, int]:
        """Traces and times of a patch."""
        return self.n_traces, self.n_times


class ComponentAutoencoder(nn.Module):
    """The network; see the module's docstring."""

    mean: Tensor
    components: Tensor
    deviation: Tensor

    def __init__(self, config: ComponentAutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        size = config.n_traces * config.n_times
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("components", torch.zeros(config.code, size))
        self.register_buffer("deviation", torch.ones(config.code))
        self.encoder = encoder(config.widths)
        self.to_code, self.from_code = code_layers(config.widths, config.code, config.patch)
        # Layers at full size would take most of the time; what is left for them to say is little.
        self.decoder = nn.Sequential(
            *(Up(a, b) for a, b in itertools.pairwise(config.widths[::-1])),
            nn.Conv2d(config.widths[0], 4, 3, padding=1),
        )
        self.unfold = nn.PixelShuffle(2)
        with torch.no_grad():
            for last in (self.to_code, self.decoder[-1]):
                for weight in last.parameters():
                    weight.mul_(_GENTLE)

    @torch.no_grad()
    def start(self, patches: Tensor) -> None:
        """Take mean and principal components from patches; they stay in training.

        Args:
            patches: Scaled as those to come, shape (patch, trace, time); more than the code has
                numbers.
        """
        check_patches("component_autoencoder", patches, self.config.patch)
        flat = patches.flatten(1)
        self.mean.copy_(flat.mean(dim=0))
        n_asked = min(self.config.code + _EXTRA, *flat.shape)
        _, sizes, directions = torch.svd_lowrank(flat - self.mean, n_asked, niter=_PASSES)
        n_kept = min(self.config.code, sizes.numel())
        self.components[:n_kept] = directions[:, :n_kept].T
        deviation = sizes[:n_kept] / max(len(flat) - 1, 1) ** 0.5
        self.deviation[:n_kept] = deviation.clamp(min=1e-6)

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """Patches rebuilt from their codes.

        Args:
            samples: Shape (batch, trace, time).

        Returns:
            ``signal``, the same shape.

        Raises:
            ShapeError: If the patches have another shape.
        """
        return {"signal": self.decode(self.encode(samples))}

    def encode(self, samples: Tensor) -> Tensor:
        """The code, shape (batch, code)."""
        check_patches("component_autoencoder", samples, self.config.patch)
        x = padded(samples, len(self.config.widths))[:, None]
        x = x.contiguous(memory_format=torch.channels_last)
        linear = (samples.flatten(1) - self.mean) @ self.components.T / self.deviation
        code: Tensor = linear + self.to_code(self.encoder(x))
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Patches of codes, shape (batch, trace, time)."""
        n_traces, n_times = self.config.patch
        linear = (code * self.deviation) @ self.components + self.mean
        rest = self.unfold(self.decoder(self.from_code(code)))[:, 0, :n_traces, :n_times]
        signal: Tensor = linear.unflatten(1, (n_traces, n_times)) + rest
        return signal
