"""Velocity times a factor is time divided by it: a record over faster ground, without modelling.

With the grid, the positions and the source's place fixed, (1 / v^2) d2p/dt2 - laplacian(p) =
w(t) delta(x - x_s) has the solution p(a t) for the velocity a v and the wavelet w(a t). The
amplitude needs no factor: the right-hand side has none either. So the pair (w(a t), a v) is exact
up to the discretisation, and the peak frequency of its wavelet is a times the recorded one.

What is not known: for a > 1 the samples from the record's end over a on, which are zero here.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_HALF_WIDTH = 16  # samples on each side of an interpolated one
_TINY_M_S = 1e-3
_KAISER = 8.0  # images 80 dB down at the edge of the window's main lobe


def draw_factor(
    rng: np.random.Generator,
    velocity_m_s: Floats,
    factors: tuple[float, float],
    limits_m_s: tuple[float, float],
) -> float:
    """A factor that leaves the scaled velocity within limits; 1 where there is no room.

    Where there is little, both ends come nearer to 1 alike. Cut off one end, and the fast models
    would be drawn slower than they are, the slow ones faster: a network would learn that too.

    Args:
        rng: Source of randomness; one number is drawn.
        velocity_m_s: The model [m/s], any shape.
        factors: Least and greatest factor, drawn evenly in its logarithm between them.
        limits_m_s: Least and greatest velocity that a model may hold [m/s].
    """
    low, high = (math.log(factor) for factor in factors)
    room = (
        math.log(max(limits_m_s[0], _TINY_M_S) / float(velocity_m_s.min())),
        math.log(limits_m_s[1] / float(velocity_m_s.max())),
    )
    share = 1.0
    if low < 0:
        share = min(share, room[0] / low)
    if high > 0:
        share = min(share, room[1] / high)
    return math.exp(max(share, 0.0) * rng.uniform(low, high))


def compress_time(shots: Floats, factor: float) -> Floats:
    """Records whose sample at time t is the given one at ``factor`` times t.

    Args:
        shots: From time 0 on, band-limited, shape (shot, time, receiver).
        factor: Above 1 the record shortens: its end is zero from the last sample over the factor
            on. Below 1 it lengthens and its end is cut.

    Returns:
        Same shape.
    """
    n_shots, n_samples, n_receivers = shots.shape
    operator = _interpolation(n_samples, factor)
    columns = shots.transpose(1, 0, 2).reshape(n_samples, -1)
    moved = (operator @ columns).reshape(n_samples, n_shots, n_receivers)
    return np.ascontiguousarray(moved.transpose(1, 0, 2), dtype=np.float32)


def _interpolation(n_samples: int, factor: float) -> scipy.sparse.csr_array:
    """Windowed-sinc interpolation of n samples at the places k * factor, shape (time, time)."""
    place = np.arange(n_samples) * factor
    known = place <= n_samples - 1
    first = np.floor(place).astype(np.int64) - _HALF_WIDTH + 1
    column = first[:, None] + np.arange(2 * _HALF_WIDTH)
    away = place[:, None] - column
    # Compressed, a record is sampled more coarsely: what would fold over is left out.
    cutoff = min(1.0, 1.0 / factor)
    window = np.i0(_KAISER * np.sqrt(np.clip(1 - (away / _HALF_WIDTH) ** 2, 0, 1)))
    weight = cutoff * np.sinc(cutoff * away) * window / np.i0(_KAISER)
    inside = known[:, None] & (column >= 0) & (column < n_samples)
    row = np.broadcast_to(np.arange(n_samples)[:, None], column.shape)
    shape = (n_samples, n_samples)
    return scipy.sparse.csr_array(
        (weight[inside].astype(np.float32), (row[inside], column[inside])), shape=shape
    )
