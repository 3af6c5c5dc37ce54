"""Noise-free patches of sections and gathers to train on, events convolved with a wavelet.

Every patch is a list of events, each with a time and an amplitude at every trace. Sections have
folded layers that faults displace, an unconformity now and then, and diffractions; gathers have
reflections with hyperbolic moveout, a direct wave and a refracted one. All lengths are in samples
and traces, so that one range of patches serves every sample interval and trace spacing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from geoml.errors import OptionError

Floats = NDArray[np.float64]

_FINE = 4  # places of the spike axis a sample
_PAD = 48  # samples on either side, so that nothing wraps round into the patch


@dataclass(frozen=True)
class ReflectionSection:
    """Draws noise-free patches.

    Attributes:
        peak_of_nyquist: Least and greatest peak frequency of the wavelet over Nyquist's; 0.2 is
            25 Hz at 4 ms.
        gather_share: Share of patches that are pre-stack.
        dip_of_aliasing: Steepest event, over the dip of half a period a trace, beyond which the
            peak frequency is aliased.
        steepest: Steepest event [samples a trace], whatever its frequency.
        most_faults: Faults of a section at most.
        throw: Least and greatest displacement of a fault [samples].
        layers: Least and greatest number of reflectors in 100 samples.
        most_gain_db: Greatest fall of amplitude along time in a gather, over the patch [dB].
    """

    peak_of_nyquist: tuple[float, float] = (0.06, 0.5)
    gather_share: float = 0.5
    dip_of_aliasing: float = 1.0
    steepest: float = 8.0
    most_faults: int = 3
    throw: tuple[float, float] = (2.0, 20.0)
    layers: tuple[float, float] = (8.0, 45.0)
    most_gain_db: float = 30.0

    def __post_init__(self) -> None:
        low, high = self.peak_of_nyquist
        if not 0.02 <= low <= high <= 0.7:
            raise OptionError(
                f"'peak_of_nyquist' is {low:g}..{high:g}; write the smaller number first, both "
                "between 0.02 and 0.7."
            )
        if not 0 <= self.gather_share <= 1:
            raise OptionError(f"'gather_share' is {self.gather_share:g}; it lies between 0 and 1.")
        if not 0 < self.dip_of_aliasing <= 2 or not self.steepest > 0:
            raise OptionError("'dip_of_aliasing' lies in 0..2, 'steepest' above 0.")
        if self.most_faults < 0 or self.most_gain_db < 0:
            raise OptionError("'most_faults' and 'most_gain_db' are at least 0.")

    def __call__(
        self, rng: np.random.Generator, n_traces: int, n_times: int
    ) -> NDArray[np.float32]:
        """One patch.

        Args:
            rng: Source of randomness.
            n_traces: Traces.
            n_times: Samples of a trace.

        Returns:
            Amplitude at an RMS of 1, shape (trace, time).
        """
        peak = np.exp(rng.uniform(*np.log(self.peak_of_nyquist)))
        # Half a period is 1 / peak samples.
        steepest = min(self.dip_of_aliasing / peak, self.steepest)
        draw = self._gather if rng.uniform() < self.gather_share else self._section
        while True:
            times, amplitudes = draw(rng, n_traces, n_times, steepest)
            patch = _rendered(rng, times, amplitudes, n_times, peak)
            rms = np.sqrt(np.mean(patch**2))
            # Now and then no event falls into the patch.
            if rms > 1e-3:
                return (patch / rms).astype(np.float32)

    def _section(
        self, rng: np.random.Generator, n_traces: int, n_times: int, steepest: float
    ) -> tuple[Floats, Floats]:
        """Times and amplitudes of the reflectors of a section, each (event, trace)."""
        trace = np.arange(n_traces)
        start, amplitude = self._reflectors(rng, n_times)
        deep = np.clip(start / n_times, 0, 1)[:, None]
        growth = 1 - rng.uniform() * (1 - deep)
        times = start[:, None] + growth * _fold(rng, n_traces, steepest)
        if rng.uniform() < 0.3:
            times, amplitude = self._unconformity(rng, times, amplitude, n_times, steepest)
        else:
            amplitude = np.broadcast_to(amplitude[:, None], times.shape)
        for _ in range(rng.integers(self.most_faults + 1)):
            cross, slope = rng.uniform(0, n_traces), rng.normal(0, 0.5)
            throw = rng.choice([-1, 1]) * rng.uniform(*self.throw)
            # What lies right of the plane came from a throw away: a reflector near it may show
            # on both sides or on none.
            stays = trace <= cross + slope * (times - n_times / 2)
            comes = trace > cross + slope * (times + throw - n_times / 2)
            times, amplitude = _joined(
                [(times, amplitude * stays), (times + throw, amplitude * comes)]
            )
            seen = amplitude.any(axis=1)
            times, amplitude = times[seen], amplitude[seen]
        bright = 1 + 0.4 * rng.uniform() * _smooth(rng, times.shape[0], n_traces)
        events = [(times, amplitude * bright)]
        if rng.uniform() < 0.3:
            events.append(_diffractions(rng, n_traces, n_times, steepest))
        return _joined(events)

    def _unconformity(
        self,
        rng: np.random.Generator,
        times: Floats,
        amplitude: Floats,
        n_times: int,
        steepest: float,
    ) -> tuple[Floats, Floats]:
        """Layers that end at a surface, above which others lie at another dip."""
        n_traces = times.shape[1]
        surface = rng.uniform(0.1, 0.9) * n_times + _fold(rng, n_traces, steepest)
        start, above = self._reflectors(rng, n_times)
        upper = start[:, None] + _fold(rng, n_traces, steepest)
        below = amplitude[:, None] * (times > surface)
        shown = above[:, None] * (upper < surface)
        edge = np.full((1, n_traces), rng.normal())
        return _joined([(times, below), (upper, shown), (surface[None], edge)])

    def _gather(
        self, rng: np.random.Generator, n_traces: int, n_times: int, steepest: float
    ) -> tuple[Floats, Floats]:
        """Times and amplitudes of the events of a pre-stack gather, each (event, trace)."""
        distance = np.arange(n_traces) - rng.uniform(-2, 1.5) * n_traces  # traces from the source
        if rng.uniform() < 0.5:
            distance = distance[::-1]
        origin = -rng.uniform(0, 5) * n_times * rng.integers(2)  # time 0 of the shot
        surface_dip = np.exp(rng.uniform(np.log(0.05), 0)) * steepest
        start, amplitude = self._reflectors(rng, n_times)
        start = np.maximum(start - origin, 1)
        # Slowness falls with time as velocity rises; some multiples keep a slow one.
        fall = 1 + rng.uniform(0, 3) * start / (n_times + abs(origin))
        slowness = surface_dip / fall * np.where(rng.uniform(size=start.size) < 0.15, 1.5, 1)
        slowness = np.minimum(slowness, surface_dip)[:, None]
        times = origin + np.sqrt(start[:, None] ** 2 + (slowness * distance) ** 2)
        falloff = 1 / (1 + rng.uniform(0, 2) * np.abs(distance) / n_traces)
        fade = 10 ** (-rng.uniform(0, self.most_gain_db) / 20 * times / n_times)
        events = [(times, amplitude[:, None] * falloff * fade)]
        if rng.uniform() < 0.6:
            n_cycles = rng.integers(1, 4)  # reverberation of the direct wave
            delay = np.cumsum(rng.uniform(2, 20, n_cycles))[:, None]
            first = rng.uniform(0, 0.5) * n_times + np.abs(distance) * surface_dip
            first = first - np.abs(distance).min() * surface_dip + delay
            strong = rng.uniform(1, 6) * rng.normal(1, 0.3, (n_cycles, 1)) * 0.6 ** delay.argsort(0)
            events.append((first, strong * falloff))
            if rng.uniform() < 0.5:
                head = first[:1] - rng.uniform(0.2, 0.6) * np.abs(distance) * surface_dip
                events.append(
                    (head + rng.uniform(0, 0.3) * n_times, rng.uniform(0.3, 2) * falloff[None])
                )
        return _joined(events)

    def _reflectors(self, rng: np.random.Generator, n_times: int) -> tuple[Floats, Floats]:
        """Times at the middle of the fold and amplitudes of reflectors, each (event,)."""
        count = int(rng.uniform(*self.layers) * n_times / 100 * 2)
        start = rng.uniform(-0.5, 1.5, count) * n_times
        # Few strong reflectors stand out of many weak ones.
        return start, rng.normal(size=count) * np.exp(rng.uniform(0, 1) * rng.normal(size=count))


def _fold(rng: np.random.Generator, n_traces: int, steepest: float) -> Floats:
    """Time shift along the traces no steeper than a dip [samples], shape (trace,)."""
    phase = np.arange(n_traces) / n_traces
    dip, shift = rng.uniform(-1, 1) * rng.uniform() * n_traces, np.zeros(n_traces)
    shift += dip * (phase - 0.5)
    for _ in range(3):
        cycles = np.exp(rng.uniform(np.log(0.2), np.log(2.5)))
        wave = np.sin(2 * np.pi * (cycles * phase + rng.uniform()))
        shift += wave * rng.uniform() * n_traces / (2 * np.pi * cycles) / 2
    largest = np.abs(np.diff(shift)).max(initial=1e-9)
    # Most geology is flat: the steepest place of a patch is drawn towards 0.
    return shift / largest * steepest * rng.uniform() ** 3


def _smooth(rng: np.random.Generator, n_events: int, n_traces: int) -> Floats:
    """Slow variation along the traces between about -1 and 1, shape (event, trace)."""
    phase = 2 * np.pi * np.arange(n_traces) / n_traces
    cycles, start = rng.uniform(0.2, 3, (n_events, 1)), rng.uniform(0, 2 * np.pi, (n_events, 1))
    return np.sin(cycles * phase + start)


def _diffractions(
    rng: np.random.Generator, n_traces: int, n_times: int, steepest: float
) -> tuple[Floats, Floats]:
    """Hyperbolas with tails that fade, times and amplitudes, each (event, trace)."""
    count = rng.integers(1, 6)
    away = np.arange(n_traces) - rng.uniform(0, n_traces, (count, 1))
    depth = rng.uniform(0.2, 4, (count, 1)) * n_times
    apex = rng.uniform(0, n_times, (count, 1))
    path = np.sqrt(depth**2 + (steepest * away) ** 2)
    sign = np.where(rng.uniform(size=(count, 1)) < 0.5, np.sign(away), 1)
    return apex + path - depth, sign * rng.uniform(0.3, 2, (count, 1)) * (depth / path) ** 2


def _joined(events: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    times = np.concatenate([times for times, _ in events])
    return times, np.concatenate([amplitude for _, amplitude in events])


def _rendered(
    rng: np.random.Generator, times: Floats, amplitudes: Floats, n_times: int, peak: float
) -> Floats:
    """Spikes of events, convolved with a wavelet of a peak frequency over Nyquist's."""
    n_traces = times.shape[1]
    length = scipy.fft.next_fast_len(n_times + 2 * _PAD, real=True)
    length += length % 2
    n_fine = length * _FINE
    place = (times + _PAD) * _FINE
    inside = (place >= 0) & (place < n_fine - 1)
    trace = np.broadcast_to(np.arange(n_traces), times.shape)[inside]
    place, weight = place[inside], amplitudes[inside]
    first = place.astype(np.int64)
    share = place - first
    flat = trace * n_fine + first
    spikes = np.bincount(flat, weight * (1 - share), n_traces * n_fine)
    spikes += np.bincount(flat + 1, weight * share, n_traces * n_fine)
    # Single precision halves the time of the transform, and noise hides what it loses.
    single = spikes.reshape(n_traces, n_fine).astype(np.float32)
    spectrum = scipy.fft.rfft(single, axis=1)[:, : length // 2 + 1]
    over_peak = np.linspace(0, 1, length // 2 + 1) / peak
    # Ricker's spectrum at an exponent of 2; a lower one has a broader band.
    exponent = rng.uniform(0.7, 3)
    wavelet = (over_peak**2 * np.exp(1 - over_peak**2)) ** (exponent / 2)
    wavelet[-1] = 0
    phase = np.exp(1j * rng.uniform(0, 2 * np.pi))
    return scipy.fft.irfft(spectrum * wavelet * phase, axis=1)[:, _PAD : _PAD + n_times]
