"""Feed-forward autoencoder of small patches.

Reads one patch of fixed size as a vector and squeezes it through layers of decreasing width to a
code; what the code cannot hold, which is what does not repeat from patch to patch, is lost. Larger
gathers are cut into overlapping patches.

References:
    Vincent et al. (2010), Stacked denoising autoencoders, JMLR 11, 3371-3408.
    Saad and Chen (2020), Deep denoising autoencoder for seismic random noise attenuation,
    Geophysics 85(4), V367-V376.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from torch import Tensor, nn

from geoml.errors import OptionError, ShapeError


@dataclass(frozen=True)
class DenseAutoencoderConfig:
    """Options of ``DenseAutoencoder``.

    Attributes:
        n_traces: Traces of a patch.
        n_times: Samples of a trace.
        widths: Units of the encoder's hidden layers; the decoder mirrors them.
        code: Length of the code.
    """

    n_traces: int = 16
    n_times: int = 32
    widths: tuple[int, ...] = (384, 256)
    code: int = 96

    def __post_init__(self) -> None:
        if min(self.n_traces, self.n_times, self.code, *self.widths) < 1:
            raise OptionError("Sizes, widths and code of a dense autoencoder are at least 1.")


class DenseAutoencoder(nn.Module):
    """Patch of one size to its signal part, by way of a short code."""

    def __init__(self, config: DenseAutoencoderConfig) -> None:
        """Build with fresh weights."""
        super().__init__()
        self.config = config
        sizes = (config.n_traces * config.n_times, *config.widths)
        self.encoder = nn.Sequential(*_layers(sizes), nn.Linear(sizes[-1], config.code))
        self.decoder = nn.Sequential(
            *_layers((config.code, *sizes[:0:-1])), nn.Linear(sizes[1], sizes[0])
        )

    def encode(self, samples: Tensor) -> Tensor:
        """Code of each patch.

        Args:
            samples: Amplitude at RMS 1, shape (batch, trace, time).

        Returns:
            Shape (batch, code).

        Raises:
            ShapeError: If the patches have another size than the config's.
        """
        expected = (self.config.n_traces, self.config.n_times)
        if tuple(samples.shape[1:]) != expected:
            raise ShapeError(
                f"Patches of {tuple(samples.shape[1:])} (trace, time) found, {expected} needed; "
                "cut the gathers into patches of that size."
            )
        code: Tensor = self.encoder(samples.flatten(1))
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Patches (batch, trace, time) of codes (batch, code)."""
        samples: Tensor = self.decoder(code)
        return samples.unflatten(1, (self.config.n_traces, self.config.n_times))

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """Signal part of patches (batch, trace, time), and their ``code``."""
        code = self.encode(samples)
        return {"signal": self.decode(code), "code": code}


def _layers(sizes: tuple[int, ...]) -> list[nn.Module]:
    """Linear layers from each size to the next, each followed by a leaky rectifier."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.1)]
    return layers
