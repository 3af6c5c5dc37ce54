"""Convolutional blocks of the gather autoencoders: stages down and up, sizes made even."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from geoml.errors import OptionError, ShapeError

_MOST_GROUPS = 8


class Down(nn.Module):
    """Halve traces and times with a stride, then refine with a residual pair of convolutions."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.halve = nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride=2, padding=1), normed(n_out))
        self.refine = Refine(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, n_in, trace, time) -> (batch, n_out, trace / 2, time / 2)."""
        return cast(Tensor, self.refine(self.halve(x)))


class Up(nn.Module):
    """Double traces and times, then refine unless told not to.

    Neighbours are repeated before the convolution: transposed convolutions with a stride leave a
    chequered pattern.
    """

    def __init__(self, n_in: int, n_out: int, refine: bool = True) -> None:
        super().__init__()
        self.enlarge = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(n_in, n_out, 3, padding=1),
            normed(n_out),
        )
        self.refine = Refine(n_out) if refine else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, n_in, trace, time) -> (batch, n_out, 2 trace, 2 time)."""
        return cast(Tensor, self.refine(self.enlarge(x)))


class Refine(nn.Module):
    """Input plus two convolutions of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            normed(width),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The shape stays."""
        return x + cast(Tensor, self.change(x))


def normed(width: int) -> nn.Sequential:
    """Group norm and SiLU; group norm is the same for one patch and for a batch of them."""
    groups = max(n for n in range(1, _MOST_GROUPS + 1) if width % n == 0)
    return nn.Sequential(nn.GroupNorm(groups, width), nn.SiLU())


def encoder(widths: Sequence[int]) -> nn.Sequential:
    """Stages from one channel through ``widths``, each half as large as the one before."""
    return nn.Sequential(*(Down(a, b) for a, b in zip((1, *widths), widths, strict=False)))


def decoder(widths: Sequence[int]) -> nn.Sequential:
    """The way back from ``widths[-1]`` channels to one, twice as large after each stage."""
    back = [*widths[::-1], widths[0]]
    # Most of the time would go into refining at full size, where it gains least.
    last = len(widths) - 1
    stages = [Up(a, b, refine=i < last) for i, (a, b) in enumerate(itertools.pairwise(back))]
    return nn.Sequential(*stages, nn.Conv2d(widths[0], 1, 3, padding=1))


def halved(size: int, n_halvings: int) -> int:
    """Cells that are left of a size made even for so many halvings."""
    return -(-size // 2**n_halvings)


def padded(samples: Tensor, n_halvings: int) -> Tensor:
    """Samples with zeros after the last trace and time, so that every halving is even.

    Args:
        samples: Shape (batch, trace, time).
        n_halvings: Stages of the network.
    """
    over = [-samples.shape[axis] % 2**n_halvings for axis in (2, 1)]
    return functional.pad(samples, (0, over[0], 0, over[1]))


def check_widths(name: str, widths: Sequence[int]) -> None:
    """Refuse a network without stages.

    Raises:
        OptionError: If there is no width, or one below 1.
    """
    if not widths or min(widths) < 1:
        raise OptionError(f"{name} needs at least one width, each at least 1; found {widths}.")


def check_patches(name: str, samples: Tensor, shape: tuple[int, int] | None) -> None:
    """Refuse anything but patches of the right shape.

    Args:
        name: The network, for the message.
        samples: What it was given.
        shape: Traces and times that its code needs; None for any.

    Raises:
        ShapeError: If the samples are no (batch, trace, time), or of another shape.
    """
    if samples.ndim != 3:
        raise ShapeError(
            f"{name} reads patches of (batch, trace, time); found shape {tuple(samples.shape)}."
        )
    if shape is not None and tuple(samples.shape[1:]) != shape:
        raise ShapeError(
            f"This {name} codes patches of {shape[0]} traces and {shape[1]} times; found "
            f"{samples.shape[1]} and {samples.shape[2]}. Cut patches of its shape."
        )
