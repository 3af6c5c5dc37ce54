"""Between the sampling of the data and the steps of a leapfrog simulation, free of dispersion.

A second-order leapfrog scheme moves energy of the true frequency W to the higher frequency
w = (2 / dt) arcsin(W dt / 2). Reading spectra along that map on the way in and on the way out
removes the error of time stepping, so the step is bounded by stability alone. Resampling to the
recording interval happens in the same two matrices.

References:
    Koene, Robertsson, Broggini & Andersson (2018), Geophysical Journal International 213(1).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Above this fraction of the highest frequency that a leapfrog step can carry the map is too steep.
_STEEPEST = 0.9
_PASS_FRACTION = 0.9


def stable_step_s(spacing_m: float, max_velocity_m_s: float, accuracy: int) -> float:
    """Longest time step of the explicit 2-D scheme with a tenth of margin [s].

    Args:
        spacing_m: Cell size, both ways [m].
        max_velocity_m_s: Fastest velocity [m/s].
        accuracy: Order of the spatial stencil, 4 or 8.

    References:
        Von Neumann analysis: v dt / h < 2 / sqrt(2 sum |c|) for second-derivative weights c.
    """
    return 0.9 * 2.0 / np.sqrt(2 * _STENCIL_SUM[accuracy]) * spacing_m / max_velocity_m_s


_STENCIL_SUM = {4: 16 / 3, 8: 205 / 72 + 2 * (8 / 5 + 1 / 5 + 8 / 315 + 1 / 560)}


def source_on_steps(
    wavelet: Floats, start_s: float, dt_s: float, step_s: float, n_steps: int
) -> Floats:
    """Source time function on the steps of a simulation that begins at time 0.

    Args:
        wavelet: Samples at ``dt_s``, shape (time,).
        start_s: Time of its first sample after the simulation's start [s].
        dt_s: Sample interval of the wavelet [s].
        step_s: Step of the simulation [s], not above ``dt_s``.
        n_steps: Steps of the simulation.

    Returns:
        Band-limited source, shape (step,).
    """
    n_padded = 2 * max(n_steps, int(np.ceil((start_s + wavelet.size * dt_s) / step_s)))
    simulated = 2 * np.pi * np.arange(n_padded // 2) / (n_padded * step_s)
    true = 2 / step_s * np.sin(simulated * step_s / 2)
    gain = _low_pass(true, dt_s, step_s)
    kept = gain > 0
    times = start_s + dt_s * np.arange(wavelet.size)
    spectrum = np.zeros(n_padded // 2 + 1, dtype=np.complex128)
    angles = np.outer(true[kept], times)
    spectrum[: n_padded // 2][kept] = gain[kept] * dt_s * (np.exp(-1j * angles) @ wavelet)
    return np.fft.irfft(spectrum, n_padded)[:n_steps] / step_s


@lru_cache(maxsize=32)
def record_operator(
    first_s: float, dt_s: float, n_samples: int, step_s: float, n_steps: int
) -> Floats:
    """Matrix that turns a simulation's steps into samples of a record.

    The steps after the last sample are tapered to zero, so that the end of the simulation does
    not ring back into the record.

    Args:
        first_s: Time of the record's first sample after the simulation's start [s], >= 0.
        dt_s: Sample interval of the record [s].
        n_samples: Samples of the record.
        step_s: Step of the simulation [s].
        n_steps: Steps of the simulation.

    Returns:
        Read-only, shape (step, time).
    """
    last = first_s + (n_samples - 1) * dt_s
    steps = np.arange(n_steps) * step_s
    tail = max(steps[-1] - last, step_s)
    taper = np.where(
        steps <= last, 1.0, 0.5 + 0.5 * np.cos(np.pi * np.minimum((steps - last) / tail, 1))
    )
    period = 1.5 * max(steps[-1], last)
    true = 2 * np.pi * np.arange(1, int(period / (2 * dt_s)) + 1) / period
    true = np.concatenate([[0.0], true])
    gain = _low_pass(true, dt_s, step_s)
    true, gain = true[gain > 0], gain[gain > 0]
    simulated = 2 / step_s * np.arcsin(true * step_s / 2)
    weight = np.where(true == 0, 1.0, 2.0) * gain * step_s / period
    out_times = first_s + dt_s * np.arange(n_samples)
    outward = np.exp(1j * np.outer(true, out_times)) * weight[:, None]
    inward = np.exp(-1j * np.outer(steps, simulated)) * taper[:, None]
    operator = inward.real @ outward.real - inward.imag @ outward.imag
    operator.setflags(write=False)
    return operator


def _low_pass(true: Floats, dt_s: float, step_s: float) -> Floats:
    """1 up to nine tenths of what both samplings carry, then a cosine down to 0."""
    top = min(np.pi / dt_s, _STEEPEST * 2 / step_s)
    fraction = np.clip((true / top - _PASS_FRACTION) / (1 - _PASS_FRACTION), 0, 1)
    return 0.5 + 0.5 * np.cos(np.pi * fraction)
