"""Gathers of hyperbolic events whose apex, velocity and amplitude are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from geoml.errors import OptionError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class EventGatherOptions:
    """What is drawn; each pair is the least and the greatest value.

    Velocities grow with time at random rates and scatter round that; some events are slower, as
    multiples are, and cross the others.

    Attributes:
        n_traces: Traces of a gather.
        n_times: Samples of a trace.
        dt_s: Sample interval [s].
        n_events: Events of a gather.
        first_time_s: Earliest apex [s].
        velocity_m_s: Limits of all velocities [m/s].
        slow_share: Chance that an event is slower than the trend.
        amplitude: Size of an event's wavelet [1]; its sign is drawn.
        peak_hz: Peak frequency of the gather's Ricker wavelet [Hz].
        noise: Standard deviation of the noise, in the units of ``amplitude``.
        near_m: Offset of the nearest trace [m].
        far_m: Offset of the farthest trace [m].
        apart_s: Least time between two apexes [s].
    """

    n_traces: int = 32
    n_times: int = 192
    dt_s: float = 0.008
    n_events: tuple[int, int] = (1, 6)
    first_time_s: float = 0.15
    velocity_m_s: tuple[float, float] = (1450.0, 4500.0)
    slow_share: float = 0.2
    amplitude: tuple[float, float] = (0.3, 1.0)
    peak_hz: tuple[float, float] = (12.0, 28.0)
    noise: tuple[float, float] = (0.05, 0.5)
    near_m: tuple[float, float] = (0.0, 200.0)
    far_m: tuple[float, float] = (1200.0, 2400.0)
    apart_s: float = 0.06

    def __post_init__(self) -> None:
        ranges = (self.n_events, self.velocity_m_s, self.amplitude, self.peak_hz, self.noise,
                  self.near_m, self.far_m)  # fmt: skip
        if any(low > high or low < 0 for low, high in ranges):
            raise OptionError("Event gathers need ranges from a smaller to a larger number.")
        if self.peak_hz[1] * self.dt_s > _MOST_PEAK or self.far_m[0] <= self.near_m[1]:
            raise OptionError(
                "Event gathers need a peak frequency under a quarter of the sampling rate, and far "
                "offsets beyond the near ones."
            )
        if self.n_events[1] * self.apart_s > 0.8 * (self.last_time_s - self.first_time_s):
            raise OptionError(
                f"{self.n_events[1]} events, {self.apart_s:g} s apart, do not fit between "
                f"{self.first_time_s:g} and {self.last_time_s:g} s; take fewer or longer gathers."
            )

    @property
    def last_time_s(self) -> float:
        """Latest apex [s]: nine tenths of the record."""
        return 0.9 * (self.n_times - 1) * self.dt_s


_MOST_PEAK = 0.25


@dataclass(frozen=True, eq=False)
class EventGathers:
    """Gathers and their events, those after the last one NaN.

    Attributes:
        samples: Amplitude, shape (gather, trace, time).
        offset_m: [m], ascending, shape (gather, trace).
        time_s: Apex times [s], shape (gather, event).
        velocity_m_s: [m/s], shape (gather, event).
        amplitude: Signed, in the units of the samples, shape (gather, event).
        dt_s: Sample interval [s].
    """

    samples: Floats
    offset_m: Floats
    time_s: Floats
    velocity_m_s: Floats
    amplitude: Floats
    dt_s: float


def event_gathers(
    count: int, rng: np.random.Generator, options: EventGatherOptions | None = None
) -> EventGathers:
    """Gathers drawn at random; the same generator gives the same ones.

    Args:
        count: How many.
        rng: Source of randomness.
        options: What is drawn.

    References:
        Dix (1955), Geophysics 20(1), 68-86 (hyperbolic moveout).
    """
    options = options or EventGatherOptions()
    most = options.n_events[1]
    n_events = rng.integers(options.n_events[0], most + 1, count)
    exists = np.arange(most) < n_events[:, None]
    time_s = np.stack([_apexes(n, most, rng, options) for n in n_events])
    velocity = np.where(exists, _velocities(time_s, rng, options), np.nan)
    size = rng.uniform(*options.amplitude, (count, most)) * rng.choice([-1, 1], (count, most))
    amplitude = np.where(exists, size, np.nan)
    near_m, far_m = (rng.uniform(*r, (count, 1)) for r in (options.near_m, options.far_m))
    offset_m = near_m + (far_m - near_m) * np.linspace(0, 1, options.n_traces)
    samples = _modelled(time_s, velocity, amplitude, offset_m, rng, options)
    level = rng.uniform(*options.noise, (count, 1, 1))
    samples += level * _noise(samples.shape, rng)
    return EventGathers(
        samples=samples.astype(np.float32),
        offset_m=offset_m.astype(np.float32),
        time_s=time_s.astype(np.float32),
        velocity_m_s=velocity.astype(np.float32),
        amplitude=amplitude.astype(np.float32),
        dt_s=options.dt_s,
    )


def _apexes(
    n: int, most: int, rng: np.random.Generator, options: EventGatherOptions
) -> NDArray[np.float64]:
    """Ascending times, far enough apart, NaN after the last one."""
    # Drawn without the gaps, then spread by them.
    room = options.last_time_s - options.first_time_s - (n - 1) * options.apart_s
    drawn = np.sort(rng.uniform(0, room, n)) + options.apart_s * np.arange(n)
    return np.concatenate([options.first_time_s + drawn, np.full(most - n, np.nan)])


def _velocities(
    time_s: NDArray[np.float64], rng: np.random.Generator, options: EventGatherOptions
) -> NDArray[np.float64]:
    count = (len(time_s), 1)
    low, high = options.velocity_m_s
    trend = rng.uniform(low, low + 0.25 * (high - low), count)
    trend = trend + rng.uniform(0.1, 0.6, count) * (high - low) * time_s / options.last_time_s
    scatter = 1 + 0.05 * rng.standard_normal(time_s.shape)
    slow = rng.uniform(size=time_s.shape) < options.slow_share
    slower = np.where(slow, rng.uniform(0.7, 0.9, time_s.shape), 1)
    return np.clip(trend * scatter * slower, low, high)


def _modelled(
    time_s: NDArray[np.float64],
    velocity: NDArray[np.float64],
    amplitude: NDArray[np.float64],
    offset_m: NDArray[np.float64],
    rng: np.random.Generator,
    options: EventGatherOptions,
) -> NDArray[np.float64]:
    """Sum of the events' Ricker wavelets, shape (gather, trace, time)."""
    peak_hz = rng.uniform(*options.peak_hz, (len(time_s), 1, 1))
    sample_s = np.arange(options.n_times) * options.dt_s
    samples = np.zeros((*offset_m.shape, options.n_times))
    for event in range(time_s.shape[1]):
        apex, speed = time_s[:, event, None], velocity[:, event, None]
        arrival_s = np.sqrt(apex**2 + (offset_m / speed) ** 2)
        square = (np.pi * peak_hz * (sample_s - arrival_s[..., None])) ** 2
        wavelet = (1 - 2 * square) * np.exp(-square)
        samples += np.nan_to_num(amplitude[:, event, None, None] * wavelet)
    return samples


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise of low and middle frequencies, a standard deviation of 1."""
    noise = gaussian_filter1d(rng.standard_normal(shape), 0.7, axis=-1)
    return noise / noise.std(axis=(1, 2), keepdims=True)
