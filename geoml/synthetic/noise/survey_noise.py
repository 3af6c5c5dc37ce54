"""Noise of a survey's own, cut from its quiet windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.survey.noise_bank import load_noise_bank
from geoml.synthetic.noise.noise import AddedNoise


@dataclass(frozen=True)
class SurveyNoise(AddedNoise):
    """Recorded noise, with the spectrum and the coherence from trace to trace that it has.

    Attributes:
        bank: File that ``geoml noise`` wrote, of the sample interval of the patches.
    """

    bank: str = "noise.npz"

    def _drawn(
        self, rng: np.random.Generator, shape: tuple[int, int], dt_s: float
    ) -> NDArray[np.floating]:
        noise = load_noise_bank(self.bank).draw(rng, (1, shape[1], shape[0]), dt_s)
        return noise[0].T
