"""Kill step: mark traces as not live and set them to zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.step import (
    Step,
    check_trace_variable,
    live_traces,
    shot_labels,
    trace_samples,
    with_samples,
    with_trace_value,
)

_DEAD_KINDS = (2, 3)  # SEG-Y trace identification codes: dead, dummy


@dataclass(frozen=True)
class Kill(Step):
    """Set bad traces to zero and their ``live`` to False; every later step leaves them so.

    Attributes:
        traces: Positions of traces in the survey, counting from 0.
        headers: Trace variable -> values. A trace is killed when every variable named has one
            of its values: ``{field_record: [12], trace_in_record: [7, 8]}`` is two traces.
        silent: Kill traces whose samples are all equal (zeros of a dead channel, or a constant).
        non_finite: Kill traces with a NaN or Inf sample.
        header_dead: Kill traces whose ``trace_kind`` says dead (2) or dummy (3).
        noisy_ratio: Kill traces whose RMS over the second half of the recording is above this
            many times the median of their shot gather; none to keep them. Late amplitudes
            depend little on offset, so 3 finds ringing and unplanted geophones. After a
            bandpass it judges the band that is used.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"headers": {"field_record": [1], "trace_in_record": [2, 3]}},
        {},
        {"traces": [0, 4]},
        {"silent": False},
        {"non_finite": False},
        {"header_dead": False},
        {"noisy_ratio": 3.0},
    )

    traces: tuple[int, ...] = ()
    headers: dict[str, tuple[float, ...]] = field(default_factory=dict)
    silent: bool = True
    non_finite: bool = True
    header_dead: bool = True
    noisy_ratio: float | None = None

    def __post_init__(self) -> None:
        if any(number < 0 for number in self.traces):
            raise OptionError(f"'kill' counts traces from 0; found {min(self.traces)} in 'traces'.")
        for name in self.headers:
            check_trace_variable(name, "kill")
        if self.noisy_ratio is not None and not 1 < self.noisy_ratio < np.inf:
            raise OptionError(f"'kill' noisy_ratio is {self.noisy_ratio:g}; it must be above 1.")

    @property
    def needs_whole_gathers(self) -> bool:
        """Whether the other traces of the gather decide."""
        return self.noisy_ratio is not None

    def check(self, survey: xr.Dataset) -> None:
        """Refuse trace positions and header values that the survey does not have."""
        n_traces = survey.sizes["trace"]
        if self.traces and max(self.traces) >= n_traces:
            raise OptionError(
                f"'kill' is to kill trace {max(self.traces)}, but the survey has {n_traces} "
                f"traces; the last one is {n_traces - 1}."
            )
        for name, values in self.headers.items():
            missing = np.setdiff1d(values, survey[name].values)
            if missing.size:
                raise OptionError(
                    f"'kill' looks for {name} {missing[0]:g}, which no trace of the survey has; "
                    "see 'geoml show' for the values."
                )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers with bad traces at zero and the coordinate ``live``."""
        samples = trace_samples(gathers)
        live = live_traces(gathers) & ~self._bad(gathers, samples)
        if self.noisy_ratio is not None:
            live &= ~_noisy(samples, live, shot_labels(gathers), self.noisy_ratio)
        killed = with_samples(gathers, np.where(live[:, None], samples, np.float32(0)))
        return with_trace_value(killed, "live", live)

    def _bad(self, gathers: xr.DataArray, samples: NDArray[np.float32]) -> NDArray[np.bool_]:
        bad = np.zeros(samples.shape[0], dtype=bool)
        if self.traces:
            here = np.arange(bad.size)
            bad |= np.isin(gathers.coords.get("trace", here), self.traces)
        if self.headers:
            named = np.ones_like(bad)
            for name, values in self.headers.items():
                named &= np.isin(gathers.coords[name].values, values)
            bad |= named
        if self.silent and samples.shape[1]:
            bad |= (samples == samples[:, :1]).all(axis=1)
        if self.non_finite:
            bad |= ~np.isfinite(samples).all(axis=1)
        if self.header_dead and "trace_kind" in gathers.coords:
            bad |= np.isin(gathers.coords["trace_kind"].values, _DEAD_KINDS)
        return bad


def _noisy(
    samples: NDArray[np.float32],
    live: NDArray[np.bool_],
    labels: NDArray[np.int64],
    ratio: float,
) -> NDArray[np.bool_]:
    """Live traces that are too strong late in the recording, shape (trace,)."""
    late = np.where(live[:, None], samples[:, samples.shape[1] // 2 :], 0).astype(np.float64)
    rms = np.sqrt(np.mean(late**2, axis=1))
    noisy = np.zeros_like(live)
    for label in np.unique(labels[live]):
        members = live & (labels == label)
        noisy[members] = rms[members] > ratio * np.median(rms[members])
    return noisy
