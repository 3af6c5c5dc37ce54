"""Bottom mute step: silence some time after the first arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.step import (
    Step,
    offset_m,
    sample_times_s,
    trace_samples,
    with_samples,
)


@dataclass(frozen=True)
class MuteBottom(Step):
    """Set samples after ``intercept_s + |offset| / velocity_m_s`` to zero, behind a cosine fall.

    Keeps the early arrivals, which acoustic modelling can honour, and drops what comes later and
    what it cannot: guided waves of a slow near surface, ground roll, converted waves.

    Attributes:
        velocity_m_s: Velocity of the mute line [m/s].
        intercept_s: Time of the mute line at offset 0 [s].
        taper_s: Length of the fall after the mute time [s]; 0 for a sharp edge.
    """

    shapes_wavelet = False
    examples: ClassVar = (
        {"velocity_m_s": 1600.0, "intercept_s": 0.1},
        {"velocity_m_s": 1200.0, "intercept_s": 0.1},
        {"velocity_m_s": 1600.0, "intercept_s": 0.2},
        {"velocity_m_s": 1600.0, "intercept_s": 0.1, "taper_s": 0.02},
    )

    velocity_m_s: float
    intercept_s: float
    taper_s: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.velocity_m_s < np.inf:
            raise OptionError(
                f"'mute_bottom' velocity_m_s is {self.velocity_m_s:g} m/s; it must be above 0."
            )
        if not np.isfinite(self.intercept_s) or not 0 <= self.taper_s < np.inf:
            raise OptionError(
                f"'mute_bottom' intercept_s {self.intercept_s:g} must be finite and taper_s "
                f"{self.taper_s:g} at least 0."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The muted gathers.

        Raises:
            GeometryError: If the traces have no offset.
        """
        samples = trace_samples(gathers)
        mute_time_s = self.intercept_s + offset_m(gathers, "mute_bottom") / self.velocity_m_s
        late_s = sample_times_s(gathers)[None, :] - mute_time_s[:, None]
        # Times are decimal fractions: without a margin a sample at the mute time falls either way.
        fall = (late_s > 1e-9).astype(np.float64)
        if self.taper_s > 0:
            fall = np.clip(late_s / self.taper_s, 0, 1)
        weight = (0.5 + 0.5 * np.cos(np.pi * fall)).astype(np.float32)
        # Inf times 0 is NaN: it stays to be seen, and the step kill or fill_nan to settle it.
        with np.errstate(invalid="ignore"):
            return with_samples(gathers, samples * weight)
