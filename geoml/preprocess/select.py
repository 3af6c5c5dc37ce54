"""Selection step: keep some traces, silence the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.step import (
    Step,
    check_trace_variable,
    live_traces,
    offset_m,
    trace_samples,
    trace_value,
    with_samples,
    with_trace_value,
)
from geoml.preprocess.trace_choice import check_names, check_presence, named_traces

Range = tuple[float, float]


@dataclass(frozen=True)
class Select(Step):
    """Keep the traces that fulfil every condition; the others become zero and not live.

    No trace is deleted, so that the survey keeps its shape and can be exported as it came; later
    steps leave the silenced traces out. Ranges include both ends.

    Attributes:
        offset_m: Nearest and farthest unsigned offset [m].
        ranges: Trace variable -> lowest and highest value, such as
            ``{field_record: [100, 200], receiver_x: [0, 5000]}``.
        headers: Trace variable -> list of values that are kept.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"offset_m": [200.0, 900.0]},
        {"offset_m": [500.0, 900.0]},
        {"offset_m": [200.0, 900.0], "ranges": {"field_record": [2, 3]}},
        {"offset_m": [200.0, 900.0], "headers": {"trace_in_record": [1, 2, 6, 7]}},
    )

    offset_m: Range | None = None
    ranges: dict[str, Range] = field(default_factory=dict)
    headers: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.offset_m is None and not self.ranges and not self.headers:
            raise OptionError("'select' has no condition; give offset_m, ranges or headers.")
        check_names((), self.headers, "select")
        for name in self.ranges:
            check_trace_variable(name, "select")
        for name, (low, high) in {"offset_m": self.offset_m or (0, 0), **self.ranges}.items():
            if not low <= high:
                raise OptionError(f"'select' {name} is {low:g} to {high:g}; it must not fall.")

    def check(self, survey: xr.Dataset) -> None:
        """Refuse conditions that no trace fulfils.

        Raises:
            GeometryError: If the survey has no offsets to select by.
            OptionError: If no trace is kept, or no trace has one of the values.
        """
        check_presence(survey, (), self.headers, "select")
        gathers = survey["amplitude"].assign_coords(
            {name: survey[name] for name in survey.data_vars if survey[name].dims == ("trace",)}
        )
        if self.offset_m is not None and not offset_m(gathers, "select").any():
            raise GeometryError(
                "'select' is to choose by offset, but every offset of the survey is 0; give the "
                "survey a geometry, or select by trace_in_record."
            )
        if not self._kept(gathers).any():
            raise OptionError("'select' would keep no trace of the survey; widen its conditions.")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers with the traces that were not selected at zero, and ``live``.

        Raises:
            GeometryError: If the traces lack a variable that is asked for.
        """
        samples = trace_samples(gathers)
        kept = self._kept(gathers)
        selected = with_samples(gathers, np.where(kept[:, None], samples, np.float32(0)))
        return with_trace_value(selected, "live", live_traces(gathers) & kept)

    def _kept(self, gathers: xr.DataArray) -> NDArray[np.bool_]:
        kept = np.ones(gathers.sizes["trace"], dtype=bool)
        if self.offset_m is not None:
            kept &= _inside(offset_m(gathers, "select"), self.offset_m)
        for name, limits in self.ranges.items():
            kept &= _inside(trace_value(gathers, name, "select"), limits)
        if self.headers:
            kept &= named_traces(gathers, (), self.headers)
        return kept


def _inside(values: NDArray[np.float64], limits: Range) -> NDArray[np.bool_]:
    # Positions are stored to the centimetre at best; a limit on a station must hold it.
    return (values >= limits[0] - 1e-3) & (values <= limits[1] + 1e-3)
