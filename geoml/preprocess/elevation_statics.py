"""Elevation statics step: sources and receivers moved to a flat datum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.step import Step, trace_value
from geoml.preprocess.trace_shift import shifted_gathers
from geoml.survey.uphole import uphole_time_s, with_uphole_times

Floats = NDArray[np.float64]

_NAME = "elevation_statics"


@dataclass(frozen=True)
class ElevationStatics(Step):
    """Shift each trace to the time it would have with source and receiver on a flat datum.

    The static, added to all times of a trace, is the sum of
    ``(datum - (source_elevation - source_depth)) / velocity`` and
    ``(datum - receiver_elevation) / velocity``: above the datum it is negative and events move
    earlier. The rock between is taken to have the replacement velocity, also the weathering
    below the receivers, unless ``uphole`` is set: then the wave's last way, up through the
    weathering, is taken off as the uphole time and the receiver counts from the hole's bottom,
    ``(datum - (receiver_elevation - uphole_depth)) / velocity - uphole_time``.

    Attributes:
        datum_m: Elevation of the datum [m], up.
        velocity_m_s: Replacement velocity, that of the rock under the weathering [m/s].
        uphole: Use the trace variables ``uphole_time`` and ``uphole_depth`` of the receivers; a
            survey that lacks them gets them from its headers, as
            ``geoml.survey.uphole.with_uphole_times`` says.

    References:
        Cox (1999), Static corrections for seismic reflection surveys, SEG, ch. 3.
    """

    shapes_wavelet = True
    only_shifts = True
    examples: ClassVar = (
        {"datum_m": 300.0, "velocity_m_s": 2000.0},
        {"datum_m": 250.0, "velocity_m_s": 2000.0},
        {"datum_m": 300.0, "velocity_m_s": 2600.0},
        {"datum_m": 300.0, "velocity_m_s": 2000.0, "uphole": True},
    )

    datum_m: float
    velocity_m_s: float
    uphole: bool = False

    def __post_init__(self) -> None:
        if not np.isfinite(self.datum_m) or not 0 < self.velocity_m_s < np.inf:
            raise OptionError(
                f"'{_NAME}' datum_m {self.datum_m:g} must be finite and velocity_m_s "
                f"{self.velocity_m_s:g} above 0."
            )

    def check(self, survey: xr.Dataset) -> None:
        """Refuse a survey without elevations.

        Raises:
            GeometryError: If every elevation is 0, or uphole times are needed and missing.
        """
        if not any(survey[f"{who}_elevation"].values.any() for who in ("source", "receiver")):
            raise GeometryError(
                f"'{_NAME}' needs elevations, and every one is 0; ingest with --geometry, or "
                "shift by a table of your own with 'apply_statics'."
            )
        if self.uphole and "uphole_time" not in survey:
            uphole_time_s(survey)

    def prepared(self, survey: xr.Dataset) -> xr.Dataset:
        """The survey with the upholes of its headers, interpolated to receivers, where needed."""
        missing = self.uphole and "uphole_time" not in survey
        return with_uphole_times(survey) if missing else survey

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers on the datum.

        Raises:
            GeometryError: If the traces have no elevations.
            OptionError: If a shift is longer than the recording, or a sample is NaN.
        """
        return shifted_gathers(gathers, self.static_s(gathers), _NAME)

    def static_s(self, gathers: xr.DataArray) -> Floats:
        """Static of each trace, added to its times [s], shape (trace,)."""
        source, depth, receiver = (
            trace_value(gathers, name, _NAME).astype(np.float64)
            for name in ("source_elevation", "source_depth", "receiver_elevation")
        )
        up_s = np.zeros_like(receiver)
        if self.uphole:
            up_s = trace_value(gathers, "uphole_time", _NAME)
            receiver = receiver - trace_value(gathers, "uphole_depth", _NAME)
        from_source = (self.datum_m - (source - depth)) / self.velocity_m_s
        return np.asarray(from_source + (self.datum_m - receiver) / self.velocity_m_s - up_s)
