"""Sizes that all velocity priors share."""

from __future__ import annotations

from dataclasses import dataclass

from geoml.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class PriorConfig:
    """Section, code and condition of a generator of velocity sections.

    Attributes:
        shape: Rows and columns of a section, at least 8 each.
        code: Numbers that a section is made from.
        n_labels: Kinds of section that a condition tells apart; 0 for none.
        n_trend: Depths at which a condition states the mean velocity; 0 for none.
    """

    shape: tuple[int, int]
    code: int = 64
    n_labels: int = 0
    n_trend: int = 0

    def __post_init__(self) -> None:
        if min(self.shape) < 8:
            raise OptionError(
                f"Sections have {self.shape[0]} x {self.shape[1]} cells; at least 8 x 8 are needed."
            )
        if self.code < 1 or min(self.n_labels, self.n_trend) < 0:
            raise OptionError(
                f"'code' is {self.code}, 'n_labels' {self.n_labels}, 'n_trend' {self.n_trend}; "
                "they must be at least 1, 0 and 0."
            )

    @property
    def n_condition(self) -> int:
        """Numbers in a condition: one a label, then the scaled trend."""
        return self.n_labels + self.n_trend

    def check_condition(self, name: str, conditional: bool) -> None:
        """Refuse a condition where none is read, and none where one is.

        Raises:
            OptionError: If it does not fit.
        """
        if conditional and self.n_condition == 0:
            raise OptionError(
                f"A {name} needs a condition: set 'n_labels' or 'n_trend' above 0, or take the "
                "network without condition."
            )
        if not conditional and self.n_condition > 0:
            raise OptionError(
                f"A {name} reads no condition, found n_labels {self.n_labels} and n_trend "
                f"{self.n_trend}; take its conditional sibling."
            )


@dataclass(frozen=True, kw_only=True)
class StagesConfig(PriorConfig):
    """A network of convolutions that halve or double the section stage by stage.

    Attributes:
        widths: Channels from half the section's resolution down, each at half the one before.
    """

    widths: tuple[int, ...] = (32, 64, 96, 128)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.widths or any(width < 8 or width % 8 for width in self.widths):
            raise OptionError(f"'widths' are {self.widths}; at least one, each a multiple of 8.")


@dataclass(frozen=True, kw_only=True)
class ConvolutionConfig(StagesConfig):
    """The same with a generator that mixes a section from a few velocities.

    Attributes:
        levels: Velocities that a section is mixed from, cell by cell: sharp layers need few. 0
            draws the velocity of each cell directly.
        fine_width: Channels of a convolution at the section's own resolution; 0 draws four cells at
            once from half of it, cheaper, but a critic makes a checkerboard of it.
    """

    levels: int = 12
    fine_width: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.levels < 0 or self.levels == 1:
            raise OptionError(f"'levels' is {self.levels}; it must be 0 or at least 2.")
        if self.fine_width < 0:
            raise OptionError(f"'fine_width' is {self.fine_width}; it must be at least 0.")
