"""Sizes of what a network reads and predicts."""

from __future__ import annotations

from dataclasses import dataclass, fields

from geoml.errors import ShapeError


@dataclass(frozen=True)
class SectionShape:
    """Sizes of one window of gathers and of the section below it.

    Attributes:
        n_shots: Shots in the window; they enter a network as channels.
        n_samples: Time samples a trace.
        n_receivers: Receivers a shot.
        n_depth: Rows of the section.
        n_distance: Columns of the section.
    """

    n_shots: int
    n_samples: int
    n_receivers: int
    n_depth: int
    n_distance: int

    def __post_init__(self) -> None:
        smallest = {"n_shots": 1, "n_samples": 16, "n_receivers": 2, "n_depth": 8, "n_distance": 8}
        for field in fields(self):
            size = getattr(self, field.name)
            if size < smallest[field.name]:
                raise ShapeError(
                    f"{field.name} is {size}; a network needs at least {smallest[field.name]}."
                )
