"""How well each trace of a gather matches its neighbours: coherence, and polarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]

_STEPS = (1, 2)  # neighbours next to the trace, and one further: one of them may be bad itself
_JITTER_S = 0.008  # statics; under half a period of what seismic data hold
_PASSES = 4  # of turning reversed traces; more than a few side by side are not told apart anyway


@dataclass(frozen=True, eq=False)
class NeighbourMatch:
    """What the traces next to a trace say of it.

    Attributes:
        coherence: Greatest magnitude of the cross-correlation with any neighbour, 0 to 1,
            shape (trace,).
        polarity: 1 where the correlation with the neighbours has the form of the correlation
            among the neighbours, -1 where it has that form upside down, shape (trace,). 0 where
            there are too few neighbours.
    """

    coherence: Floats
    polarity: Floats


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Cross-correlations of each trace with the trace ``step`` further, (pair, lag)."""

    step: int
    lagged: Floats

    @property
    def peak(self) -> Floats:
        return np.abs(self.lagged).max(axis=1)

    def turned(self, signs: Floats) -> _Pairs:
        """As if each trace had been multiplied by its sign."""
        both = signs[: -self.step] * signs[self.step :]
        return _Pairs(self.step, self.lagged * both[:, None])


def match_neighbours(
    traces: NDArray[np.float32], dt_s: float, max_lag_s: float, turn_below: float = -0.35
) -> NeighbourMatch:
    """Coherence and polarity of the traces of one gather.

    The sign of a correlation peak alone tells no polarity: between traces that are a quarter
    period of moveout or more apart, the nearest peak may well be a trough of the next cycle.
    Traces beyond the neighbour have nearly the same moveout, so the whole correlation function
    with the neighbour is held against theirs, over the recording and over its second half,
    where moveout is small. A trace found upside down is turned before its neighbours are judged.

    Args:
        traces: Finite, none all zero, in their order along the line, shape (trace, time).
        dt_s: Sample interval [s].
        max_lag_s: Largest moveout between neighbours that is looked for [s].
        turn_below: Polarity below which a trace is turned.
    """
    n_traces, n_time = traces.shape
    if n_traces < 2 or n_time < 4:
        return NeighbourMatch(np.zeros(n_traces), np.zeros(n_traces))
    steps = [step for step in _STEPS if step < n_traces]
    n_lag = min(max(2, round(max_lag_s / dt_s)), n_time // 2 - 1)
    parts = (traces, traces[:, n_time // 2 :])
    pairs = [pair for part in parts for pair in _correlations(part, steps, n_lag)]
    n_jitter = min(round(_JITTER_S / dt_s), n_lag - 1)
    signs, found = np.ones(n_traces), np.zeros(n_traces)
    for _ in range(_PASSES):
        polarity = _polarity([pair.turned(signs) for pair in pairs], n_traces, n_jitter)
        lowest = polarity <= np.minimum(np.append(polarity[1:], 1), np.append(1, polarity[:-1]))
        turn = lowest & (polarity < turn_below) & (signs > 0)
        if not turn.any():
            break
        signs[turn], found[turn] = -1, polarity[turn]
    sides = np.stack(
        [peak for pair in pairs[: len(steps)] for peak in _both_sides(pair.peak, pair)]
    )
    return NeighbourMatch(sides.max(axis=0), np.where(signs > 0, polarity, found))


def _correlations(traces: NDArray[np.float32], steps: list[int], n_lag: int) -> list[_Pairs]:
    n_fft = fft.next_fast_len(traces.shape[1] + n_lag, real=True)
    # The root keeps a burst or the first arrival from being all that is compared.
    rooted = np.sign(traces) * np.sqrt(np.abs(traces))
    size = np.sqrt((rooted**2).sum(axis=1, keepdims=True))
    spectra = fft.rfft(rooted / np.where(size > 0, size, 1), n_fft)
    found = []
    for step in steps:
        lagged = fft.irfft(spectra[:-step].conj() * spectra[step:], n_fft)
        found.append(_Pairs(step, np.concatenate([lagged[:, -n_lag:], lagged[:, : n_lag + 1]], 1)))
    return found


def _both_sides(values: Floats, pairs: _Pairs) -> tuple[Floats, Floats]:
    """A value a pair, for the pair before and the pair after each trace, 0 at the ends."""
    none = np.zeros(pairs.step)
    return np.concatenate([none, values]), np.concatenate([values, none])


def _polarity(pairs: list[_Pairs], n_traces: int, n_jitter: int) -> Floats:
    """Mean likeness over sides and parts, weighted by coherence, shape (trace,)."""
    total, weight = np.zeros((2, n_traces)), np.zeros((2, n_traces))
    for pair in pairs:
        for side, (own, away) in enumerate(((-pair.step, -pair.step), (0, pair.step))):
            place = np.arange(n_traces) + own
            likeness, known = _likeness(pair.lagged, place, away, n_jitter)
            coherence = np.where(known, _both_sides(pair.peak, pair)[side], 0)
            total[side] += coherence * likeness
            weight[side] += coherence
    # At an end of the spread one side speaks alone, and a kink in moveout looks like a reversal.
    certainty = np.where((weight > 0).all(axis=0), 1, 0.5)
    size = weight.sum(axis=0)
    return certainty * total.sum(axis=0) / np.where(size > 0, size, 1)


def _likeness(
    lagged: Floats, own: NDArray[np.int64], away: int, n_jitter: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Signed likeness of each trace's pair to the two pairs beyond it, and where there are any."""
    n_pairs = len(lagged)
    padded = np.concatenate([lagged, np.zeros_like(lagged[:1])])

    def rows(place: NDArray[np.int64]) -> Floats:
        return padded[np.where((place >= 0) & (place < n_pairs), place, n_pairs)]

    mine, theirs = rows(own), rows(own + away) + rows(own + 2 * away)
    width = lagged.shape[1] - 2 * n_jitter
    centre = theirs[:, n_jitter : n_jitter + width]
    shifts = range(2 * n_jitter + 1)
    fits = np.stack([(centre * mine[:, shift : shift + width]).sum(axis=1) for shift in shifts])
    best = np.take_along_axis(fits, np.abs(fits).argmax(axis=0)[None], axis=0)[0]
    size = np.sqrt((mine**2).sum(axis=1) * (theirs**2).sum(axis=1))
    return best / np.where(size > 0, size, 1), size > 0
