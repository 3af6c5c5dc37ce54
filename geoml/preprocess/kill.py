"""Kill step: mark traces as not live and set them to zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.bad_traces import REASONS, BadTraceRules, reasons_in
from geoml.preprocess.step import (
    Step,
    live_traces,
    shot_labels,
    trace_samples,
    with_samples,
    with_trace_value,
)
from geoml.preprocess.trace_choice import check_names, check_presence, named_traces

Reason = Literal["dead", "spike", "mono_frequency", "reversed", "noisy", "non_finite"]

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
        detect: Kill traces that differ from their neighbours for one of these reasons, in a
            list, or for any where true; see ``geoml.preprocess.bad_traces``. The reason of every
            bad trace is written as ``bad_trace_reason``, also of those that are kept: an empty
            list only marks. ``reverse_polarity`` can turn those that are reversed.
        rules: Thresholds of ``detect`` that are to differ from the defaults.
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
        {"detect": True},
        {"detect": ["dead", "noisy"]},
        {"detect": True, "rules": {"coherence_ratio": 0.9}},
    )

    traces: tuple[int, ...] = ()
    headers: dict[str, tuple[float, ...]] = field(default_factory=dict)
    silent: bool = True
    non_finite: bool = True
    header_dead: bool = True
    noisy_ratio: float | None = None
    detect: bool | tuple[Reason, ...] = False
    rules: BadTraceRules = field(default_factory=BadTraceRules)

    def __post_init__(self) -> None:
        check_names(self.traces, self.headers, "kill")
        if self.noisy_ratio is not None and not 1 < self.noisy_ratio < np.inf:
            raise OptionError(f"'kill' noisy_ratio is {self.noisy_ratio:g}; it must be above 1.")
        if self.detect is False and self.rules != BadTraceRules():
            raise OptionError("'kill' has rules but detects nothing; set detect: true.")

    @property
    def needs_whole_gathers(self) -> bool:
        """Whether the other traces of the gather decide."""
        return self.noisy_ratio is not None or self.detect is not False

    def check(self, survey: xr.Dataset) -> None:
        """Refuse trace positions and header values that the survey does not have."""
        check_presence(survey, self.traces, self.headers, "kill")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers with bad traces at zero and the coordinate ``live``."""
        samples = trace_samples(gathers)
        live = live_traces(gathers) & ~self._bad(gathers, samples)
        if self.noisy_ratio is not None:
            live &= ~_noisy(samples, live, shot_labels(gathers), self.noisy_ratio)
        reasons = self._reasons(gathers)
        if reasons is not None:
            live &= ~np.isin(reasons, [REASONS.index(name) for name in self._detected])
        killed = with_samples(gathers, np.where(live[:, None], samples, np.float32(0)))
        if reasons is not None:
            killed = with_trace_value(killed, "bad_trace_reason", reasons)
        return with_trace_value(killed, "live", live)

    @property
    def _detected(self) -> tuple[str, ...]:
        if isinstance(self.detect, bool):
            return REASONS[1:] if self.detect else ()
        return self.detect

    def _reasons(self, gathers: xr.DataArray) -> NDArray[np.int32] | None:
        """Why each trace is bad, now or when it was looked at before, shape (trace,)."""
        if self.detect is False:
            return None
        found = reasons_in(gathers, self.rules)
        if "bad_trace_reason" not in gathers.coords:
            return found
        # A trace that was killed for noise is silent now, which is no reason.
        earlier = gathers.coords["bad_trace_reason"].values
        return np.where(earlier > 0, earlier, found).astype(np.int32)

    def _bad(self, gathers: xr.DataArray, samples: NDArray[np.float32]) -> NDArray[np.bool_]:
        bad = named_traces(gathers, self.traces, self.headers)
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
