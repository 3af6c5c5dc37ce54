"""Bad traces: random noise in place of the signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.synthetic.noise.coloured import Coloured
from geoml.synthetic.noise.noise import Floats, Noise, checked_share, drawn_traces


@dataclass(frozen=True)
class BadTraces(Noise):
    """Traces that hold noise alone, white or coloured, each at a level of its own.

    Attributes:
        level: Least and greatest RMS of a bad trace over the RMS of the signal.
        share: Least and greatest share of traces; at least one is bad.
        white: Share of patches whose bad traces are white.
    """

    level: tuple[float, float] = (0.5, 10.0)
    share: tuple[float, float] = (0.02, 0.3)
    white: float = 0.7

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_share("share", self.share)
        checked_share("white", (self.white, 1.0))

    def _spoiled(
        self, rng: np.random.Generator, samples: Floats, dt_s: float, rms: float
    ) -> NDArray[np.floating]:
        bad = np.flatnonzero(drawn_traces(rng, samples.shape[0], self.share))
        noise = rng.standard_normal((bad.size, samples.shape[1]), dtype=np.float32)
        if rng.uniform() >= self.white:
            noise = Coloured(level=(1, 1))(rng, np.zeros_like(noise), dt_s)
        uneven = np.exp(rng.uniform(-0.3, 0.3, (bad.size, 1)))
        spoiled = samples.copy()
        spoiled[bad] = rms * uneven * noise
        return spoiled
