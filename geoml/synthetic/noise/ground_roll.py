"""Ground roll: a cone of slow, dispersive surface waves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.synthetic.noise.noise import AddedNoise


@dataclass(frozen=True)
class GroundRoll(AddedNoise):
    """Surface waves whose low frequencies run ahead of the high ones, from a source near the line.

    Attributes:
        spacing_m: Least and greatest distance between traces [m].
        velocity_m_s: Least and greatest phase velocity of the high frequencies [m/s].
        faster: Greatest phase velocity of the low frequencies over that of the high ones.
        peak_hz: Least and greatest middle frequency [Hz].
        modes: Modes at most.
    """

    level: tuple[float, float] = (0.5, 5.0)
    spacing_m: tuple[float, float] = (5.0, 50.0)
    velocity_m_s: tuple[float, float] = (180.0, 900.0)
    faster: float = 2.5
    peak_hz: tuple[float, float] = (5.0, 18.0)
    modes: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("spacing_m", "velocity_m_s", "peak_hz"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise OptionError(f"'{name}' is {low:g}..{high:g}; both above 0, smaller first.")
        if self.faster < 1 or self.modes < 1:
            raise OptionError("'faster' and 'modes' are at least 1.")

    def _drawn(
        self, rng: np.random.Generator, shape: tuple[int, int], dt_s: float
    ) -> NDArray[np.floating]:
        n_traces, n_times = shape
        spacing_m = np.exp(rng.uniform(*np.log(self.spacing_m)))
        # The source may lie inside the patch: the cone then has both its sides.
        distance_m = spacing_m * np.abs(np.arange(n_traces) - rng.uniform(-1, 2) * n_traces)
        length = 4 * n_times  # long enough for the slow end of the cone
        frequency_hz = np.fft.rfftfreq(length, dt_s)
        spectrum = np.zeros((n_traces, frequency_hz.size), dtype=np.complex128)
        nearest, through = rng.integers(n_traces), rng.uniform(0, n_times * dt_s)
        for _ in range(rng.integers(1, self.modes + 1)):
            peak_hz = rng.uniform(*self.peak_hz)
            slow_m_s = np.exp(rng.uniform(*np.log(self.velocity_m_s)))
            ratio = rng.uniform(1, self.faster)
            amplitude = _band(frequency_hz, peak_hz, rng.uniform(0.4, 0.9))
            shown = amplitude > 1e-3
            f = frequency_hz[shown]
            velocity_m_s = slow_m_s * (1 + (ratio - 1) / (1 + (f / peak_hz) ** 2))
            delay_s = distance_m[:, None] / velocity_m_s
            # One point of the cone is in the patch; what lies round it follows.
            middle = np.argmin(np.abs(f - peak_hz)) if f.size else 0
            start_s = through - delay_s[nearest, middle] if f.size else 0.0
            # Heterogeneous ground delays and damps each trace a little by itself.
            jitter_s = rng.normal(0, 0.03 / peak_hz, (n_traces, 1))
            uneven = np.exp(rng.normal(0, 0.2, (n_traces, 1)))
            phase = -2 * np.pi * f * (start_s + delay_s + jitter_s) + rng.uniform(0, 2 * np.pi)
            spectrum[:, shown] += (
                rng.uniform(0.3, 1) * uneven * amplitude[shown] * np.exp(1j * phase)
            )
        return np.fft.irfft(spectrum, length, axis=1)[:, :n_times]


def _band(
    frequency_hz: NDArray[np.floating], peak_hz: float, octaves: float
) -> NDArray[np.floating]:
    """Amplitude spectrum with its peak at a frequency, bell-shaped over octaves."""
    away = np.log2(np.maximum(frequency_hz, 1e-6) / peak_hz)
    return np.asarray(np.exp(-0.5 * (away / octaves) ** 2))
