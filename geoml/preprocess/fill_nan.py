"""Fill step: put numbers where samples are NaN or Inf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.step import Step, sample_interval_s, trace_samples, with_samples


@dataclass(frozen=True)
class FillNan(Step):
    """Replace NaN and Inf samples, by a line between their neighbours where the gap is short.

    Longer gaps, and gaps at either end of a trace, become zeros. A trace without one finite
    sample becomes a dead trace.

    Attributes:
        max_gap_s: Longest gap that is bridged by a line [s]; 0 sets every gap to zero.
    """

    shapes_wavelet = True
    examples: ClassVar = ({}, {"max_gap_s": 0.0})

    max_gap_s: float = 0.02

    def __post_init__(self) -> None:
        if not 0 <= self.max_gap_s < np.inf:
            raise OptionError(f"'fill_nan' max_gap_s is {self.max_gap_s:g} s; it must be >= 0.")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers, every sample finite."""
        samples = trace_samples(gathers).copy()
        # The margin keeps a gap of exactly the limit inside it whatever its rounding.
        longest = int(self.max_gap_s / sample_interval_s(gathers) + 1e-6)
        for row in np.flatnonzero(~np.isfinite(samples).all(axis=1)):
            samples[row] = _filled(samples[row], longest)
        return with_samples(gathers, samples)


def _filled(trace: NDArray[np.float32], longest_gap: int) -> NDArray[np.float32]:
    finite = np.isfinite(trace)
    filled = np.where(finite, trace, np.float32(0))
    known = np.flatnonzero(finite)
    apart = np.diff(known)
    for before in np.flatnonzero((apart > 1) & (apart <= longest_gap + 1)):
        ends = known[[before, before + 1]]
        gap = np.arange(ends[0] + 1, ends[1])
        filled[gap] = np.interp(gap, ends, trace[ends])
    return filled
