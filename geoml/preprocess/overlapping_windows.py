"""Overlapping windows along one axis, with weights that blend them back together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class OverlappingWindows:
    """Windows of one length that cover an axis.

    Attributes:
        width: Samples a window.
        starts: First sample of each window, shape (window,).
        weight: Weight of each sample of each window, shape (window, sample): over all windows
            they add to 1 everywhere on the axis.
    """

    width: int
    starts: NDArray[np.int64]
    weight: NDArray[np.float64]

    @property
    def index(self) -> NDArray[np.int64]:
        """Place on the axis of each sample of each window, shape (window, sample)."""
        return self.starts[:, None] + np.arange(self.width)


@lru_cache(maxsize=64)
def overlapping_windows(n: int, width: int, overlap: float) -> OverlappingWindows:
    """Evenly placed windows, the first at the start of the axis and the last at its end.

    Args:
        n: Length of the axis, 1 or more.
        width: Length of a window; the whole axis where that is shorter.
        overlap: Share of a window that the next one covers too, at least, 0 to below 1.
    """
    width = min(width, n)
    step = max(1, int(width * (1 - overlap)))
    n_windows = 1 + -(-(n - width) // step)
    starts = np.rint(np.linspace(0, n - width, n_windows)).astype(np.int64)
    # Half a sample in, so that no weight is 0 and every sample can be divided by its total.
    taper = np.sin(np.pi * (np.arange(width) + 0.5) / width) ** 2
    index = starts[:, None] + np.arange(width)
    total = np.zeros(n)
    np.add.at(total, index, np.broadcast_to(taper, index.shape))
    return OverlappingWindows(width, starts, taper / total[index])
