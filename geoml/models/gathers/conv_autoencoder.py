"""A convolutional autoencoder of gathers and sections: denoiser, and a code of few numbers.

Reads patches (batch, trace, time); predicts ``signal`` of the same shape. Each stage of the encoder
halves traces and times, the decoder doubles them back, and nothing passes beside the bottleneck.
The bottleneck is a small map of channels, for patches of any size: what a denoiser wants. With
``vector`` it is one list of numbers, for patches of one size: what reduction, clustering and
classification want.

References:
    Masci et al. (2011), Stacked convolutional auto-encoders, ICANN, 52-59.
    Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks,
    Science 313, 504-507.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers.conv_blocks import (
    check_patches,
    check_widths,
    decoder,
    encoder,
    halved,
    padded,
)


@dataclass(frozen=True)
class ConvAutoencoderConfig:
    """Everything that fixes the network's weights.

    Attributes:
        widths: Channels after each halving.
        code: Numbers of the code; of a map, its channels.
        vector: The code is a vector and patches have one size; else a map, for any size.
        n_traces: Traces of a patch; needed by a vector.
        n_times: Times of a patch; needed by a vector.
    """

    network_name: ClassVar[str] = "conv_autoencoder"

    widths: tuple[int, ...] = (32, 64, 128)
    code: int = 32
    vector: bool = False
    n_traces: int | None = None
    n_times: int | None = None

    def __post_init__(self) -> None:
        check_code(self.network_name, self.widths, self.code, self.vector, self.patch)

    @property
    def patch(self) -> tuple[int, int] | None:
        """Traces and times of a patch where the code is a vector."""
        if not self.vector or self.n_traces is None or self.n_times is None:
            return None
        return self.n_traces, self.n_times


class ConvAutoencoder(nn.Module):
    """The network; see the module's docstring.

    Attributes:
        numbers: What the encoder says of each number of the code.
    """

    numbers: ClassVar[int] = 1

    def __init__(self, config: ConvAutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder(config.widths)
        self.to_code, self.from_code = code_layers(
            config.widths, config.code, config.patch, self.numbers
        )
        self.decoder = decoder(config.widths)

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """Patches rebuilt from their codes.

        Args:
            samples: Patches of RMS amplitude near 1, shape (batch, trace, time).

        Returns:
            ``signal``, the same shape.

        Raises:
            ShapeError: If the patches have another shape than a vector stands for.
        """
        signal = self.decode(self.encode(samples))
        return {"signal": signal[:, : samples.shape[1], : samples.shape[2]]}

    def encode(self, samples: Tensor) -> Tensor:
        """The code, shape (batch, code), or the map (batch, code, trace, time)."""
        return self.read(samples)

    def read(self, samples: Tensor) -> Tensor:
        """What the encoder says, shape (batch, numbers x code), or a map."""
        check_patches(self.config.network_name, samples, self.config.patch)
        x = padded(samples, len(self.config.widths))[:, None]
        x = x.contiguous(memory_format=torch.channels_last)
        return cast(Tensor, self.to_code(self.encoder(x)))

    def decode(self, code: Tensor) -> Tensor:
        """Patches of codes (batch, trace, time), of the built size, or whole cells of a map."""
        signal = self.decoder(self.from_code(code))[:, 0]
        if self.config.patch:
            n_traces, n_times = self.config.patch
            signal = signal[:, :n_traces, :n_times]
        return cast(Tensor, signal)


def check_code(
    name: str, widths: tuple[int, ...], code: int, vector: bool, patch: tuple[int, int] | None
) -> None:
    """Refuse a vector without the patch that it stands for.

    Raises:
        OptionError: If a size is below 1, or there is a vector without a patch.
        ShapeError: If the patch is smaller than one cell of the bottleneck.
    """
    check_widths(name, widths)
    if code < 1:
        raise OptionError(f"The code of {name} has {code} numbers; it needs at least 1.")
    if vector and patch is None:
        raise OptionError(f"{name} with a vector needs n_traces and n_times of its patches.")
    if patch is not None and min(patch) < 2 ** len(widths):
        raise ShapeError(
            f"Patches of {patch[0]} traces and {patch[1]} times are too small for "
            f"{len(widths)} halvings; give larger patches or fewer widths."
        )


def code_layers(
    widths: tuple[int, ...], code: int, patch: tuple[int, int] | None, numbers: int = 1
) -> tuple[nn.Module, nn.Module]:
    """Layers from the encoder's last map to the code, and from the code to the decoder's first map.

    Args:
        widths: Channels after each halving.
        code: Numbers of the code, or channels of a map.
        patch: Traces and times of a patch; None for a map.
        numbers: What the encoder says of each number of the code: 1, or mean and log-variance.
    """
    if patch is None:
        return nn.Conv2d(widths[-1], numbers * code, 1), nn.Conv2d(code, widths[-1], 1)
    cells = (widths[-1], *(halved(size, len(widths)) for size in patch))
    flat = cells[0] * cells[1] * cells[2]
    to_code = nn.Sequential(nn.Flatten(), nn.Linear(flat, numbers * code))
    return to_code, nn.Sequential(nn.Linear(code, flat), nn.Unflatten(1, cells))
