"""Spikes: single samples far off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.noise.noise import Floats, Noise, checked_share


@dataclass(frozen=True)
class Spikes(Noise):
    """Samples, one or two in a row, with a large value of either sign in place of their own.

    Attributes:
        level: Least and greatest height of a spike over the RMS of the signal.
        share: Least and greatest share of samples.
    """

    level: tuple[float, float] = (3.0, 30.0)
    share: tuple[float, float] = (0.0005, 0.01)

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_share("share", self.share)

    def _spoiled(
        self, rng: np.random.Generator, samples: Floats, dt_s: float, rms: float
    ) -> NDArray[np.floating]:
        count = max(1, round(rng.uniform(*self.share) * samples.size))
        place = rng.integers(samples.size, size=count)
        pairs = place[rng.uniform(size=count) < 0.3] + 1
        place = np.concatenate([place, pairs[pairs < samples.size]])
        spoiled = samples.copy()
        height = rng.choice([-1, 1], place.size) * rng.uniform(0.5, 1, place.size) * rms
        spoiled.reshape(-1)[place] = height
        return spoiled
