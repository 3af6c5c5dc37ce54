"""What a preprocessing step is, and the questions that steps ask of the gathers they are given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError, ShapeError
from geoml.survey.gathers import GatherKind, gather_index
from geoml.survey.schema import OPTIONAL_TRACE_VARIABLES, TRACE_VARIABLES

Traces = NDArray[np.float32]
SHOT_LABEL = "shot_label"  # coordinate that the pipeline adds, so that every block agrees on shots


class Step(ABC):
    """One operation on whole gathers: a frozen dataclass of options that is called on data.

    A step gets and gives an in-memory DataArray of float32, dims (trace, time), with the
    coordinate ``time`` [s] and the survey's trace variables as coordinates of (trace,). It
    may change the time axis and the coordinates ``live`` and ``first_break``. It never
    changes its input, and leaves a trace of zeros at zero.

    Attributes:
        shapes_wavelet: True where the wavelet estimated from the processed data already
            holds the step's effect (editing, filters, resampling), so that it is not
            replayed on simulated gathers. False where it has to be (mutes, gains).
        only_scales: True where the step multiplies samples and nothing else.
        only_shifts: True where it moves traces in time and nothing else. A preview draws the gather
            before processing with such gains and shifts, so that the difference shows what the
            other steps took away.
        examples: Options of typical uses, the first one the commonest. Every option differs
            between two examples that are otherwise equal, and that difference shows in the
            output: a law test reads them.
    """

    shapes_wavelet: ClassVar[bool]
    only_scales: ClassVar[bool] = False
    only_shifts: ClassVar[bool] = False
    examples: ClassVar[tuple[Mapping[str, Any], ...]]

    @abstractmethod
    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The processed gathers, a new array."""

    def check(self, survey: xr.Dataset) -> None:  # noqa: B027 - most steps fit any survey
        """Refuse options that do not fit the survey, before any of its samples are read.

        Args:
            survey: The whole survey; only its trace variables may be computed.
        """

    def prepared(self, survey: xr.Dataset) -> xr.Dataset:
        """The survey with trace variables that can only be made of it as a whole, in memory.

        Args:
            survey: The whole survey; its samples must not be read.
        """
        return survey

    @property
    def needs_whole_gathers(self) -> bool:
        """Whether a trace's result depends on the other traces of its gather."""
        return False

    @property
    def gathered_by(self) -> GatherKind:
        """Which gathers must be whole where ``needs_whole_gathers`` is True."""
        return "shot"

    @property
    def needs_first_break(self) -> bool:
        """Whether the step reads the coordinate ``first_break``."""
        return False


def trace_samples(gathers: xr.DataArray) -> Traces:
    """The samples [amplitude], shape (trace, time); a view of the input, not to be written to.

    Raises:
        ShapeError: If the dimensions are not (trace, time).
    """
    _check_dimensions(gathers)
    return np.asarray(gathers.data, dtype=np.float32)


def finite_samples(gathers: xr.DataArray, step: str) -> Traces:
    """``trace_samples``, for a step that would smear one NaN over its whole trace.

    Raises:
        OptionError: If a sample is NaN or Inf.
    """
    traces = trace_samples(gathers)
    bad = ~np.isfinite(traces).all(axis=1)
    if bad.any():
        raise OptionError(
            f"{int(bad.sum())} of {bad.size} traces hold NaN or Inf (first: "
            f"{int(np.argmax(bad))}) and '{step}' would spread them; put the step 'fill_nan' or "
            "'kill' before it."
        )
    return traces


def sample_times_s(gathers: xr.DataArray) -> NDArray[np.float64]:
    """Times of the samples [s], shape (time,).

    Raises:
        ShapeError: If the dimensions are not (trace, time).
    """
    _check_dimensions(gathers)
    return np.asarray(gathers.coords["time"].values, dtype=np.float64)


def _check_dimensions(gathers: xr.DataArray) -> None:
    if gathers.dims != ("trace", "time") or "time" not in gathers.coords:
        raise ShapeError(
            f"Gathers have dimensions {gathers.dims}; a step needs ('trace', 'time') and the "
            "coordinate 'time' in seconds."
        )


def sample_interval_s(gathers: xr.DataArray) -> float:
    """Sample interval [s] of the time axis.

    Raises:
        ShapeError: If there are under two samples or their spacing is not constant.
    """
    time = sample_times_s(gathers)
    if time.size < 2:
        raise ShapeError(f"The time axis has {time.size} samples; at least 2 are needed.")
    dt_s = (time[-1] - time[0]) / (time.size - 1)
    if not dt_s > 0 or np.abs(np.diff(time) - dt_s).max() > 1e-3 * dt_s:
        raise ShapeError(
            f"The time axis from {time[0]:g} to {time[-1]:g} s is not regular and rising; "
            "give the gathers a constant sample interval."
        )
    return float(dt_s)


