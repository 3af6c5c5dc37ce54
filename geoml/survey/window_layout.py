"""What a window holds, and one window of a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WindowLayout:
    """Which shots and receivers a window holds, and the section below them.

    Attributes:
        n_shots: Shots a window.
        shot_step: Take every n-th shot of the line.
        window_step: Shots from one window's first to the next one's.
        min_offset_m: Nearest receiver, by absolute offset [m].
        max_offset_m: Farthest receiver, by absolute offset [m]; None for all.
        n_receivers: Receivers a shot, the nearest ones; None for as many as the template's poorest
            shot has.
        receiver_step: Take every n-th receiver, counted from the nearest one.
        spacing_m: Cell size of the section, both ways [m].
        depth_m: Depth of the section [m].
        margin_m: Section beyond the outermost source or receiver, at either end [m].
        max_time_s: Time of the last sample [s]; None for the survey's.
        free_surface: Whether the top reflects; None for what the survey's geometry says.
    """

    n_shots: int
    shot_step: int = 1
    window_step: int = 1
    min_offset_m: float = 0.0
    max_offset_m: float | None = None
    n_receivers: int | None = None
    receiver_step: int = 1
    spacing_m: float = 20.0
    depth_m: float = 1000.0
    margin_m: float = 0.0
    max_time_s: float | None = None
    free_surface: bool | None = None

    def __post_init__(self) -> None:
        for name in ("n_shots", "shot_step", "window_step", "receiver_step"):
            if getattr(self, name) < 1:
                raise OptionError(f"Window option '{name}' is {getattr(self, name)}; at least 1.")
        if self.n_receivers is not None and self.n_receivers < 1:
            raise OptionError(f"Window option 'n_receivers' is {self.n_receivers}; at least 1.")
        if not (self.spacing_m > 0 and self.depth_m >= self.spacing_m and self.margin_m >= 0):
            raise OptionError(
                f"A section of {self.depth_m} m at {self.spacing_m} m with a margin of "
                f"{self.margin_m} m: a positive spacing, at least one cell of depth and no "
                "negative margin are needed."
            )
        if self.max_offset_m is not None and self.max_offset_m < self.min_offset_m:
            raise OptionError(
                f"Offsets from {self.min_offset_m} to {self.max_offset_m} m: none are in between."
            )


@dataclass(frozen=True, eq=False)
class LineWindow:
    """One window of a line; positions count from its own origin.

    Attributes:
        index: Number of the window along the line.
        origin_m: Distance along the line of the window's column 0 [m].
        trace_index: Trace of each place, -1 where missing, shape (shot, receiver).
        source_distance_m: [m], shape (shot,).
        source_depth_m: Below the datum [m], shape (shot,).
        receiver_distance_m: [m], the template's where missing, shape (shot, receiver).
        receiver_depth_m: Below the datum [m], shape (shot, receiver).
    """

    index: int
    origin_m: float
    trace_index: NDArray[np.int64]
    source_distance_m: Floats
    source_depth_m: Floats
    receiver_distance_m: Floats
    receiver_depth_m: Floats

    @property
    def completeness(self) -> float:
        """Share of places that have a trace [1]."""
        return float((self.trace_index >= 0).mean())
