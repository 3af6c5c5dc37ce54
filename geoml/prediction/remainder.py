"""Remainder step: what was taken out of a survey on its way into another store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from geoml.errors import ShapeError
from geoml.preprocess.step import Step, sample_times_s, trace_samples, with_samples
from geoml.survey.store import open_survey
from geoml.survey.survey_traces import store_traces
from geoml.survey.trace_source import TraceSource


@dataclass(frozen=True)
class Remainder(Step):
    """Subtract the samples that the same traces have in another store.

    Attributes:
        kept: The store of what is kept, of the same traces and times.
    """

    name: ClassVar[str] = "remainder"
    shapes_wavelet = True
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    kept: str

    def check(self, survey: xr.Dataset) -> None:
        """Refuse a store of other traces.

        Raises:
            ShapeError: If numbers of traces or sample times differ.
            StoreError: If there is no such store.
        """
        other = open_survey(self.kept)
        shapes = [(each.sizes["trace"], each.sizes["time"]) for each in (survey, other)]
        if shapes[0] != shapes[1] or not np.allclose(other["time"], survey["time"]):
            raise ShapeError(
                f"{self.kept} holds {shapes[1][0]} traces of {shapes[1][1]} samples, this survey "
                f"{shapes[0][0]} of {shapes[0][1]}, or at other times; they must be the same."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The samples less those kept, exactly, in single precision."""
        sample_times_s(gathers)
        traces = np.asarray(gathers.coords["trace"].values, dtype=np.int64)
        kept = self._source.amplitude(traces)
        return with_samples(gathers, trace_samples(gathers) - kept)

    @cached_property
    def _source(self) -> TraceSource:
        return store_traces(self.kept)
