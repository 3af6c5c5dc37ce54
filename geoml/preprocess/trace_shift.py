"""Traces moved in time by shifts of their own, to a fraction of a sample."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import fft

from geoml.errors import OptionError
from geoml.preprocess.step import (
    finite_samples,
    sample_interval_s,
    trace_value,
    with_samples,
    with_trace_value,
)

_FADE = 64  # samples over which the ends of a trace fade beyond it
_BLOCK_SAMPLES = 2**17


def shifted_gathers(gathers: xr.DataArray, shift_s: NDArray[np.float64], step: str) -> xr.DataArray:
    """The gathers with each trace, and its pick, moved later by its shift.

    The time axis stays, zeros come in at one end.

    Args:
        gathers: Dims (trace, time).
        shift_s: Shifts [s], later where above 0, shape (trace,).
        step: Name of the step, for messages.

    Raises:
        OptionError: If a shift is not finite, leaves nothing of its trace, or a sample is NaN.
    """
    samples, dt_s = finite_samples(gathers, step), sample_interval_s(gathers)
    length_s = samples.shape[1] * dt_s
    bad = ~(np.abs(shift_s) < length_s)
    if bad.any():
        first = int(np.argmax(bad))
        raise OptionError(
            f"'{step}' would move {int(bad.sum())} of {bad.size} traces out of their recording of "
            f"{length_s:g} s (trace {first} by {shift_s[first]:g} s); check elevations, datum and "
            "velocity, or the table of shifts."
        )
    moved = with_samples(gathers, shifted(samples, shift_s / dt_s))
    if "first_break" not in gathers.coords:
        return moved
    return with_trace_value(
        moved, "first_break", trace_value(gathers, "first_break", step) + shift_s
    )


def shifted(samples: NDArray[np.float32], shift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Traces moved by a linear phase, exact up to Nyquist; zeros where nothing was recorded.

    Args:
        samples: Finite, shape (trace, time).
        shift: Later where above 0 [sample], shape (trace,).
    """
    n_traces, n_time = samples.shape
    out = np.zeros((n_traces, n_time), dtype=np.float32)
    rows = max(1, _BLOCK_SAMPLES // max(1, n_time))
    for first in range(0, n_traces, rows):
        block = slice(first, first + rows)
        out[block] = _shifted_block(samples[block], shift[block])
    return out


def _shifted_block(samples: NDArray[np.float32], shift: NDArray[np.float64]) -> NDArray[np.float32]:
    n_time = samples.shape[1]
    whole = np.rint(shift)
    # The length must not depend on the shifts: a trace comes out the same in any block.
    n = fft.next_fast_len(n_time + 2 * _FADE, real=True)
    padded = np.zeros((len(samples), n), dtype=np.float32)
    padded[:, :n_time] = samples
    # A jump to zero at the ends would ring through the trace: the last values fade out.
    fade = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, _FADE + 1) / (_FADE + 1))).astype(np.float32)
    padded[:, n_time : n_time + _FADE] = samples[:, -1:] * fade
    padded[:, n - _FADE :] = samples[:, :1] * fade[::-1]
    phase = np.exp(-2j * np.pi * np.outer(shift - whole, fft.rfftfreq(n))).astype(np.complex64)
    moved = fft.irfft(fft.rfft(padded, axis=1) * phase, n, axis=1)
    place = np.arange(n_time) - whole.astype(np.int64)[:, None]
    exact = np.arange(n_time) - shift[:, None]
    live = np.asarray(samples.any(axis=1))
    recorded = (exact > -1e-6) & (exact < n_time - 1 + 1e-6) & live[:, None]
    return np.where(recorded, np.take_along_axis(moved, place % n, axis=1), np.float32(0))
