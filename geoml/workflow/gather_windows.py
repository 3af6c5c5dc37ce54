"""Shot gathers of a survey cut into windows of one size for a network, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.resample import Resample
from geoml.samples.labelled_gathers import LabelledGathers
from geoml.survey.gathers import as_slice, gather_index
from geoml.survey.offset_side import signed_offset_m

_BLOCKS = 8
"""Parts of a line whose shots stay together in a split."""
_EMPTY = -1


@dataclass(frozen=True, eq=False)
class GatherWindows:
    """Windows of shot gathers and the traces that they show.

    Attributes:
        gathers: Samples, offsets and, where the survey has them, first breaks.
        trace: Place of each trace in the survey, -1 for filling, shape (window, trace).
        n_traces: Traces of the survey.
    """

    gathers: LabelledGathers
    trace: NDArray[np.int64]
    n_traces: int

    def on_traces(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values of windows as values of the survey's traces, means where windows overlap.

        Args:
            values: NaN where there is none, shape (window, trace).

        Returns:
            NaN where no window had one, shape (trace,).
        """
        told = (self.trace != _EMPTY) & np.isfinite(values)
        return self._mean(values, told)

    def samples_on_traces(self, samples: NDArray[np.floating]) -> NDArray[np.float64]:
        """Samples of windows as samples of the survey's traces, means where windows overlap.

        Args:
            samples: Finite, shape (window, trace, time).

        Returns:
            NaN where a trace is in no window, shape (trace, time).
        """
        return self._mean(samples, self.trace != _EMPTY)

    def _mean(self, values: NDArray[np.floating], told: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Mean of what is told of each trace, shape (trace, ...)."""
        place = self.trace[told]
        count = np.bincount(place, minlength=self.n_traces).astype(float)
        total = np.zeros((self.n_traces, *values.shape[2:]))
        np.add.at(total, place, values[told])
        count = count.reshape(-1, *[1] * (total.ndim - 1))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def shot_windows(
    survey: xr.Dataset,
    *,
    n_traces: int | None = None,
    dt_s: float | None = None,
    n_times: int | None = None,
    max_time_s: float | None = None,
) -> GatherWindows:
    """The shot gathers of a survey, in the order of their offsets, in windows of neighbours.

    A gather of more traces is cut into windows that cover it evenly, one of fewer is filled with
    dead traces. All is held in memory.

    Args:
        survey: Dataset of dims (trace, time).
        n_traces: Traces of a window; by default those of the commonest gather, at most 64.
        dt_s: Sample interval to resample to [s]; the survey's own if None.
        n_times: Samples from time 0; shorter records are filled with zeros.
        max_time_s: The same as a time [s]; the whole record if both are None.

    Raises:
        GeometryError: If no trace has an offset.
        OptionError: If the survey cannot be sampled so.
    """
    if not np.any(survey["offset"].values):
        raise GeometryError(
            "The survey has no offsets, which networks on gathers read; give it a geometry with "
            "'geoml ingest --geometry'."
        )
    time_s = survey["time"].values
    dt_s = dt_s or float(time_s[-1] - time_s[0]) / (time_s.size - 1)
    if n_times is None:
        n_times = round((max_time_s or float(time_s[-1])) / dt_s) + 1
    if n_times < _LEAST_TIMES:
        raise OptionError(f"{n_times} samples of {dt_s:g} s are too few; give a longer time.")
    step = Resample(dt_s, (n_times - 1) * dt_s)
    index = gather_index(survey, "shot")
    width = n_traces or min(int(np.bincount(index.sizes).argmax()), _MOST_TRACES)
    parts: list[tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]] = []
    members: list[NDArray[np.int64]] = []
    shots: list[int] = []
    for shot, traces in enumerate(index.trace_lists):
        gather = survey.isel(trace=as_slice(traces))
        offset_m = signed_offset_m(gather)
        samples = step(plain_samples(gather)).values[:, :n_times]
        picks = _first_breaks(gather, (n_times - 1) * dt_s)
        for window in _windows(np.argsort(offset_m, kind="stable"), width):
            parts.append((samples[window], offset_m[window], picks[window]))
            members.append(traces[window])
            shots.append(shot)
    groups = np.array(shots) * _BLOCKS // len(index)
    return _filled(parts, members, groups, (width, n_times, dt_s), survey.sizes["trace"])


_LEAST_TIMES = 8
_MOST_TRACES = 64


def plain_samples(gather: xr.Dataset) -> xr.DataArray:
    """Samples alone, with dead what holds NaN or was killed: a step would refuse them."""
    samples = np.asarray(gather["amplitude"].values, dtype=np.float32)
    bad = np.asarray(~np.isfinite(samples).all(axis=1))
    if "live" in gather:
        bad |= ~gather["live"].values
    return xr.DataArray(
        np.where(bad[:, None], np.float32(0), samples),
        dims=("trace", "time"),
        coords={"time": gather["time"].values},
    )


def _first_breaks(gather: xr.Dataset, end_s: float) -> NDArray[np.float64]:
    if "first_break" not in gather:
        return np.full(gather.sizes["trace"], np.nan)
    picks = gather["first_break"].values.astype(float)
    return np.where((picks >= 0) & (picks <= end_s), picks, np.nan)


def _windows(order: NDArray[np.intp], width: int) -> list[NDArray[np.intp]]:
    """Runs of at most so many places that cover all of them evenly."""
    n_windows = -(-order.size // width)
    starts = np.linspace(0, max(order.size - width, 0), n_windows).round().astype(int)
    return [order[start : start + width] for start in starts]


def _filled(
    parts: list[tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]],
    members: list[NDArray[np.int64]],
    groups: NDArray[np.int64],
    sampling: tuple[int, int, float],
    n_survey: int,
) -> GatherWindows:
    """Windows of one size, short ones filled with dead traces at their last offset."""
    width, n_times, dt_s = sampling
    n = len(parts)
    samples = np.zeros((n, width, n_times), dtype=np.float32)
    offset_m = np.zeros((n, width), dtype=np.float32)
    picks = np.full((n, width), np.nan, dtype=np.float32)
    trace = np.full((n, width), _EMPTY, dtype=np.int64)
    for row, ((amplitude, offsets, first), who) in enumerate(zip(parts, members, strict=True)):
        held = slice(0, who.size)
        samples[row, held], picks[row, held], trace[row, held] = amplitude, first, who
        offset_m[row] = offsets[-1]
        offset_m[row, held] = offsets
    unknown = np.full((n, n_times), np.nan, dtype=np.float32)
    gathers = LabelledGathers(samples, offset_m, picks, unknown, groups, dt_s)
    return GatherWindows(gathers, trace, n_survey)
