"""What every network shares at its two ends: the check of the gathers, the maps it hands out."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from geoml.errors import OptionError, ShapeError
from geoml.models.section_shape import SectionShape

HEADS = ("velocity", "edges", "log_variance")


def check_heads(network: str, heads: tuple[str, ...]) -> None:
    """Refuse maps that no network draws.

    Raises:
        OptionError: If there is no head or one is unknown.
    """
    for head in heads:
        if head not in HEADS:
            raise OptionError(f"{network} has no head '{head}'. Heads: {', '.join(HEADS)}.")
    if not heads:
        raise OptionError(f"{network} needs at least one head. Heads: {', '.join(HEADS)}.")


def check_share(name: str, value: float) -> None:
    """Refuse a dropout that is no share.

    Raises:
        OptionError: If the value is negative or 1 or more.
    """
    if not 0 <= value < 1:
        raise OptionError(f"{name} is {value}; it must be at least 0 and under 1.")


def check_gathers(shape: SectionShape, shots: Tensor) -> None:
    """Refuse gathers of another size.

    Raises:
        ShapeError: If they are not (batch, shot, time, receiver) of the given shape.
    """
    needed = (shape.n_shots, shape.n_samples, shape.n_receivers)
    if shots.ndim != 4 or tuple(shots.shape[1:]) != needed:
        raise ShapeError(
            f"Gathers have shape {tuple(shots.shape)}; this network reads "
            f"(batch, shot, time, receiver) = (batch, {', '.join(map(str, needed))})."
        )


class Readout(nn.Module):
    """One convolution from features to a map, in float32.

    With a limit the map is normalised over the batch and bent by a tanh, so that it stays within
    plus and minus that limit.
    """

    def __init__(self, width: int, limit: float | None = None, kernel: int = 3) -> None:
        super().__init__()
        self.limit = limit
        self.conv = nn.Conv2d(width, 1, kernel, padding=kernel // 2, bias=limit is None)
        self.norm = nn.Identity() if limit is None else nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, width, depth, distance) to (batch, depth, distance)."""
        # In bfloat16 a velocity would come out in steps of some 5 m/s.
        with torch.autocast(x.device.type, enabled=False):
            y = self.norm(self.conv(x.float())).squeeze(1)
            return cast(Tensor, y if self.limit is None else self.limit * y.tanh())


class Readouts(nn.ModuleDict):
    """A read-out a head; that of the spread leaves the features alone where it is not the only."""

    def __init__(
        self,
        heads: tuple[str, ...],
        width: int,
        velocity_limit: float | None = None,
        kernel: int = 3,
    ) -> None:
        limits = {"velocity": velocity_limit}
        super().__init__({head: Readout(width, limits.get(head), kernel) for head in heads})

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Shape (batch, width, depth, distance) to (batch, depth, distance) a head."""
        # The spread describes the velocity that came out; it must not bend the features.
        return {
            head: readout(x.detach() if head == "log_variance" and len(self) > 1 else x)
            for head, readout in self.items()
        }
