"""Top mute step: silence before the first arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.step import (
    Step,
    offset_m,
    sample_times_s,
    trace_samples,
    trace_value,
    with_samples,
)


@dataclass(frozen=True)
class MuteTop(Step):
    """Set samples before a mute time to zero, with a cosine rise of full weight at that time.

    The mute time is either ``intercept_s + |offset| / velocity_m_s`` or the picked first break
    less a lead. Simulated gathers have no picks: a workflow that trains on them uses the
    velocity form. A trace without a pick is left as it is.

    Attributes:
        velocity_m_s: Velocity of the mute line [m/s]; none to mute by first break.
        intercept_s: Time of the mute line at offset 0 [s].
        first_break_lead_s: Mute this long before the first break [s]; none to mute by velocity.
        taper_s: Length of the rise before the mute time [s]; 0 for a sharp edge.
    """

    shapes_wavelet = False
    examples: ClassVar = (
        {"velocity_m_s": 1600.0, "intercept_s": 0.1},
        {"velocity_m_s": 1200.0, "intercept_s": 0.1},
        {"velocity_m_s": 1600.0},
        {"velocity_m_s": 1600.0, "intercept_s": 0.1, "taper_s": 0.02},
        {"first_break_lead_s": 0.03},
        {"first_break_lead_s": 0.0},
    )

    velocity_m_s: float | None = None
    intercept_s: float = 0.0
    first_break_lead_s: float | None = None
    taper_s: float = 0.05

    def __post_init__(self) -> None:
        if (self.velocity_m_s is None) == (self.first_break_lead_s is None):
            raise OptionError("'mute_top' needs velocity_m_s or first_break_lead_s, and not both.")
        if self.velocity_m_s is not None and not 0 < self.velocity_m_s < np.inf:
            raise OptionError(
                f"'mute_top' velocity_m_s is {self.velocity_m_s:g} m/s; it must be above 0."
            )
        if self.first_break_lead_s is not None and not np.isfinite(self.first_break_lead_s):
            raise OptionError("'mute_top' first_break_lead_s must be a finite number.")
        if self.first_break_lead_s is not None and self.intercept_s != 0:
            raise OptionError(
                "'mute_top' by first break has no intercept_s; use first_break_lead_s alone."
            )
        if not np.isfinite(self.intercept_s) or not 0 <= self.taper_s < np.inf:
            raise OptionError(
                f"'mute_top' intercept_s {self.intercept_s:g} must be finite and taper_s "
                f"{self.taper_s:g} at least 0."
            )

    @property
    def needs_first_break(self) -> bool:
        """Whether the mute follows the picks."""
        return self.first_break_lead_s is not None

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The muted gathers.

        Raises:
            GeometryError: If the traces have no offset, or no first break where it is needed.
        """
        samples = trace_samples(gathers)
        time_s = sample_times_s(gathers)
        weight = _rise(time_s, self._mute_time_s(gathers), self.taper_s)
        return with_samples(gathers, samples * weight)

    def _mute_time_s(self, gathers: xr.DataArray) -> NDArray[np.float64]:
        if self.velocity_m_s is not None:
            return self.intercept_s + offset_m(gathers, "mute_top") / self.velocity_m_s
        first_break_s = trace_value(gathers, "first_break", "mute_top")
        assert self.first_break_lead_s is not None
        return np.where(np.isnan(first_break_s), -np.inf, first_break_s - self.first_break_lead_s)


def _rise(
    time_s: NDArray[np.float64], mute_time_s: NDArray[np.float64], taper_s: float
) -> NDArray[np.float32]:
    """Weight 0 before the taper, 1 from the mute time on, shape (trace, time)."""
    late_s = time_s[None, :] - mute_time_s[:, None]
    # Times are decimal fractions: without the margin a sample at the mute time falls either way.
    on = late_s > -1e-9
    weight = on.astype(np.float32)
    # The taper is a small part of a trace: no cosine is worth its time elsewhere.
    rising = ~on & (late_s > -taper_s)
    weight[rising] = 0.5 - 0.5 * np.cos(np.pi * (1 + late_s[rising] / max(taper_s, 1e-9)))
    return weight
