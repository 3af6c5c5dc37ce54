"""Coloured noise: random from trace to trace, correlated along time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.synthetic.noise.noise import AddedNoise, unit_spectrum


@dataclass(frozen=True)
class Coloured(AddedNoise):
    """Normal noise of a limited band, independent from trace to trace.

    Attributes:
        peak_of_nyquist: Least and greatest middle frequency over Nyquist's.
        octaves: Least and greatest width of the band, between its points of 60 % [octaves].
    """

    peak_of_nyquist: tuple[float, float] = (0.03, 0.5)
    octaves: tuple[float, float] = (0.5, 3.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("peak_of_nyquist", "octaves"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise OptionError(f"'{name}' is {low:g}..{high:g}; both above 0, smaller first.")

    def _drawn(
        self, rng: np.random.Generator, shape: tuple[int, int], dt_s: float
    ) -> NDArray[np.floating]:
        peak = np.exp(rng.uniform(*np.log(self.peak_of_nyquist)))
        half_width = rng.uniform(*self.octaves) / 2
        # Twice as long, cut to half, so that the end does not run on into the start.
        frequency = np.linspace(0, 1, shape[1] + 1)
        octaves = np.log2(np.maximum(frequency, 1e-6) / peak)
        amplitude = np.exp(-0.5 * (octaves / half_width) ** 2)
        return unit_spectrum(rng, (shape[0], 2 * shape[1]), amplitude)[:, : shape[1]]
