"""Dead traces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.noise.noise import Floats, Noise, checked_share, drawn_traces


@dataclass(frozen=True)
class DeadTraces(Noise):
    """Traces that are zero throughout; the level means nothing.

    Attributes:
        share: Least and greatest share of traces; at least one is dead.
    """

    share: tuple[float, float] = (0.02, 0.2)

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_share("share", self.share)

    def _spoiled(
        self, rng: np.random.Generator, samples: Floats, dt_s: float, rms: float
    ) -> NDArray[np.floating]:
        dead = drawn_traces(rng, samples.shape[0], self.share)
        return np.where(dead[:, None], 0, samples)
