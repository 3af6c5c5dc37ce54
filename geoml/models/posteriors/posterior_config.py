"""Settings that every posterior network has; from them alone it is built, and built again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from geoml.errors import OptionError
from geoml.models.mh_unet_config import MhUnetConfig
from geoml.models.readout import HEADS, check_heads
from geoml.models.section_shape import SectionShape
from geoml.registry import with_options

NEEDED_HEADS = ("velocity", "log_variance")

TRUNK_OPTIONS: dict[str, Any] = {
    "compression": 30.0,
    "first_stride": None,
    "norm_channels": 16,
    "stem_widths": (64, 96),
    "widths": (64, 128, 192),
}
"""Those of ``mh_unet_s``, so that its weights fit."""


@dataclass(frozen=True)
class PosteriorConfig:
    """Everything that fixes the weights of a network that draws velocity sections.

    Attributes:
        shape: Sizes of the gathers and the section.
        heads: Maps that it predicts; ``velocity`` and ``log_variance`` are those of its draws.
        trunk: Options of the multi-head U-Net that reads the gathers, on top of those of
            ``mh_unet_s``.
        widths: Channels of the drawing part's levels, from half the resolution down; the code
            lies on the grid of the last one.
        code_channels: Numbers a cell of the code's grid, at least 2.
        draws: Draws behind ``velocity`` and ``log_variance``, at least 2.
    """

    shape: SectionShape
    heads: tuple[str, ...] = HEADS
    trunk: dict[str, Any] = field(default_factory=dict)
    widths: tuple[int, ...] = (32, 48, 64)
    code_channels: int = 8
    draws: int = 16

    def __post_init__(self) -> None:
        check_heads("A posterior network", self.heads)
        missing = [head for head in NEEDED_HEADS if head not in self.heads]
        if missing:
            raise OptionError(
                f"A posterior network predicts {' and '.join(NEEDED_HEADS)}; the task asks for "
                f"{', '.join(self.heads)}. Leave its 'spread' on."
            )
        if not self.widths or any(width < 8 or width % 8 for width in self.widths):
            raise OptionError(f"'widths' are {self.widths}; needed multiples of 8, at least one.")
        if self.code_channels < 2 or self.draws < 2:
            raise OptionError(
                f"'code_channels' is {self.code_channels} and 'draws' {self.draws}; both must be "
                "at least 2."
            )
        self.trunk_config()  # refuses what the U-Net refuses

    def trunk_config(self) -> MhUnetConfig:
        """The config of the network that reads the gathers.

        Raises:
            OptionError: If an option is unknown, does not fit or follows from the rest.
        """
        for fixed in ("shape", "heads"):
            if fixed in self.trunk:
                raise OptionError(f"'{fixed}' of the trunk is that of the network; leave it out.")
        settings = {**TRUNK_OPTIONS, **self.trunk, "shape": self.shape, "heads": self.heads}
        return with_options(MhUnetConfig, settings, "trunk")

    @property
    def code_grid(self) -> tuple[int, int]:
        """Rows and columns of the code."""
        rows, columns = self.shape.n_depth, self.shape.n_distance
        for _ in self.widths:
            rows, columns = -(-rows // 2), -(-columns // 2)
        return rows, columns
