"""Synthetic seismogram of a well: impedance, reflection coefficients, a wavelet, and the tie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import PhysicsError, ShapeError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SyntheticTrace:
    """What a well should look like in seismic data.

    Attributes:
        time_s: Two-way time [s], shape (time,).
        impedance: Mean acoustic impedance from each sample to the next [m/s g/cm3], shape (time,).
        reflectivity: Coefficient at each sample, between the impedances before and behind it.
        amplitude: Reflectivity convolved with the wavelet, shape (time,).
    """

    time_s: Floats
    impedance: Floats
    reflectivity: Floats
    amplitude: Floats


def reflection_coefficients(impedance: ArrayLike) -> Floats:
    """Normal-incidence coefficient between each layer and the one before; the first is 0.

    Args:
        impedance: Acoustic impedance, > 0, shape (layer,).
    """
    values = np.asarray(impedance, np.float64)
    coefficient = np.zeros_like(values)
    coefficient[1:] = (values[1:] - values[:-1]) / (values[1:] + values[:-1])
    return coefficient


def synthetic_trace(
    time_s: ArrayLike,
    velocity_m_s: ArrayLike,
    density_g_cm3: ArrayLike,
    wavelet: ArrayLike,
    dt_s: float,
) -> SyntheticTrace:
    """The primaries of a well at normal incidence, without transmission losses.

    The impedance is averaged over each time sample, which keeps what a wavelet cannot see from
    folding into what it can. Gaps are interpolated.

    Args:
        time_s: Two-way time of each depth [s], increasing, shape (depth,).
        velocity_m_s: [m/s], shape (depth,).
        density_g_cm3: [g/cm3], shape (depth,).
        wavelet: Amplitude with time 0 at its centre sample, at ``dt_s``, odd length.
        dt_s: Sample interval of the trace [s].

    Raises:
        PhysicsError: If no depth has both logs, or times do not increase.
        ShapeError: If the wavelet's length is even, or shapes differ.
    """
    time, velocity, density = (
        np.asarray(a, np.float64) for a in (time_s, velocity_m_s, density_g_cm3)
    )
    pulse = np.asarray(wavelet, np.float64)
    if time.shape != velocity.shape or time.shape != density.shape or time.ndim != 1:
        raise ShapeError(f"Shapes {time.shape}, {velocity.shape}, {density.shape}; all the same.")
    if pulse.ndim != 1 or pulse.size % 2 == 0:
        raise ShapeError(f"A wavelet of shape {pulse.shape}; an odd length centres it on time 0.")
    impedance = velocity * density
    there = np.isfinite(impedance)
    if there.sum() < 2 or not dt_s > 0 or (np.diff(time) <= 0).any():
        raise PhysicsError(
            f"{int(there.sum())} depths with velocity and density at {dt_s:g} s; at least two, "
            "over increasing times, are needed."
        )
    known, values = time[there], impedance[there]
    first, last = np.ceil(known[0] / dt_s), np.floor(known[-1] / dt_s)
    if last - first < 1:
        raise PhysicsError(
            f"The log spans {known[-1] - known[0]:g} s, under two samples of {dt_s:g}."
        )
    samples = dt_s * np.arange(first, last + 1)
    # Exact means of the line through the log, by its integral, from sample to sample: the
    # coefficient between two of them then lies on a sample and not half a one beside it.
    total = np.concatenate([[0.0], np.cumsum((values[1:] + values[:-1]) / 2 * np.diff(known))])
    layers = np.diff(_integral(samples, known, values, total)) / dt_s
    blocked = np.append(layers, layers[-1])
    coefficient = reflection_coefficients(blocked)
    return SyntheticTrace(samples, blocked, coefficient, _convolved(coefficient, pulse))


@dataclass(frozen=True)
class Tie:
    """How a synthetic fits a trace.

    Attributes:
        shift_s: Time to add to the synthetic [s].
        correlation: Pearson's at that shift.
        scale: Trace amplitude for an amplitude of 1 of the synthetic.
    """

    shift_s: float
    correlation: float
    scale: float


def tie(synthetic: ArrayLike, trace: ArrayLike, dt_s: float, max_shift_s: float = 0.1) -> Tie:
    """The shift at which a synthetic fits a trace best.

    Args:
        synthetic: Amplitude, shape (time,).
        trace: Recorded amplitude on the same time axis, shape (time,).
        dt_s: Sample interval [s].
        max_shift_s: Largest shift that is tried [s].

    Raises:
        PhysicsError: If one of them is nothing but zeros where they overlap.
        ShapeError: If the shapes differ.
    """
    one, other = np.asarray(synthetic, np.float64), np.asarray(trace, np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise ShapeError(f"A synthetic of shape {one.shape} and a trace of {other.shape}.")
    most = min(round(max_shift_s / dt_s), one.size // 2)
    lags = np.arange(-most, most + 1)
    scores = np.array([_correlation(*_overlap(one, other, lag)) for lag in lags.tolist()])
    best = int(np.argmax(scores))
    a, b = _overlap(one, other, int(lags[best]))
    if not a @ a > 0 or not b @ b > 0:
        raise PhysicsError("Synthetic or trace hold no energy where they overlap; nothing to tie.")
    return Tie(float(lags[best] * dt_s), float(scores[best]), float(a @ b / (a @ a)))


def _integral(at: Floats, x: Floats, y: Floats, total: Floats) -> Floats:
    """Integral of the broken line through (x, y) from its start to ``at``."""
    place = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
    into = at - x[place]
    slope = (y[place + 1] - y[place]) / (x[place + 1] - x[place])
    return total[place] + into * (y[place] + slope * into / 2)


def _convolved(coefficient: Floats, pulse: Floats) -> Floats:
    half = pulse.size // 2
    return np.convolve(coefficient, pulse)[half : half + coefficient.size]


def _overlap(one: Floats, other: Floats, lag: int) -> tuple[Floats, Floats]:
    if lag >= 0:
        return one[: one.size - lag], other[lag:]
    return one[-lag:], other[:lag]


def _correlation(a: Floats, b: Floats) -> float:
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0
