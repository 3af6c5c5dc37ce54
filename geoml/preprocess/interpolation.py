"""Band-limited interpolation between regular time grids, as one sparse matrix."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import sparse

_STOPBAND_DB = 80.0


@lru_cache(maxsize=32)
def sinc_matrix(
    n_in: int,
    dt_in_s: float,
    n_out: int,
    dt_out_s: float,
    start_s: float,
    pass_hz: float,
    stop_hz: float,
    dtype: str = "float64",
) -> sparse.csr_array:
    """Matrix that reads a regular trace at other times, low-passed on the way.

    Each row is a sinc at the output time under a Kaiser window, so the filter has zero phase,
    gain 1 up to ``pass_hz`` and -80 dB from ``stop_hz``. Outside the trace, samples count as 0.

    Args:
        n_in: Samples of the input.
        dt_in_s: Sample interval of the input [s].
        n_out: Samples of the output.
        dt_out_s: Sample interval of the output [s].
        start_s: Time of the first output sample after the first input sample [s], any sign.
        pass_hz: End of the passband [Hz].
        stop_hz: Start of the stopband [Hz], above ``pass_hz``.
        dtype: Type of the weights.

    Returns:
        Weights [1], shape (output time, input time).

    References:
        Kaiser (1974), IEEE Int. Symp. Circuits and Systems, 20-23: beta and length from the
        stopband attenuation and the width of the transition.
    """
    beta = 0.1102 * (_STOPBAND_DB - 8.7)
    half_s = (_STOPBAND_DB - 7.95) / (2.285 * 2 * np.pi * (stop_hz - pass_hz)) / 2
    cutoff_hz = (pass_hz + stop_hz) / 2
    out_s = start_s + np.arange(n_out) * dt_out_s
    reach = int(np.ceil(half_s / dt_in_s))
    nearest = np.rint(out_s / dt_in_s).astype(np.int64)
    column = nearest[:, None] + np.arange(-reach, reach + 1)
    lag_s = out_s[:, None] - column * dt_in_s
    inside = (np.abs(lag_s) <= half_s) & (column >= 0) & (column < n_in)
    window = np.i0(beta * np.sqrt(np.clip(1 - (lag_s / half_s) ** 2, 0, None))) / np.i0(beta)
    weight = 2 * cutoff_hz * dt_in_s * np.sinc(2 * cutoff_hz * lag_s) * window
    row = np.broadcast_to(np.arange(n_out)[:, None], column.shape)
    kept = weight[inside].astype(dtype)
    return sparse.csr_array((kept, (row[inside], column[inside])), shape=(n_out, n_in))
