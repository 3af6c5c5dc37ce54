"""Picking step: first-arrival time of every trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.physics import picks
from geoml.preprocess.step import (
    Step,
    offset_m,
    sample_interval_s,
    sample_times_s,
    shot_labels,
    trace_samples,
    trace_value,
    with_samples,
    with_trace_value,
)


@dataclass(frozen=True)
class PickFirstBreaks(picks.PickOptions, Step):
    """Add the onset time of the first arrival as ``first_break``; samples stay as they are.

    Picks are made shot gather by shot gather, where neighbours check each other; a trace on
    which no arrival stands out gets NaN. Filters widen the onset, so this step belongs before
    them. The options are those of ``geoml.physics.picks``.
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
    )

    def __post_init__(self) -> None:
        if not np.isfinite(list(vars(self).values())).all():
            raise OptionError("'pick_first_breaks' options must be finite numbers.")
        super().__post_init__()

    @property
    def needs_whole_gathers(self) -> bool:
        """Neighbouring traces check a pick."""
        return True

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The same samples, with the coordinate ``first_break`` [s].

        Raises:
            GeometryError: If the traces have no offset.
            ShapeError: If the traces are too short to pick on.
        """
        samples = trace_samples(gathers)
        dt_s = sample_interval_s(gathers)
        start_s = float(sample_times_s(gathers)[0])
        distance_m, side = offset_m(gathers, "pick_first_breaks"), _side_of_source(gathers)
        labels = shot_labels(gathers)
        first_break_s = np.full(labels.size, np.nan)
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            signed_m = distance_m[rows] * _common_axis(side[rows])
            first_break_s[rows] = picks.pick_first_breaks(
                samples[rows], dt_s, start_s, signed_m, self
            )
        return with_trace_value(with_samples(gathers, samples.copy()), "first_break", first_break_s)


def _side_of_source(gathers: xr.DataArray) -> NDArray[np.float64]:
    """Receiver minus source position [m], shape (trace, 2); the header's offset without them."""
    names = ("receiver_x", "source_x", "receiver_y", "source_y")
    if all(name in gathers.coords for name in names):
        rx, sx, ry, sy = (np.asarray(gathers.coords[name].values, dtype=float) for name in names)
        if np.hypot(rx - sx, ry - sy).max(initial=0) > 0:
            return np.column_stack([rx - sx, ry - sy])
    header = trace_value(gathers, "offset", "pick_first_breaks").astype(float)
    return np.column_stack([header, np.zeros_like(header)])


def _common_axis(away_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Side of the source, -1 or 1, along the direction in which the spread is longest, (trace,).

    Many files hold offsets without a sign, also for shots inside their spread.
    """
    axis = np.linalg.svd(away_m, full_matrices=False)[2][0]
    return np.where(away_m @ axis < 0, -1.0, 1.0)
