"""What every kind of noise offers, and the part that those which are added have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Noise:
    """Something that spoils a patch; a subclass says what.

    Attributes:
        chance: Share of patches that have it.
        level: Least and greatest RMS of the noise over the RMS of the signal; log-uniform.
    """

    chance: float = 1.0
    level: tuple[float, float] = (0.1, 2.0)

    def __post_init__(self) -> None:
        if not 0 <= self.chance <= 1:
            raise OptionError(f"'chance' is {self.chance:g}; it lies between 0 and 1.")
        if not 0 < self.level[0] <= self.level[1]:
            raise OptionError(
                f"'level' is {self.level[0]:g}..{self.level[1]:g}; write the smaller number "
                "first, both above 0."
            )

    def __call__(
        self, rng: np.random.Generator, samples: Floats, dt_s: float, signal_rms: float = 1.0
    ) -> Floats:
        """The patch with noise of this kind, or as it was where chance leaves it out.

        Args:
            rng: Source of randomness.
            samples: Amplitude, shape (trace, time); stays as it is.
            dt_s: Sample interval [s].
            signal_rms: RMS amplitude of the signal, which the level refers to.

        Returns:
            Shape (trace, time).
        """
        if rng.uniform() >= self.chance:
            return samples
        level = float(np.exp(rng.uniform(*np.log(self.level))))
        return self._spoiled(rng, samples, dt_s, level * signal_rms).astype(np.float32)

    def _spoiled(
        self, rng: np.random.Generator, samples: Floats, dt_s: float, rms: float
    ) -> NDArray[np.floating]:
        raise NotImplementedError


@dataclass(frozen=True)
class AddedNoise(Noise):
    """Noise that lies on top of the signal, at its level over the whole patch."""

    def _spoiled(
        self, rng: np.random.Generator, samples: Floats, dt_s: float, rms: float
    ) -> NDArray[np.floating]:
        noise = self._drawn(rng, (samples.shape[0], samples.shape[1]), dt_s)
        found = float(np.sqrt(np.mean(np.square(noise))))
        return samples + noise * (rms / found if found > 0 else 0)

    def _drawn(
        self, rng: np.random.Generator, shape: tuple[int, int], dt_s: float
    ) -> NDArray[np.floating]:
        """Noise of any level, shape (trace, time)."""
        raise NotImplementedError


def checked_share(name: str, share: tuple[float, float]) -> None:
    """Refuse a range of shares that is none.

    Raises:
        OptionError: If the numbers do not rise from 0 to 1.
    """
    if not 0 <= share[0] <= share[1] <= 1:
        raise OptionError(
            f"'{name}' is {share[0]:g}..{share[1]:g}; write the smaller number first, both "
            "between 0 and 1."
        )


def drawn_traces(
    rng: np.random.Generator, n_traces: int, share: tuple[float, float]
) -> NDArray[np.bool_]:
    """Traces picked at random, at least one, shape (trace,)."""
    count = max(1, round(rng.uniform(*share) * n_traces))
    chosen = np.zeros(n_traces, dtype=bool)
    chosen[rng.permutation(n_traces)[:count]] = True
    return chosen


def unit_spectrum(
    rng: np.random.Generator, shape: tuple[int, int], amplitude: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Random noise of an amplitude spectrum, each trace by itself.

    Args:
        rng: Source of randomness.
        shape: Traces and samples.
        amplitude: Of the frequencies of ``rfft`` over the samples, shape (frequency,).

    Returns:
        Shape (trace, time).
    """
    random = rng.standard_normal((shape[0], amplitude.size, 2), dtype=np.float32)
    spectrum = random.view(np.complex64)[..., 0] * amplitude.astype(np.float32)
    return np.fft.irfft(spectrum, shape[1], axis=1)
