"""Traces read between their samples, at other times on every trace."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_TAPS = 12
_BETA = 6.0  # of the Kaiser window: within 0.5 % of a sine up to 70 % of Nyquist
_STEPS = 2048  # a place is rounded to this share of a sample, an error of -66 dB at half Nyquist
_BLOCK_SAMPLES = 2**15  # what a pass works on stays in the processor's cache


def read_at(samples: NDArray[np.floating], place: NDArray[np.floating]) -> NDArray[np.float32]:
    """Amplitudes of each trace at places of its own, by a sinc of 12 points under a Kaiser window.

    Within 0.5 % of a sine up to 70 % of Nyquist. Samples beyond the ends count as 0.

    Args:
        samples: Finite, shape (trace, time).
        place: Where to read [sample]; 0 comes out before the first sample, after the last one
            and where it is NaN, shape (trace, place).

    Returns:
        Shape (trace, place).
    """
    n_traces, n_time = samples.shape
    padded = np.pad(np.asarray(samples, np.float32), ((0, 0), (_TAPS, _TAPS)))
    out = np.empty(place.shape, dtype=np.float32)
    rows = max(1, _BLOCK_SAMPLES // max(1, place.shape[1]))
    for first in range(0, n_traces, rows):
        block = slice(first, first + rows)
        out[block] = _read_block(padded[block], place[block], n_time)
    return out


def _read_block(
    padded: NDArray[np.float32], place: NDArray[np.floating], n_time: int
) -> NDArray[np.float32]:
    weights, width = _weights(), padded.shape[1]
    # Computed times carry rounding: the last sample itself is not beyond the end.
    inside = (place > -1e-6) & (place < n_time - 1 + 1e-6)
    safe = np.where(inside, place, 0.0)
    whole = np.floor(safe).astype(np.intp)
    step = np.rint((safe - whole) * _STEPS).astype(np.intp)
    start = whole + np.arange(len(padded))[:, None] * width + _TAPS // 2 + 1
    flat = padded.reshape(-1)
    total = np.zeros(place.shape, dtype=np.float32)
    for tap in range(_TAPS):
        total += flat.take(start + tap) * weights[tap].take(step)
    total *= inside
    return total


@lru_cache
def _weights() -> NDArray[np.float32]:
    """Weight of each point around a place, shape (tap, step of the place after its sample)."""
    lag = np.arange(_STEPS + 1) / _STEPS - (np.arange(_TAPS) - _TAPS // 2 + 1)[:, None]
    window = np.i0(_BETA * np.sqrt(np.clip(1 - (lag / (_TAPS / 2)) ** 2, 0, None)))
    weight = np.sinc(lag) * window
    weight /= weight.sum(axis=0)  # a constant stays a constant
    return weight.astype(np.float32)
