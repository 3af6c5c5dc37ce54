"""Where a wave begins on one trace: above the noise, by the Akaike information criterion.

References:
    Maeda (1985), Zisin 38, 365-379.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOISE_SAMPLES = 10
# Noiseless data: what counts as an arrival is then a share of the strongest amplitude.
_NOISE_FLOOR = 1e-5


def window_rms(traces: Floats, window: int) -> Floats:
    """RMS of the window that begins at each sample, shape (trace, time)."""
    padded = np.pad(traces**2, ((0, 0), (0, window - 1)))
    return np.sqrt(sliding_window_view(padded, window, axis=1).mean(axis=-1))


def noise_rms(traces: Floats, n_before: NDArray[np.intp], live: NDArray[np.bool_]) -> Floats:
    """Noise of each trace; the median of the others where too few samples are noise.

    Args:
        traces: Shape (trace, time).
        n_before: Samples before any possible arrival, shape (trace,).
        live: False on traces to leave out, shape (trace,).

    Returns:
        RMS amplitude, above 0 on live traces, shape (trace,).
    """
    enough = live & (n_before >= _NOISE_SAMPLES)
    noise = np.zeros(traces.shape[0])
    for i in np.flatnonzero(enough):
        noise[i] = np.sqrt(np.mean(traces[i, : n_before[i]] ** 2))
    if enough.any():
        noise[~enough] = np.median(noise[enough])
    return np.maximum(noise, _NOISE_FLOOR * np.abs(traces).max(axis=1))


def onset(
    trace: Floats, rms: Floats, threshold: float, first: int, last: int, window: int
) -> float:
    """Sample where the first lasting arrival between two samples begins, NaN if there is none.

    Args:
        trace: Shape (time,).
        rms: Its ``window_rms``, shape (time,).
        threshold: RMS amplitude that an arrival exceeds.
        first: First sample at which the energy may rise.
        last: Sample after the last one.
        window: Samples of the RMS window.
    """
    first = max(first, 0)
    last = min(last, rms.size - window)
    if last <= first:
        return np.nan
    # Half a window later the energy must still be there: a spike is no arrival.
    later = rms[first + window // 2 : last + window // 2]
    lasting = (rms[first:last] > threshold) & (later > threshold)
    if not lasting.any():
        return np.nan
    trigger = first + int(np.argmax(lasting))
    begin = max(0, trigger - 2 * window)
    end = _first_extremum(np.abs(trace), trigger, trigger + 2 * window, threshold)
    return begin + aic_split(trace[begin : end + 1])


def aic_split(segment: Floats) -> float:
    """Index, to a fraction, that splits a segment into quiet before and loud after."""
    n = segment.size
    if n < 6:
        return float(n - 1)
    k = np.arange(2, n - 1)
    energy = np.cumsum(segment**2)
    # No mean is taken off: the loud part is often one lobe, whose mean is its signal.
    before = energy[k - 1] / k
    after = (energy[-1] - energy[k - 1]) / (n - k)
    tiny = max(1e-12 * energy[-1] / n, np.finfo(np.float64).tiny)
    aic = k * np.log(np.maximum(before, tiny)) + (n - k) * np.log(np.maximum(after, tiny))
    best = int(np.argmin(aic))
    # The onset lies between the last quiet sample and the first loud one.
    if not 0 < best < aic.size - 1:
        return float(k[best]) - 0.5
    return float(k[best]) - 0.5 + parabola_shift(*aic[best - 1 : best + 2])


def parabola_shift(left: float, centre: float, right: float) -> float:
    """Where the parabola through three samples turns, from the middle one [sample]."""
    curvature = left - 2 * centre + right
    if curvature == 0:
        return 0.0
    return float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5))


def _first_extremum(size: Floats, first: int, last: int, threshold: float) -> int:
    """First local maximum above a threshold, or else the greatest sample."""
    part = size[first : last + 1]
    peaks = 1 + np.flatnonzero((part[1:-1] >= part[:-2]) & (part[1:-1] > part[2:]))
    high = peaks[part[peaks] > threshold]
    return first + int(high[0] if high.size else np.argmax(part))
