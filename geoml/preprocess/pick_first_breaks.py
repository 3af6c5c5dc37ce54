"""Picking step: first-arrival time of every trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError, ShapeError
from geoml.physics import picks, trace_picks
from geoml.preprocess.step import (
    Step,
    offset_m,
    sample_interval_s,
    sample_times_s,
    shot_labels,
    trace_samples,
    with_samples,
    with_trace_value,
)
from geoml.survey.offset_side import common_axis, side_of_source

Floats = NDArray[np.float64]
Method = Literal["neighbours", "sta_lta", "recursive_sta_lta", "aic"]


@dataclass(frozen=True)
class PickFirstBreaks(picks.PickOptions, Step):
    """Add the onset time of the first arrival as ``first_break``; samples stay as they are.

    With the method ``neighbours`` picks are made shot gather by shot gather, where neighbours
    check each other; its options are those of ``geoml.physics.picks``. The other methods are the
    customary ones of ``geoml.physics.trace_picks``: each trace by itself, to a whole sample, with
    none of the other options but ``fastest_m_s``. A trace on which no arrival stands out gets
    NaN. Filters widen the onset, so this step belongs before them.

    Attributes:
        method: ``neighbours``; ``sta_lta`` or ``recursive_sta_lta``, where the short over the
            long term average first exceeds a ratio, blind for the first ``lta_s`` of the
            recording; or ``aic``, the best break before the strongest sample.
        sta_s: Length of the short window, about one period [s].
        lta_s: Length of the long window [s].
        trigger_ratio: Short over long term average that starts an arrival [1].
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {},
        {"window_s": 0.04},
        {"noise_ratio": 40.0},
        {"noise_ratio": 12.0},
        {"noise_ratio": 12.0, "guided_ratio": 12.0},
        {"fastest_m_s": 1200.0},
        {"tolerance_s": 0.001},
        {"tolerance_s": 0.001, "n_neighbours": 2},
        {"method": "aic"},
        {"method": "recursive_sta_lta"},
        {"method": "sta_lta"},
        {"method": "sta_lta", "sta_s": 0.04},
        {"method": "sta_lta", "lta_s": 0.15},
        {"method": "sta_lta", "trigger_ratio": 2.0},
    )

    method: Method = "neighbours"
    sta_s: float = 0.02
    lta_s: float = 0.2
    trigger_ratio: float = 4.0

    def __post_init__(self) -> None:
        numbers = {name: value for name, value in vars(self).items() if name != "method"}
        if not np.isfinite(list(numbers.values())).all():
            raise OptionError("'pick_first_breaks' options must be finite numbers.")
        super().__post_init__()
        if not 0 < self.sta_s < self.lta_s or self.trigger_ratio <= 1:
            raise OptionError(
                f"'pick_first_breaks' needs sta_s {self.sta_s:g} above 0 and under lta_s "
                f"{self.lta_s:g}, and a trigger_ratio {self.trigger_ratio:g} above 1."
            )
        if self.method == "sta_lta" and self.trigger_ratio >= self.lta_s / self.sta_s:
            raise OptionError(
                f"'pick_first_breaks' trigger_ratio {self.trigger_ratio:g} is never reached: "
                f"sta_lta is at most lta_s / sta_s = {self.lta_s / self.sta_s:g}."
            )

    @property
    def needs_whole_gathers(self) -> bool:
        """Whether neighbouring traces check a pick."""
        return self.method == "neighbours"

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The same samples, with the coordinate ``first_break`` [s].

        Raises:
            GeometryError: If the traces have no offset.
            ShapeError: If the traces are too short to pick on, or a window does not fit them.
        """
        samples = trace_samples(gathers)
        dt_s = sample_interval_s(gathers)
        start_s = float(sample_times_s(gathers)[0])
        distance_m = offset_m(gathers, "pick_first_breaks")
        if self.method != "neighbours":
            place = self._each_trace(samples, dt_s, distance_m / self.fastest_m_s - start_s)
            first_break_s = place * dt_s + start_s
        else:
            first_break_s = self._by_neighbours(gathers, samples, dt_s, start_s, distance_m)
        return with_trace_value(with_samples(gathers, samples.copy()), "first_break", first_break_s)

    def _by_neighbours(
        self,
        gathers: xr.DataArray,
        samples: NDArray[np.float32],
        dt_s: float,
        start_s: float,
        distance_m: Floats,
    ) -> Floats:
        side, labels = side_of_source(gathers), shot_labels(gathers)
        first_break_s = np.full(labels.size, np.nan)
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            signed_m = distance_m[rows] * common_axis(side[rows])
            first_break_s[rows] = picks.pick_first_breaks(
                samples[rows], dt_s, start_s, signed_m, self
            )
        return first_break_s

    def _each_trace(self, samples: NDArray[np.float32], dt_s: float, earliest_s: Floats) -> Floats:
        """Picks [sample], shape (trace,)."""
        traces = samples.astype(np.float64)
        live = np.isfinite(traces).all(axis=1) & (np.ptp(traces, axis=1) > 0)
        traces[~live] = 0
        first = np.clip(np.ceil(earliest_s / dt_s), 0, traces.shape[1]).astype(np.intp)
        if self.method == "aic":
            return trace_picks.aic_picks(traces, first)
        n_sta, n_lta = max(1, round(self.sta_s / dt_s)), round(self.lta_s / dt_s)
        if n_lta >= traces.shape[1] or n_lta <= n_sta:
            raise ShapeError(
                f"'pick_first_breaks' has a long window of {n_lta} samples and a short one of "
                f"{n_sta} for traces of {traces.shape[1]}; change lta_s or sta_s."
            )
        average = {
            "sta_lta": trace_picks.classic_sta_lta,
            "recursive_sta_lta": trace_picks.recursive_sta_lta,
        }[self.method]
        return trace_picks.sta_lta_picks(average(traces, n_sta, n_lta), self.trigger_ratio, first)
