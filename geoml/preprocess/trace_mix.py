"""Trace mix step: a weighted running mean over neighbouring traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from geoml.errors import OptionError
from geoml.preprocess.gather_step import GatherStep, Section


@dataclass(frozen=True)
class TraceMix(GatherStep):
    """Replace each trace by a weighted mean of itself and its neighbours.

    Flat events gain on noise that differs from trace to trace, dipping ones lose their high
    frequencies. Dead traces and what is beyond the ends of the line have no weight, and the
    weights of the others are scaled to a sum of 1.

    Attributes:
        weights: Weight of each trace of the window, an odd number of them, the middle one for
            the trace itself; 0 or more.
    """

    name = "trace_mix"
    shapes_wavelet = False
    examples: ClassVar = ({"weights": (1.0, 2.0, 1.0)}, {}, {"gather": "offset"})

    weights: tuple[float, ...] = (1.0, 2.0, 3.0, 2.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = np.array(self.weights)
        if weights.size % 2 == 0 or not np.isfinite(weights).all() or (weights < 0).any():
            raise OptionError(
                f"'trace_mix' has {weights.size} weights; give an odd number, each 0 or more."
            )
        if not weights[weights.size // 2] > 0:
            raise OptionError(
                "'trace_mix' gives the trace itself no weight; the middle one must be above 0."
            )

    def processed(self, section: Section) -> NDArray[np.floating]:
        """The mixed traces of one gather, shape (trace, time)."""
        live = section.live.astype(np.float64)
        weights = np.array(self.weights)
        # The samples of a killed trace are zeros already; those of its file may not be.
        known = section.samples * live[:, None]
        total = ndimage.correlate1d(known, weights, axis=0, mode="constant")
        weight = ndimage.correlate1d(live, weights, mode="constant")
        return np.asarray(total / np.where(section.live, weight, 1)[:, None])
