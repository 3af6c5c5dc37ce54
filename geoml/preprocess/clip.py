"""Clip step: no amplitude beyond a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.step import Step, live_traces, shot_labels, trace_samples, with_samples


@dataclass(frozen=True)
class Clip(Step):
    """Set samples whose magnitude is above a limit to the limit, with their sign.

    The limit is a number, or a percentile of the magnitudes of the live traces, each alone or a
    shot gather together; NaN does not count. Waveforms at the limit are distorted.

    Attributes:
        limit: Largest magnitude, in the units of the survey, above 0.
        percentile: Percentile of the magnitudes that becomes the limit, in (0, 100).
        by: Whether the percentile is of a ``trace`` or a ``gather``.
    """

    shapes_wavelet = False
    examples: ClassVar = (
        {"percentile": 99.0},
        {"percentile": 90.0},
        {"percentile": 99.0, "by": "trace"},
        {"limit": 0.1},
        {"limit": 0.5},
    )

    limit: float | None = None
    percentile: float | None = None
    by: Literal["trace", "gather"] = "gather"

    def __post_init__(self) -> None:
        if (self.limit is None) == (self.percentile is None):
            raise OptionError("'clip' needs limit or percentile, and not both.")
        if self.limit is not None and not 0 < self.limit < np.inf:
            raise OptionError(f"'clip' limit is {self.limit:g}; it must be above 0.")
        if self.percentile is not None and not 0 < self.percentile < 100:
            raise OptionError(f"'clip' percentile is {self.percentile:g}; it must be in (0, 100).")
        if self.by not in ("trace", "gather"):
            raise OptionError(f"'clip' by is '{self.by}'; it must be trace or gather.")
        if self.limit is not None and self.by == "trace":
            raise OptionError("'clip' with a limit has no 'by'; use percentile, or leave it out.")

    @property
    def needs_whole_gathers(self) -> bool:
        """Whether one percentile serves a gather."""
        return self.percentile is not None and self.by == "gather"

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers with no magnitude above the limit; NaN stays."""
        samples = trace_samples(gathers)
        if self.limit is not None:
            return with_samples(gathers, np.clip(samples, -self.limit, self.limit))
        assert self.percentile is not None
        limit = np.full(len(samples), np.inf, dtype=np.float32)
        alive = live_traces(gathers) & (samples != 0).any(axis=1)
        labels = shot_labels(gathers) if self.by == "gather" else np.arange(len(samples))
        for label in np.unique(labels[alive]):
            members = alive & (labels == label)
            size = np.abs(samples[members])
            size = size[np.isfinite(size)]
            if size.size:
                limit[members] = np.percentile(size, self.percentile)
        # A percentile of a mostly silent trace may be 0: leave it as it is.
        limit = np.where(limit > 0, limit, np.float32(np.inf))[:, None]
        return with_samples(gathers, np.clip(samples, -limit, limit))
