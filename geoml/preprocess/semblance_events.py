"""Events of a gather by the peaks of its semblance: the customary way, without a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.semblance import semblance
from geoml.preprocess.step import finite_samples, offset_m, sample_interval_s, sample_times_s
from geoml.preprocess.trace_reading import read_at

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SemblancePeaks:
    """How peaks become events.

    Attributes:
        velocity_m_s: First, last and step of the velocities tried [m/s].
        window_s: Length of the semblance's window, about a period [s].
        least: Semblance from which a peak is an event, 0 to 1.
        apart_s: Curves nearer than this, on average over the traces, are one event [s]; side lobes
            of the wavelet are as coherent as its peak.
        max_stretch: Share by which a wavelet may be drawn out.
        least_traces: Share of the traces that a hyperbola must cross within the record and the
            stretch; a few are alike by chance.
        most: Events a gather at most.
    """

    velocity_m_s: tuple[float, float, float] = (1400.0, 4600.0, 50.0)
    window_s: float = 0.04
    least: float = 0.3
    apart_s: float = 0.05
    max_stretch: float = 1.0
    least_traces: float = 0.4
    most: int = 30

    def __post_init__(self) -> None:
        first, last, step = self.velocity_m_s
        if not 0 < first < last or not step > 0:
            raise OptionError("Semblance peaks need velocities above 0, ascending by a step.")
        if not 0 < self.least <= 1 or not self.apart_s > 0 or self.most < 1:
            raise OptionError("Semblance peaks need 'least' in 0..1, 'apart_s' > 0, 'most' >= 1.")
        if not 0 <= self.least_traces <= 1:
            raise OptionError("Semblance peaks need 'least_traces' in 0..1.")


def semblance_events(gather: xr.DataArray, options: SemblancePeaks) -> dict[str, Floats]:
    """Apex times, velocities and amplitudes of the peaks, the most coherent first.

    Semblance says where an event is, but is as high on all of its wavelet: from each peak the
    strongest stack nearby is sought, which gives the event's time, velocity and amplitude. Peaks
    that lead to one event count once.

    Args:
        gather: As ``semblance`` takes it.
        options: What counts as a peak.

    Returns:
        ``time_s`` [s], ``velocity_m_s`` [m/s], ``amplitude`` (mean along the hyperbola) and
        ``semblance``, each (event,).
    """
    first, last, step = options.velocity_m_s
    velocity = np.arange(first, last + step / 2, step)
    spectrum = semblance(
        gather, velocity, window_s=options.window_s, max_stretch=options.max_stretch
    ).values.astype(np.float64)
    time_s = sample_times_s(gather)
    distance_m = np.abs(offset_m(gather, "semblance"))
    crossed = _crossed(time_s, velocity, distance_m, options.max_stretch)
    left = np.where(crossed >= options.least_traces, spectrum, 0)
    rows: list[tuple[float, float, float, float]] = []
    while len(rows) < options.most and left.max() >= options.least:
        i, j = np.unravel_index(left.argmax(), left.shape)
        apex_s, speed, amplitude = strongest_stack(gather, float(time_s[i]), velocity[j], step)
        taken = _near(time_s, velocity, distance_m, (apex_s, speed), options.apart_s)
        known = (_mean_apart(distance_m, (apex_s, speed), row[:2]) for row in rows)
        if min(known, default=np.inf) >= options.apart_s:
            rows.append((apex_s, speed, amplitude, float(spectrum[i, j])))
        left[taken] = 0
        left[_near(time_s, velocity, distance_m, (time_s[i], velocity[j]), options.apart_s)] = 0
        left[i, j] = 0
    table = np.array(rows).reshape(-1, 4)
    names = ("time_s", "velocity_m_s", "amplitude", "semblance")
    return dict(zip(names, table.T, strict=True))


def strongest_stack(
    gather: xr.DataArray, apex_s: float, speed: float, step: float
) -> tuple[float, float, float]:
    """Time, velocity and amplitude of the strongest mean along a hyperbola near a given one.

    Args:
        gather: As ``semblance`` takes it.
        apex_s: Its apex [s]; 40 ms on either side are tried.
        speed: Its velocity [m/s].
        step: Velocities up to two steps away are tried [m/s].
    """
    samples, time_s = finite_samples(gather, "semblance"), sample_times_s(gather)
    live = samples.any(axis=1)
    samples, distance_m = samples[live], offset_m(gather, "semblance")[live]
    dt_s = sample_interval_s(gather)
    apexes = apex_s + np.arange(-_REACH_S, _REACH_S + dt_s / 8, dt_s / 4)
    apexes = apexes[(apexes > 0) & (apexes >= time_s[0]) & (apexes <= time_s[-1])]
    speeds = speed + step * np.arange(-2, 2.01, 0.5)
    moveout = distance_m[:, None] / speeds
    arrival_s = np.sqrt(apexes[:, None] ** 2 + moveout[:, None] ** 2)  # (trace, apex, velocity)
    inside = arrival_s <= time_s[-1]
    values = read_at(samples, ((arrival_s - time_s[0]) / dt_s).reshape(len(samples), -1))
    stack = values.reshape(arrival_s.shape).sum(axis=0) / np.maximum(inside.sum(axis=0), 1)
    i, j = np.unravel_index(np.abs(stack).argmax(), stack.shape)
    return float(apexes[i]), float(speeds[j]), float(stack[i, j])


_REACH_S = 0.04


def _mean_apart(distance_m: Floats, one: tuple[float, float], other: tuple[float, float]) -> float:
    """Mean difference of the arrival times of two hyperbolas [s]."""
    arrival = [np.sqrt(apex**2 + (distance_m / speed) ** 2) for apex, speed in (one, other)]
    return float(np.abs(arrival[0] - arrival[1]).mean())


def _crossed(time_s: Floats, velocity: Floats, distance_m: Floats, max_stretch: float) -> Floats:
    """Share of the traces that a hyperbola crosses, shape (time, velocity)."""
    start_s = np.maximum(time_s, 0)[:, None]
    # Where the arrival is later than the stretched apex, or than the record.
    latest_s = np.minimum((1 + max_stretch) * start_s, time_s[-1])
    reach_m = velocity * np.sqrt(np.maximum(latest_s**2 - start_s**2, 0))
    return np.searchsorted(np.sort(distance_m), reach_m, side="right") / distance_m.size


def _near(
    time_s: Floats, velocity: Floats, distance_m: Floats, event: tuple[float, float], apart_s: float
) -> NDArray[np.bool_]:
    """Nodes whose curve is that of an event, about, shape (time, velocity)."""
    # A few offsets tell curves apart as well as all do.
    few_m = np.quantile(distance_m, np.linspace(0, 1, 6))
    curves = np.sqrt(time_s[:, None, None] ** 2 + (few_m / velocity[:, None]) ** 2)
    own = np.sqrt(event[0] ** 2 + (few_m / event[1]) ** 2)
    return np.asarray(np.abs(curves - own).mean(axis=2) < apart_s)
