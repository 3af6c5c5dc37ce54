"""Balance step: traces at the level of the traces around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.line_order import line_order
from geoml.preprocess.step import (
    Step,
    finite_samples,
    gather_labels,
    live_traces,
    sample_times_s,
    trace_value,
    with_samples,
)
from geoml.survey.gathers import GatherKind, check_kind

_NEEDED = {
    "receiver": ("receiver_x", "receiver_y", "trace_in_record"),
    "cdp": ("cdp",),
    "offset": ("offset",),
}


@dataclass(frozen=True)
class Balance(Step):
    """Scale each trace to the median RMS amplitude of the traces around it in its gather.

    Takes out what differs from trace to trace, such as the coupling of geophones, and keeps the
    level of the gather, and with ``n_traces`` the trend along it. ``normalise`` instead
    makes levels equal; ``surface_balance`` solves for shots and receivers of the whole survey.

    Attributes:
        gather: Which traces belong together: shot, receiver, cdp or offset.
        n_traces: How many traces on either side tell the level; none for the whole gather.
        start_s: Start of the window in which RMS is measured [s]; none for the first sample.
        end_s: End of that window [s]; none for the last sample.
        max_ratio: Largest factor up or down, above 1; a trace that is weaker still is hardly more
            than noise.
    """

    shapes_wavelet = False
    only_scales = True
    examples: ClassVar = (
        {},
        {"gather": "receiver"},
        {"n_traces": 2},
        {"start_s": 0.4},
        {"end_s": 0.8},
        {"max_ratio": 1.2},
    )

    gather: GatherKind = "shot"
    n_traces: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    max_ratio: float = 10.0

    def __post_init__(self) -> None:
        check_kind(self.gather)
        if self.n_traces is not None and self.n_traces < 1:
            raise OptionError(f"'balance' n_traces is {self.n_traces}; it must be at least 1.")
        if not self.max_ratio > 1:
            raise OptionError(f"'balance' max_ratio is {self.max_ratio:g}; it must be above 1.")
        if self.start_s is not None and self.end_s is not None and self.start_s >= self.end_s:
            raise OptionError(
                f"'balance' window starts at {self.start_s:g} s and ends at {self.end_s:g} s; the "
                "end must be later."
            )

    @property
    def needs_whole_gathers(self) -> bool:
        """Always."""
        return True

    @property
    def gathered_by(self) -> GatherKind:
        """The option ``gather``."""
        return self.gather

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The balanced gathers; traces without a sample in the window stay as they are.

        Raises:
            GeometryError: If the traces lack what tells their gathers apart.
            OptionError: If a sample is NaN, or the window holds no sample.
        """
        samples = finite_samples(gathers, "balance")
        for name in _NEEDED.get(self.gather, ()):
            trace_value(gathers, name, "balance")
        level = rms_in_window(samples, sample_times_s(gathers), self.start_s, self.end_s)
        judged = live_traces(gathers) & (level > 0)
        labels = gather_labels(gathers, self.gather)
        order = line_order(gathers, labels)
        order = order[judged[order]]
        scale = np.ones(level.size)
        for rows in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
            if rows.size:
                scale[rows] = self._usual(level[rows]) / level[rows]
        scale = np.clip(scale, 1 / self.max_ratio, self.max_ratio)
        return with_samples(gathers, samples * scale[:, None])

    def _usual(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Level of the traces around each one and itself, shape (trace,)."""
        if self.n_traces is None:
            return np.full(level.size, np.median(level))
        place = np.arange(level.size)[:, None] + np.arange(-self.n_traces, self.n_traces + 1)
        inside = (place >= 0) & (place < level.size)
        around = np.where(inside, level[np.clip(place, 0, level.size - 1)], np.nan)
        return np.asarray(np.nanmedian(around, axis=1))


def rms_in_window(
    samples: NDArray[np.float32],
    time_s: NDArray[np.float64],
    start_s: float | None,
    end_s: float | None,
) -> NDArray[np.float64]:
    """RMS amplitude of each trace between two times, shape (trace,).

    Args:
        samples: Shape (trace, time).
        time_s: Times of the samples [s], shape (time,).
        start_s: Start of the window [s]; None for the first sample.
        end_s: End of the window [s]; None for the last sample.

    Raises:
        OptionError: If the window holds no sample.
    """
    start = -np.inf if start_s is None else start_s
    end = np.inf if end_s is None else end_s
    inside = (time_s >= start - 1e-9) & (time_s <= end + 1e-9)
    if not inside.any():
        raise OptionError(
            f"The window from {start:g} to {end:g} s holds no sample of the recording from "
            f"{time_s[0]:g} to {time_s[-1]:g} s; move it."
        )
    return np.sqrt(np.mean(samples[:, inside].astype(np.float64) ** 2, axis=1))
