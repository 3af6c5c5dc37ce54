"""First breaks of a shot gather: onsets over the noise, made consistent from trace to trace.

Four passes. (1) The first lasting rise above the noise on each trace. (2) Along each side of the
gather, a pick off the line through its neighbours is dropped. (3) Neighbours vote by cross
correlation, so that all traces are picked on the same phase. (4) Going outward, a pick that comes
later than the arrival followed so far belongs to a stronger, later wave: the earlier one is
sought near its own line, and the trace has no pick where it is lost in noise.

References:
    Theil (1950), Proc. KNAW 53, 386-392. VanDecar & Crosson (1990), BSSA 80(1), 150-169.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import OptionError, ShapeError
from geoml.physics.onsets import noise_rms, onset, parabola_shift, window_rms

Floats = NDArray[np.float64]

# Below this correlation two neighbours do not show the same wave.
_SAME_WAVE = 0.8
_VOTING_ROUNDS = 3
# A later wave may run ahead of the lost first one for this many times n_neighbours traces.
_LOST_FOR = 5


# A pick this many median misfits off the line is dropped at the end.
_SPREADS = 5.0


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
        misfit = np.abs(self.misfit(order, times))
        spread = _SPREADS * np.nanmedian(misfit) if np.isfinite(misfit).any() else 0.0
        return np.where(misfit > np.clip(spread, 2.0, self.tolerance), np.nan, times)

    def drop_outliers(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Picks that agree with the line through their neighbours, the rest NaN."""
        return np.where(np.abs(self.misfit(order, times)) > self.tolerance, np.nan, times)

    def misfit(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Each pick minus the line through its neighbours, NaN without them."""
        return times - np.array([self.expected(order, times, i) for i in range(times.size)])

    def fill(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Missing picks sought again where the neighbours expect them."""
        filled = times.copy()
        for i in np.flatnonzero(np.isnan(times)).tolist():
            filled[i] = self.guided(order[i], self.expected(order, times, i))
        return filled

    def guided(self, trace: int, guess: float) -> float:
        """Onset near an expected time, by the lower threshold."""
        if np.isnan(guess) or not self.live[trace]:
            return np.nan
        first = int(np.floor(guess - self.tolerance)) - self.window
        found = self.pick(
            trace, self.options.guided_ratio, first, int(np.ceil(guess + self.tolerance))
        )
        return found if abs(found - guess) <= self.tolerance else np.nan

    def expected(self, order: NDArray[np.intp], times: Floats, i: int) -> float:
        """Time on trace ``i`` by the line through its nearest picks, NaN without three."""
        n = self.options.n_neighbours
        valid = np.flatnonzero(np.isfinite(times))
        near = np.concatenate([valid[valid < i][-n:], valid[valid > i][:n]])
        return self.line_at(order, times, near, i)

    def line_at(
        self, order: NDArray[np.intp], times: Floats, near: NDArray[np.intp], i: int
    ) -> float:
        """Time at trace ``i`` on the median line through the picks ``near``."""
        if near.size < 3:
            return np.nan
        distance = self.distance_m[order]
        slope = _median_slope(distance[near], times[near])
        return float(np.median(times[near] + slope * (distance[i] - distance[near])))

    def vote(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Each pick moved to the median of what it and its neighbours say by correlation."""
        for _ in range(_VOTING_ROUNDS):
            moved = times.copy()
            valid = np.flatnonzero(np.isfinite(times))
            for place, i in enumerate(valid):
                n = self.options.n_neighbours
                votes = [times[i]]
                for j in (*valid[max(0, place - n) : place], *valid[place + 1 : place + 1 + n]):
                    lag = self.lag(order[i], times[i], order[j], times[j])
                    votes.append(times[i] + lag)
                guess, voted = self.expected(order, times, int(i)), float(np.nanmedian(votes))
                # A vote that leaves the line of the neighbours has skipped a cycle.
                if abs(voted - guess) < abs(times[i] - guess):
                    moved[i] = voted
            times = moved
        return times

    def lag(self, i: int, time_i: float, j: int, time_j: float) -> float:
        """How much later than its pick trace ``i`` shows the wave that ``j`` has at its own."""
        reach = int(np.ceil(self.tolerance))
        before, after = self.window, 3 * self.window
        pilot = self.cut(j, time_j, before, after)
        part = self.cut(i, time_i, before + reach, after + reach)
        dots = np.correlate(part, pilot, mode="valid")  # lags -reach .. reach
        energy = np.convolve(part**2, np.ones(pilot.size), mode="valid")
        scale = np.sqrt(energy * np.dot(pilot, pilot))
        match = np.where(scale > 0, dots / np.where(scale > 0, scale, 1), 0.0)
        best = int(np.argmax(match))
        if match[best] < _SAME_WAVE or not 0 < best < match.size - 1:
            return np.nan
        return best - reach + parabola_shift(*match[best - 1 : best + 2])

    def cut(self, i: int, time: float, before: int, after: int) -> Floats:
        """Trace ``i`` around a time, interpolated linearly, zero beyond its ends."""
        wanted = time + np.arange(-before, after + 1)
        trace = self.data[i]
        return np.interp(wanted, np.arange(trace.size), trace, left=0.0, right=0.0)

    def follow_outward(self, order: NDArray[np.intp], times: Floats) -> Floats:
        """Late picks replaced by the earlier wave near its line, or by NaN."""
        n = self.options.n_neighbours
        followed = times.copy()
        lost = 0
        for i in range(times.size):
            near = np.flatnonzero(np.isfinite(followed[:i]))[-2 * n :]
            # Close to the source the times curve upward, so a line needs some way behind it.
            if near.size < 2 * n or lost > _LOST_FOR * n:
                continue
            guess = self.line_at(order, followed, near, i)
            if followed[i] > guess + self.tolerance:
                followed[i] = self.guided(order[i], guess)
            lost = lost + 1 if np.isnan(followed[i]) else 0
        return followed


def _median_slope(x: Floats, y: Floats) -> float:
    """Median of the slopes between all pairs, unmoved by up to a quarter of outliers."""
    dx = x[:, None] - x[None, :]
    rows, columns = np.nonzero(dx > 0)
    if rows.size == 0:
        return 0.0
    return float(np.median((y[rows] - y[columns]) / dx[rows, columns]))
