"""White noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.noise.noise import AddedNoise


@dataclass(frozen=True)
class White(AddedNoise):
    """Normal noise, independent from sample to sample and from trace to trace."""

    def _drawn(
        self, rng: np.random.Generator, shape: tuple[int, int], dt_s: float
    ) -> NDArray[np.floating]:
        return rng.standard_normal(shape, dtype=np.float32)
