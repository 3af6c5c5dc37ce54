"""Which traces of a gather are bad, and why: by level, spectrum and likeness to neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import fft, ndimage

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.line_order import line_order
from geoml.preprocess.neighbour_match import match_neighbours
from geoml.preprocess.step import sample_interval_s, shot_labels, trace_samples
from geoml.preprocess.trace_anomaly import unusual
from geoml.preprocess.whitened import whitened

Floats = NDArray[np.float64]
Traces = NDArray[np.float32]

REASONS = ("ok", "dead", "spike", "mono_frequency", "reversed", "noisy", "non_finite")
"""Why a trace is bad; its place here is the code that is stored."""

_NON_FINITE = REASONS.index("non_finite")
_AROUND = 5  # traces on either side that say what is usual
_PEAK_BINS = 1  # half width of a spectral line under a Hann window
_BRIEF_S = 0.012  # half of the longest time that a spike takes
_PEAK_OVER_MEAN = 3.0  # of the magnitudes of random noise
_WHITE_PEAK = 2.0  # times that, where the spectrum is divided out
_MOST_REVERSED = 0.2  # of a gather
_LEAST_TRACES = 5  # a smaller gather has no usual


@dataclass(frozen=True)
class BadTraceRules:
    """Thresholds of the rules; each rule's score is 1 at its threshold and above 1 beyond it.

    Level and likeness to neighbours are what a processor edits traces by (Yilmaz 2001, Seismic
    Data Analysis, SEG, section 1.3). The values were set on 29 field gathers and measured with
    damage put into them, see ``benchmarks/bad_traces.py``.

    Attributes:
        dead_ratio: Dead at this share of the RMS amplitude that is usual around the trace.
        spike_ratio: A spike is this many times the largest amplitude that neighbours have
            within ``max_lag_s``.
        white_spike_ratio: The same with the usual spectrum of the gather divided out, which
            shows spikes among arrivals that are larger.
        burst_ratio: Noisy where a longer burst is this many times that largest amplitude.
        line_share: Mono-frequency where one spectral line holds this share of the power of the
            second half of the recording, and half as much again as is usual.
        reversed_polarity: Reversed at this likeness to upside down neighbours, where the
            neighbours themselves agree.
        noisy_ratio: Noisy at this many times the usual RMS over the second half.
        coherence_ratio: Noisy at this share of the usual coherence with neighbours.
        max_lag_s: Largest moveout between neighbours [s].
    """

    dead_ratio: float = 0.02
    spike_ratio: float = 5.0
    white_spike_ratio: float = 60.0
    burst_ratio: float = 15.0
    line_share: float = 0.75
    reversed_polarity: float = 0.35
    noisy_ratio: float = 5.0
    coherence_ratio: float = 0.4
    max_lag_s: float = 0.12

    # Without it an option that is spelled wrong would be left out in silence.
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        shares = ("dead_ratio", "line_share", "reversed_polarity", "coherence_ratio")
        for name in shares:
            if not 0 < getattr(self, name) < 1:
                raise OptionError(f"{name} is {getattr(self, name):g}; it must be in (0, 1).")
        for name in ("spike_ratio", "white_spike_ratio", "burst_ratio", "noisy_ratio"):
            if not 1 < getattr(self, name) < np.inf:
                raise OptionError(f"{name} is {getattr(self, name):g}; it must be above 1.")
        if not 0 < self.max_lag_s < np.inf:
            raise OptionError(f"max_lag_s is {self.max_lag_s:g} s; it must be above 0.")


def bad_traces(
    samples: Traces,
    labels: NDArray[np.int64],
    dt_s: float,
    rules: BadTraceRules | None = None,
) -> NDArray[np.int32]:
    """Code of the reason why each trace is bad, 0 for a good one; see ``REASONS``.

    Where several rules speak, the first of ``REASONS`` is told.

    Args:
        samples: Traces of a gather in their order along the line, shape (trace, time).
        labels: Gather of each trace, shape (trace,).
        dt_s: Sample interval [s].
        rules: Thresholds; the defaults where none.

    Returns:
        Shape (trace,).

    Raises:
        ShapeError: If there is not one label a trace.
    """
    scores = badness(samples, labels, dt_s, rules)
    bad = scores >= 1
    return np.where(bad.any(axis=1), bad.argmax(axis=1) + 1, 0).astype(np.int32)


def reasons_in(gathers: xr.DataArray, rules: BadTraceRules | None = None) -> NDArray[np.int32]:
    """``bad_traces`` of gathers in any order, by shot, shape (trace,).

    Args:
        gathers: Dims (trace, time), with the survey's trace variables as coordinates.
        rules: Thresholds; the defaults where none.
    """
    labels = shot_labels(gathers)
    order = line_order(gathers, labels)
    found = np.empty(order.size, dtype=np.int32)
    samples = trace_samples(gathers)[order]
    found[order] = bad_traces(samples, labels[order], sample_interval_s(gathers), rules)
    return found


def badness(
    samples: Traces,
    labels: NDArray[np.int64],
    dt_s: float,
    rules: BadTraceRules | None = None,
) -> Floats:
    """Score of every rule, at least 1 where it calls the trace bad.

    Args:
        samples: Traces of a gather in their order along the line, shape (trace, time).
        labels: Gather of each trace, shape (trace,).
        dt_s: Sample interval [s].
        rules: Thresholds; the defaults where none.

    Returns:
        Shape (trace, rule), a column for each of ``REASONS`` but the first.
    """
    if samples.ndim != 2 or labels.shape != samples.shape[:1]:
        raise ShapeError(
            f"Samples have shape {samples.shape} and labels {labels.shape}; needed (trace, time) "
            "and (trace,)."
        )
    rules = rules or BadTraceRules()
    scores = np.zeros((len(samples), len(REASONS) - 1))
    finite = np.isfinite(samples).all(axis=1)
    scores[~finite, _NON_FINITE - 1] = np.inf
    constant = finite & (samples == samples[:, :1]).all(axis=1)
    scores[constant, 0] = np.inf
    judged = finite & ~constant
    for label in np.unique(labels[judged]):
        members = np.flatnonzero(judged & (labels == label))
        if members.size >= _LEAST_TRACES:
            scores[members, : _NON_FINITE - 1] = _gather_scores(samples[members], dt_s, rules)
    return scores


def anomaly(scores: Floats, labels: NDArray[np.int64]) -> Floats:
    """One number a trace from the scores of all rules, to sort traces by; larger is worse.

    Args:
        scores: As ``badness`` gives them, shape (trace, rule).
        labels: Gather of each trace, shape (trace,).

    Returns:
        Spreads beyond what is usual in the gather, see ``unusual``; shape (trace,). In the gathers
        of ``benchmarks/bad_traces.py`` no good trace reached 3, and 91 to 100 % of the damaged
        ones did.
    """
    reversal = REASONS.index("reversed") - 1
    # As sure to be upright as a reversed one must be to be called so: no doubt is left that the
    # ends of the spread, which are judged by one side, could stand out by.
    scores = np.concatenate(
        [scores[:, :reversal], np.maximum(scores[:, [reversal]], -1), scores[:, reversal + 1 :]], 1
    )
    # A likeness goes below 0; the other scores are ratios.
    return unusual(scores, labels, np.arange(scores.shape[1]) != reversal)


def _gather_scores(traces: Traces, dt_s: float, rules: BadTraceRules) -> Floats:
    """Scores of dead, spike, mono-frequency, reversed and noisy, shape (trace, 5)."""
    # Squares of amplitudes such as 1e-25 vanish in float32.
    traces = traces / np.abs(traces).max()
    half = traces[:, traces.shape[1] // 2 :]
    level, late = (
        np.sqrt(np.mean(part.astype(np.float64) ** 2, axis=1)) for part in (traces, half)
    )
    usual_level, usual_late = _usual(level), _usual(late)
    line = _line_share(half)
    spike, burst = _outburst_scores(traces, dt_s, rules)
    match = match_neighbours(traces, dt_s, rules.max_lag_s, -rules.reversed_polarity)
    loud = late / (rules.noisy_ratio * np.maximum(usual_late, 1e-30))
    incoherent = rules.coherence_ratio * _usual(match.coherence) / np.maximum(match.coherence, 1e-9)
    agreed = np.clip(_usual(match.polarity) / rules.reversed_polarity, 0, 1)
    if np.mean(match.polarity < -rules.reversed_polarity) > _MOST_REVERSED:
        # Neighbours disagree anyhow, as in a hum of random phase: nothing is upside down.
        agreed = np.zeros_like(agreed)
    return np.stack(
        [
            rules.dead_ratio * usual_level / level,
            spike,
            np.minimum(line / rules.line_share, line / (1.5 * _usual(line))),
            agreed * -match.polarity / rules.reversed_polarity,
            np.max([loud, burst, incoherent], axis=0),
        ],
        axis=1,
    )


def _usual(values: Floats) -> Floats:
    """Median of the traces around each, without itself, shape (trace,)."""
    away = np.concatenate([np.arange(-_AROUND, 0), np.arange(1, _AROUND + 1)])
    place = np.arange(values.size)[:, None] + away
    inside = (place >= 0) & (place < values.size)
    around = np.where(inside, values[np.clip(place, 0, values.size - 1)], np.nan)
    return np.nanmedian(around, axis=1)


def _line_share(traces: Traces) -> Floats:
    """Share of the power in the strongest spectral line, shape (trace,)."""
    window = np.hanning(traces.shape[1]).astype(np.float32)
    power = np.abs(fft.rfft((traces - traces.mean(axis=1, keepdims=True)) * window)) ** 2
    width = 2 * _PEAK_BINS + 1
    lines = ndimage.uniform_filter1d(power, width, axis=1, mode="constant") * width
    total = power.sum(axis=1)
    return lines.max(axis=1) / np.where(total > 0, total, 1)


def _outburst_scores(traces: Traces, dt_s: float, rules: BadTraceRules) -> tuple[Floats, Floats]:
    """Scores of spikes and of longer bursts that neighbours lack, shape (trace,) each."""
    excess, brief = _excess(np.abs(traces), dt_s, rules)
    spike = brief.max(axis=1) / rules.spike_ratio
    white_excess, white_brief = _excess(np.abs(whitened(traces)), dt_s, rules)
    white = np.minimum(
        white_excess.max(axis=1) / rules.white_spike_ratio, white_brief.max(axis=1) / _WHITE_PEAK
    )
    return np.maximum(spike, white), excess.max(axis=1) / rules.burst_ratio


def _excess(size: NDArray[np.floating], dt_s: float, rules: BadTraceRules) -> tuple[Floats, Floats]:
    """Magnitudes over the largest of the neighbours; and that, where it is brief.

    Args:
        size: Magnitudes, shape (trace, time).
        dt_s: Sample interval [s].
        rules: Thresholds.

    Returns:
        Shape (trace, time) each.
    """
    n_lag, n_brief = (max(1, round(length / dt_s)) for length in (rules.max_lag_s, _BRIEF_S))
    largest = ndimage.maximum_filter1d(size, 2 * n_lag + 1, axis=1)
    place = np.arange(len(size))[:, None] + np.array([-2, -1, 1, 2])
    # Beyond an end of the gather the nearest traces inside speak twice.
    place = np.where(place < 0, 2 - place, place)
    place = np.where(place >= len(size), 2 * len(size) - 4 - place, place)
    neighbours = np.median(largest[place], axis=1)
    # An arrival that neighbours lack, such as an air wave, has other cycles around its peak.
    n_far = max(n_lag, 2 * n_brief)
    far, near = (_sum_around(size, n) for n in (n_far, n_brief))
    count = [_sum_around(np.ones_like(size[:1]), n) for n in (n_far, n_brief)]
    own = np.maximum(far - near, 0) / np.maximum(count[0] - count[1], 1)
    # Silence before the first arrival, or zeros after it, would make a spike of anything.
    floor = 0.02 * _usual(np.sqrt(np.mean(size**2, axis=1, dtype=np.float64)))
    excess = size / np.maximum(neighbours, floor[:, None])
    brief = np.minimum(excess, size / np.maximum(_PEAK_OVER_MEAN * own, floor[:, None]))
    return excess, brief


def _sum_around(values: Traces, half: int) -> Traces:
    """Sum of the samples up to ``half`` away, zeros beyond the ends, shape (trace, time)."""
    width = 2 * half + 1
    return ndimage.uniform_filter1d(values, width, axis=1, mode="constant") * width
