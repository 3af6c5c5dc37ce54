"""Traces of a gather with its usual spectrum divided out, in which a spike stands alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, signal

_SMOOTH = 100  # the spectrum's length over that of the window which smooths it
_TAPER = 0.03  # of a trace, at either end
_WATER = 1e-4  # of the strongest power; what lies below was never signal


def whitened(traces: NDArray[np.floating]) -> NDArray[np.float64]:
    """Traces divided by the median power spectrum of the gather, with zero phase.

    It is the matched filter for a single sample in noise of that spectrum: arrivals, made of the
    frequencies that the gather is full of, shrink, and a spike, which holds all frequencies,
    grows. A few bad traces leave the median as it is. The ends of the traces are tapered.

    Args:
        traces: Finite, shape (trace, time).

    Returns:
        No amplitude of the recording any more, shape (trace, time).

    References:
        Turin (1960), An introduction to matched filters, IRE Trans. Information Theory 6(3).
    """
    n_time = traces.shape[1]
    # The ends of a recording that goes on look like spikes, unless they come in slowly.
    tapered = traces.astype(np.float64) * signal.windows.tukey(n_time, 2 * _TAPER)
    n_fft = fft.next_fast_len(2 * n_time, real=True)
    spectra = fft.rfft(tapered, n_fft)
    level = np.sqrt(np.mean(tapered**2, axis=1, keepdims=True))
    power = np.median(np.abs(spectra / np.where(level > 0, level, 1)) ** 2, axis=0)
    power = ndimage.uniform_filter1d(power, max(3, n_fft // _SMOOTH))
    most = power.max()
    if not most > 0:
        return tapered
    out: NDArray[np.float64] = fft.irfft(spectra / (power / most + _WATER), n_fft)[:, :n_time]
    return out
