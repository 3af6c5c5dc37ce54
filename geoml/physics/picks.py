"""First breaks of a shot gather: onsets over the noise, made consistent from trace to trace.

Four passes. (1) The first lasting rise above the noise on each trace. (2) Along each side of the
gather, a pick off the line through its neighbours is dropped. (3) Neighbours vote by cross
correlation, so that all traces are picked on the same phase. (4) Going outward, a pick that comes
later than the arrival followed so far belongs to a stronger, later wave: the earlier one is
sought near its own line, and the trace has no pick where it is lost in noise.

References:
    VanDecar & Crosson (1990), BSSA 80(1), 150-169 (relative times by correlation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from geoml.errors import OptionError, ShapeError
from geoml.physics.neighbour_line import expected_times, line_at
from geoml.physics.onsets import noise_rms, onset, parabola_shift, window_rms

Floats = NDArray[np.float64]

# Below this correlation two neighbours do not show the same wave.
_SAME_WAVE = 0.8
_VOTING_ROUNDS = 3
# A later wave may run ahead of the lost first one for this many times n_neighbours traces.
_LOST_FOR = 5


# A pick this many median misfits off the line is dropped at the end, but within this share of
# the tolerance it stays: the ends of a curve lie off the line through their neighbours.
_SPREADS = 6.0
_LEAST_SPREAD = 0.4


@dataclass(frozen=True)
class PickOptions:
    """How first breaks are found.

    Attributes:
        window_s: Length of the energy window, about half the dominant period [s].
        noise_ratio: RMS amplitude over the noise that starts an arrival [1].
        guided_ratio: The same where neighbours tell when to look [1].
        fastest_m_s: No arrival is faster; samples before that are noise [m/s].
        tolerance_s: Misfit to the line through the neighbours that drops a pick [s].
        n_neighbours: Picks on each side that make the line.
    """

    window_s: float = 0.02
    noise_ratio: float = 5.0
    guided_ratio: float = 2.5
    fastest_m_s: float = 7000.0
    tolerance_s: float = 0.025
    n_neighbours: int = 4

    def __post_init__(self) -> None:
        positive = (self.window_s, self.noise_ratio, self.guided_ratio, self.tolerance_s)
        if min(positive) <= 0 or self.fastest_m_s <= 0 or self.n_neighbours < 2:
            raise OptionError(f"{self}: all must be above 0, with at least 2 neighbours.")


def pick_first_breaks(
    traces: ArrayLike,
    dt_s: float,
    start_s: float,
    offset_m: ArrayLike,
    options: PickOptions | None = None,
) -> Floats:
    """Onset times of the first arrivals of one shot gather.

    Args:
        traces: One gather in any order; dead traces are constant or not finite, shape
            (trace, time).
        dt_s: Sample interval [s].
        start_s: Time of the first sample [s].
        offset_m: Signed receiver minus source distance [m], shape (trace,).
        options: Thresholds; the defaults suit seismic energy between 8 and 60 Hz.

    Returns:
        Time to a fraction of a sample [s], NaN where no arrival stands out, shape (trace,).

    Raises:
        ShapeError: If the shapes do not fit or a trace is shorter than eight windows.
    """
    options = options or PickOptions()
    data = np.asarray(traces, dtype=np.float64)
    offsets = np.asarray(offset_m, dtype=np.float64)
    if data.ndim != 2 or offsets.shape != data.shape[:1]:
        raise ShapeError(
            f"Gather has shape {data.shape} and offsets {offsets.shape}; needed (trace, time) "
            "and (trace,)."
        )
    window = max(3, round(options.window_s / dt_s))
    if data.shape[1] < 8 * window:
        raise ShapeError(
            f"Traces of {data.shape[1]} samples are under eight windows of {window}; give longer "
            "traces or a shorter window_s."
        )
    gather = _Gather(data, dt_s, start_s, np.abs(offsets), options, window)
    picks = gather.threshold_picks()
    everyone = np.argsort(np.abs(offsets), kind="stable")
    # A trace at offset 0 lies on both sides; the second one has the last word.
    for side in (np.flatnonzero(offsets <= 0), np.flatnonzero(offsets >= 0)):
        order = side[np.argsort(np.abs(offsets[side]), kind="stable")]
        if order.size > 2 * options.n_neighbours:
            picks[order] = gather.consistent(order, picks[order])
        else:
            # Too few to make a line of their own: the other side's picks help.
            checked = gather.drop_outliers(everyone, picks[everyone])
            picks[order] = np.where(
                np.isin(order, everyone[np.isnan(checked)]), np.nan, picks[order]
            )
    return picks * dt_s + start_s


class _Gather:
    """One gather and what its passes share; times are in samples from the first."""

    def __init__(
        self,
        data: Floats,
        dt_s: float,
        start_s: float,
        distance_m: Floats,
        options: PickOptions,
        window: int,
    ) -> None:
        data = np.where(np.isfinite(data), data, 0.0)
        earliest = (distance_m / options.fastest_m_s - start_s) / dt_s
        self.data = data
        self.live = np.ptp(data, axis=1) > 0
        self.rms = window_rms(data, window)
        self.earliest = np.clip(earliest, 0, data.shape[1]).astype(np.intp)
        self.noise = noise_rms(data, self.earliest, self.live)
        self.distance_m = distance_m
        self.options = options
        self.window = window
        self.tolerance = options.tolerance_s / dt_s

    def threshold_picks(self) -> Floats:
        """First lasting rise on every live trace."""
        picks = np.full(self.live.shape, np.nan)
        for i in np.flatnonzero(self.live).tolist():
            first, last = self.earliest[i] - self.window, self.data.shape[1]
            picks[i] = self.pick(i, self.options.noise_ratio, first, last)
        return picks

    def pick(self, i: int, ratio: float, first: int, last: int) -> float:
        """Onset on trace ``i`` between two samples."""
        threshold = ratio * self.noise[i]
        return onset(self.data[i], self.rms[i], threshold, first, last, self.window)

    def consistent(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Passes 2 to 4 on one side of the gather, given outward."""
        times = self.drop_outliers(order, times)
        times = self.fill(order, times)
        times = self.vote(order, times)
        times = self.follow_outward(order, times)
        times = self.vote(order, times)
        misfit = np.abs(times - self.expected(order, times))
        spread = _SPREADS * np.nanmedian(misfit) if np.isfinite(misfit).any() else 0.0
        return np.where(
            misfit > np.clip(spread, _LEAST_SPREAD * self.tolerance, self.tolerance), np.nan, times
        )

    def drop_outliers(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Picks that agree with the line through their neighbours, the rest NaN."""
        return np.where(np.abs(times - self.expected(order, times)) > self.tolerance, np.nan, times)

    def expected(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Time on each trace by the line through its neighbours, NaN without them."""
        return expected_times(self.distance_m[order], times, self.options.n_neighbours)

    def fill(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Missing picks sought again where the neighbours expect them."""
        filled, guesses = times.copy(), self.expected(order, times)
        for i in np.flatnonzero(np.isnan(times)).tolist():
            filled[i] = self.guided(order[i], guesses[i])
        return filled

    def guided(self, trace: int, guess: float) -> float:
        """Onset near an expected time, by the lower threshold."""
        if np.isnan(guess) or not self.live[trace]:
            return np.nan
        first = int(np.floor(guess - self.tolerance)) - self.window
        last = int(np.ceil(guess + self.tolerance))
        found = self.pick(trace, self.options.guided_ratio, first, last)
        return found if abs(found - guess) <= self.tolerance else np.nan

    def vote(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Each pick moved to the median of what it and its neighbours say by correlation."""
        n = self.options.n_neighbours
        for _ in range(_VOTING_ROUNDS):
            valid = np.flatnonzero(np.isfinite(times))
            own = times[valid]
            votes = np.full((2 * n + 1, valid.size), np.nan)
            votes[0] = own
            before, after, reach = self.window, 3 * self.window, int(np.ceil(self.tolerance))
            pilots = self.cut(order[valid], own, before, after)
            parts = self.cut(order[valid], own, before + reach, after + reach)
            shifted = sliding_window_view(parts, pilots.shape[1], axis=1)  # (trace, lag, time)
            for row, step in enumerate((*range(-n, 0), *range(1, n + 1)), start=1):
                here = np.arange(max(0, -step), min(valid.size, valid.size - step))
                lags = _lags(shifted[here], pilots[here + step]) - reach
                votes[row, here] = own[here] + lags
            voted = np.nanmedian(votes, axis=0) if valid.size else own
            guess = self.expected(order, times)[valid]
            times = times.copy()
            # A vote that leaves the line of the neighbours has skipped a cycle.
            times[valid] = np.where(np.abs(voted - guess) < np.abs(own - guess), voted, own)
        return times

    def cut(self, traces: NDArray[np.intp], times: Floats, before: int, after: int) -> Floats:
        """Traces around their times, interpolated linearly, zero beyond their ends."""
        first = np.floor(times).astype(np.intp)
        share = (times - first)[:, None]
        index = first[:, None] + np.arange(-before, after + 2)
        inside = (index >= 0) & (index < self.data.shape[1])
        index = np.clip(index, 0, self.data.shape[1] - 1)
        values = np.where(inside, self.data[traces[:, None], index], 0.0)
        return (1 - share) * values[:, :-1] + share * values[:, 1:]

    def follow_outward(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Late picks replaced by the earlier wave near its line, or by NaN."""
        n, distance = self.options.n_neighbours, self.distance_m[order]
        followed = times.copy()
        lost = 0
        for i in range(times.size):
            near = np.flatnonzero(np.isfinite(followed[:i]))[-2 * n :]
            # Close to the source the times curve upward, so a line needs some way behind it.
            if near.size < 2 * n or lost > _LOST_FOR * n:
                continue
            guess = line_at(distance[None, near], followed[None, near], distance[i : i + 1])[0]
            if followed[i] > guess + self.tolerance:
                followed[i] = self.guided(order[i], guess)
            lost = lost + 1 if np.isnan(followed[i]) else 0
        return followed


def _lags(shifted: Floats, pilots: Floats) -> Floats:
    """Lag of the best correlation, NaN where it is poor or at an end.

    Args:
        shifted: Shape (trace, lag, time).
        pilots: Shape (trace, time).
    """
    dots = np.einsum("ijk,ik->ij", shifted, pilots)
    energy = np.einsum("ijk,ijk->ij", shifted, shifted) * (pilots**2).sum(axis=1)[:, None]
    match = np.where(energy > 0, dots / np.sqrt(np.where(energy > 0, energy, 1.0)), 0.0)
    best = match.argmax(axis=1)
    lags = np.full(best.shape, np.nan)
    inner = (best > 0) & (best < match.shape[1] - 1)
    for i in np.flatnonzero(inner & (match.max(axis=1, initial=0.0) >= _SAME_WAVE)).tolist():
        lags[i] = best[i] + parabola_shift(*match[i, best[i] - 1 : best[i] + 2])
    return lags
