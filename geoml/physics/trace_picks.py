"""First breaks of each trace by itself: short over long term average, or information criterion.

The customary pickers of catalogues and networks. ``geoml.physics.picks`` lets neighbours check
each other and belongs on gathers; these serve where traces have no neighbours, and as a second
opinion.

References:
    Allen (1978), BSSA 68(5), 1521-1532 (STA/LTA); Withers et al. (1998), BSSA 88(1), 95-106 (the
    recursive form); Maeda (1985), Zisin 38, 365-379 (AIC of the samples themselves).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]

_QUIET = 1e-12  # energy under this share of the trace's largest is rounding


def classic_sta_lta(traces: Floats, n_sta: int, n_lta: int) -> Floats:
    """Mean energy of the last ``n_sta`` samples over that of the last ``n_lta``, (trace, time).

    0 before the long window is full, and where it is silent.

    Args:
        traces: Shape (trace, time).
        n_sta: Samples of the short window.
        n_lta: Samples of the long window, which holds the short one.
    """
    energy = _unit(traces) ** 2
    sta, lta = (_trailing_mean(energy, n) for n in (n_sta, n_lta))
    return _ratio(sta, lta, n_lta - 1)


def recursive_sta_lta(traces: Floats, n_sta: int, n_lta: int) -> Floats:
    """Exponential averages of energy with these time constants, short over long, (trace, time).

    Args:
        traces: Shape (trace, time).
        n_sta: Time constant of the short average [sample].
        n_lta: Time constant of the long average [sample].
    """
    energy = _unit(traces) ** 2
    energy[:, 0] = 0  # both averages start from silence
    sta, lta = (lfilter([1 / n], [1, 1 / n - 1], energy, axis=1) for n in (n_sta, n_lta))
    return _ratio(sta, lta, n_lta)


def sta_lta_picks(ratio: Floats, trigger_ratio: float, first: NDArray[np.intp]) -> Floats:
    """First sample from ``first`` on at which the ratio exceeds the trigger, NaN where none.

    Args:
        ratio: Short over long term average, shape (trace, time).
        trigger_ratio: What starts an arrival.
        first: Earliest sample of each trace, shape (trace,).
    """
    on = (ratio > trigger_ratio) & (np.arange(ratio.shape[1]) >= first[:, None])
    return np.where(on.any(axis=1), on.argmax(axis=1), np.nan)


def aic(traces: Floats) -> Floats:
    """Akaike information criterion of a break after each number of samples, shape (trace, time).

    ``k log var(x[:k]) + (n - k - 1) log var(x[k:])``; its minimum parts noise from signal. NaN at
    k = 0 and where a part has no variance.

    Args:
        traces: Shape (trace, time).
    """
    centred = _unit(traces)
    centred = centred - centred.mean(axis=1, keepdims=True)
    n = centred.shape[1]
    k = np.arange(1, n)
    total, energy = (np.cumsum(centred**power, axis=1) for power in (1, 2))
    before = energy[:, :-1] / k - (total[:, :-1] / k) ** 2
    rest = total[:, -1:] - total[:, :-1], energy[:, -1:] - energy[:, :-1]
    after = rest[1] / (n - k) - (rest[0] / (n - k)) ** 2
    least = _QUIET * energy[:, -1:] / n
    logs = [np.log(np.where(part > least, part, np.nan)) for part in (before, after)]
    criterion = np.full(traces.shape, np.nan)
    criterion[:, 1:] = k * logs[0] + (n - k - 1) * logs[1]
    return criterion


def aic_picks(traces: Floats, first: NDArray[np.intp]) -> Floats:
    """Onset before the strongest sample of each trace by its AIC, NaN on dead traces, (trace,).

    The strongest sample bounds the search: the criterion finds one break, and behind the first
    arrival there are many.

    Args:
        traces: Shape (trace, time).
        first: Earliest sample of each trace, shape (trace,).
    """
    picks = np.full(len(traces), np.nan)
    for i, trace in enumerate(traces):
        last = int(np.argmax(np.abs(trace)))
        begin = min(int(first[i]), max(last - 3, 0))
        part = trace[begin : last + 1]
        if part.size > 2 and part.any():
            criterion = aic(part[None])[0]
            if np.isfinite(criterion).any():
                picks[i] = begin + int(np.nanargmin(criterion))
    return picks


def _unit(traces: Floats) -> Floats:
    """Traces with largest amplitude 1, so that no square overflows or vanishes."""
    size = np.abs(traces).max(axis=1, keepdims=True)
    return np.asarray(traces / np.where(size > 0, size, 1))


def _trailing_mean(energy: Floats, n: int) -> Floats:
    total = np.cumsum(energy, axis=1)
    total[:, n:] -= total[:, :-n].copy()
    return total / n


def _ratio(sta: Floats, lta: Floats, n_before: int) -> Floats:
    quiet = lta <= _QUIET * lta.max(axis=1, keepdims=True)
    ratio = np.where(quiet, 0, sta) / np.where(quiet, 1, lta)
    ratio[:, :n_before] = 0
    return np.asarray(ratio)