def with_samples(
    gathers: xr.DataArray, samples: NDArray[Any], time_s: NDArray[Any] | None = None
) -> xr.DataArray:
    """The gathers with other samples and, where given, another time axis; the rest is kept.

    Args:
        gathers: Dims (trace, time).
        samples: New amplitudes, shape (trace, time).
        time_s: New times [s], shape (time,).
    """
    samples = np.asarray(samples, dtype=np.float32)
    if time_s is None:
        return gathers.copy(deep=False, data=samples)
    coords = {name: c for name, c in gathers.coords.items() if "time" not in c.dims}
    time = xr.Variable(("time",), time_s, gathers.coords["time"].attrs)
    return xr.DataArray(
        samples,
        dims=("trace", "time"),
        coords={**coords, "time": time},
        name=gathers.name,
        attrs=gathers.attrs,
    )


def with_trace_value(gathers: xr.DataArray, name: str, values: NDArray[Any]) -> xr.DataArray:
    """The gathers with the optional trace variable ``live`` or ``first_break`` set, (trace,)."""
    kind = OPTIONAL_TRACE_VARIABLES[name]
    attrs = {"units": kind.units, "long_name": kind.meaning}
    return gathers.assign_coords(
        {name: ("trace", np.asarray(values, dtype=np.dtype(kind.dtype)), attrs)}
    )


def trace_value(gathers: xr.DataArray, name: str, step: str) -> NDArray[Any]:
    """One trace variable, shape (trace,), units of the survey schema.

    Raises:
        GeometryError: If the gathers do not have it.
    """
    if name not in gathers.coords:
        cure = (
            "put the step 'pick_first_breaks' before it"
            if name == "first_break"
            else "pass gathers that carry the survey's trace variables as coordinates"
        )
        raise GeometryError(f"Step '{step}' needs '{name}' of every trace; {cure}.")
    return np.asarray(gathers.coords[name].values)


def live_traces(gathers: xr.DataArray) -> NDArray[np.bool_]:
    """True where no editing step killed the trace, shape (trace,)."""
    if "live" in gathers.coords:
        return np.asarray(gathers.coords["live"].values, dtype=bool)
    return np.ones(gathers.sizes["trace"], dtype=bool)


def offset_m(gathers: xr.DataArray, step: str) -> NDArray[np.float64]:
    """Unsigned source-receiver distance [m], shape (trace,).

    The header's offset where it is set; where it is zero, the distance between the positions,
    because many files leave the offset field empty.
    """
    header = np.abs(trace_value(gathers, "offset", step).astype(np.float64))
    if not (header == 0).any() or "receiver_x" not in gathers.coords:
        return header
    x, y = (
        trace_value(gathers, f"receiver_{axis}", step)
        - trace_value(gathers, f"source_{axis}", step)
        for axis in "xy"
    )
    return np.where(header == 0, np.hypot(x, y), header)


def shot_labels(gathers: xr.DataArray) -> NDArray[np.int64]:
    """Number of the shot gather that each trace belongs to, shape (trace,).

    The pipeline labels the whole survey. Gathers without its label are told apart as in
    ``geoml.survey.gathers``: by field record, or by source position where all field records
    are equal; they are one gather where they say nothing about shots.
    """
    values = gathers.coords
    if SHOT_LABEL in values:
        return np.asarray(values[SHOT_LABEL].values, dtype=np.int64)
    n_traces = gathers.sizes["trace"]
    for names in (("field_record",), ("source_x", "source_y")):
        if n_traces and all(name in values for name in names):
            keys = np.stack([np.asarray(values[name].values) for name in names])
            labels = np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1)
            if labels.max() > 0:
                return labels.astype(np.int64)
    return np.zeros(n_traces, dtype=np.int64)


def gather_labels(gathers: xr.DataArray, kind: GatherKind) -> NDArray[np.int64]:
    """Number of the gather of a kind that each trace belongs to, shape (trace,).

    Args:
        gathers: Dims (trace, time), with the survey's trace variables as coordinates.
        kind: What the traces of a gather share.
    """
    if kind == "shot":
        return shot_labels(gathers)
    return gather_index(gathers.coords.to_dataset(), kind).labels()


def check_trace_variable(name: str, step: str) -> None:
    """Refuse a name that no survey has.

    Raises:
        OptionError: If the survey schema does not list it.
    """
    if name not in TRACE_VARIABLES:
        known = ", ".join(TRACE_VARIABLES)
        raise OptionError(f"'{step}' knows no trace variable '{name}'. Known: {known}.")
