"""Swell noise: low frequencies of large amplitude over groups of traces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.synthetic.noise.noise import AddedNoise, unit_spectrum


@dataclass(frozen=True)
class Swell(AddedNoise):
    """What waves at sea do to some stretches of a streamer.

    Attributes:
        highest_hz: Least and greatest end of its band [Hz].
        group_traces: Least and greatest length of a noisy stretch [traces].
        groups: Noisy stretches at most, in 64 traces.
    """

    level: tuple[float, float] = (0.5, 5.0)
    highest_hz: tuple[float, float] = (3.0, 12.0)
    group_traces: tuple[int, int] = (2, 20)
    groups: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.highest_hz[0] <= self.highest_hz[1]:
            raise OptionError("'highest_hz' is above 0, the smaller number first.")
        if not 1 <= self.group_traces[0] <= self.group_traces[1] or self.groups < 1:
            raise OptionError("'group_traces', smaller first, and 'groups' are at least 1.")

    def _drawn(
        self, rng: np.random.Generator, shape: tuple[int, int], dt_s: float
    ) -> NDArray[np.floating]:
        n_traces, n_times = shape
        length = 4 * n_times
        highest_hz = rng.uniform(*self.highest_hz)
        frequency_hz = np.fft.rfftfreq(length, dt_s)
        amplitude = 1 / (1 + (frequency_hz / (0.5 * highest_hz)) ** 8)
        amplitude *= np.minimum(frequency_hz / 1.0, 1)  # recording filters cut below 1 Hz
        alone = unit_spectrum(rng, (n_traces, length), amplitude)[:, :n_times]
        shared = unit_spectrum(rng, (1, length), amplitude)[:, :n_times]
        strength = np.full(n_traces, 0.05)
        most = max(1, round(self.groups * n_traces / 64))
        for _ in range(rng.integers(1, most + 1)):
            width = rng.integers(self.group_traces[0], self.group_traces[1] + 1)
            away = np.abs(np.arange(n_traces) - rng.uniform(0, n_traces)) / max(width / 2, 0.5)
            strength += rng.uniform(0.3, 1) * np.clip(1.2 - away, 0, 1)
        coherence = rng.uniform(0, 0.8)
        return strength[:, None] * (np.sqrt(1 - coherence**2) * alone + coherence * shared)
