"""Overlapping windows blended onto the grid of a line by a taper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoml.errors import ShapeError

Floats = NDArray[np.float64]


class LineBlend:
    """Weighted sums of window sections on a line's grid, filled one window at a time.

    Memory is that of the line's section, whatever the number of windows. A window's weight falls
    by a squared cosine from its middle to its sides, where the network sees least. Columns of a
    window that lie between columns of the line are interpolated, never moved.

    Attributes:
        distance_m: Distance of the line's columns [m], shape (distance,).
        count: Windows that touch each column, shape (distance,).
    """

    def __init__(
        self, origins_m: Floats, n_channels: int, n_depth: int, n_distance: int, spacing_m: float
    ) -> None:
        """Lay the line's grid over all windows.

        Args:
            origins_m: Line distance of each window's first column [m], shape (window,).
            n_channels: Sections that each window brings.
            n_depth: Rows of a section.
            n_distance: Columns of a window's section.
            spacing_m: Distance between columns [m].

        Raises:
            ShapeError: If there is no window.
        """
        origins_m = np.asarray(origins_m, dtype=np.float64)
        if origins_m.size == 0:
            raise ShapeError("Blending found no window; it needs at least one. Widen the layout.")
        first, last = origins_m.min(), origins_m.max() + (n_distance - 1) * spacing_m
        n_columns = int(np.floor((last - first) / spacing_m + 1e-6)) + 1
        self.distance_m: Floats = first + spacing_m * np.arange(n_columns)
        self.count = np.zeros(n_columns, dtype=np.int64)
        self._window_shape = (n_channels, n_depth, n_distance)
        self._spacing_m = spacing_m
        self._sum = np.zeros((n_channels, n_depth, n_columns))
        self._weight = np.zeros(n_columns)

    def add(self, origin_m: float, sections: NDArray[np.floating]) -> None:
        """Add one window.

        Args:
            origin_m: Line distance of the window's first column [m].
            sections: Values, shape (channel, depth, distance).

        Raises:
            ShapeError: If the sections have another shape than the blend was made for.
        """
        if sections.shape != self._window_shape:
            raise ShapeError(
                f"A window has shape {sections.shape}; this blend needs {self._window_shape}."
            )
        n_distance = sections.shape[-1]
        place = (self.distance_m - origin_m) / self._spacing_m
        nearest = np.round(place)
        # Rounding noise of the positions must not push the outermost column out of the window.
        place = np.where(np.abs(place - nearest) < 1e-6, nearest, place)
        columns = np.flatnonzero((place >= 0) & (place <= n_distance - 1))
        place = place[columns]
        weight = taper(place, n_distance)
        self._sum[:, :, columns] += weight * _between_columns(sections, place)
        self._weight[columns] += weight
        self.count[columns] += 1

    def result(self) -> Floats:
        """Blended sections, shape (channel, depth, distance); NaN where no window reaches."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._sum / np.where(self._weight > 0, self._weight, np.nan)


def taper(place: Floats, n_distance: int) -> Floats:
    """Squared-cosine weight across a window: 1 in the middle, small but positive at the sides.

    Args:
        place: Column numbers, whole or not, from 0 to ``n_distance - 1``, shape (distance,).
        n_distance: Columns of the window.

    Returns:
        Weight [1], shape (distance,).
    """
    return np.sin(np.pi * (np.asarray(place) + 0.5) / n_distance) ** 2


def _between_columns(sections: NDArray[np.floating], place: Floats) -> Floats:
    """Linear interpolation along the last axis at column numbers that may be fractions."""
    left = np.minimum(np.floor(place).astype(int), sections.shape[-1] - 1)
    right = np.minimum(left + 1, sections.shape[-1] - 1)
    share = place - left
    values = np.asarray(sections, dtype=np.float64)
    return (1 - share) * values[..., left] + share * values[..., right]
