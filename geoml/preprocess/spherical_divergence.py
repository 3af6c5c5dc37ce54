"""Gain step against the spreading of wavefronts, by time and velocity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.step import Step, sample_times_s, trace_samples, trace_value, with_samples
from geoml.preprocess.velocity_table import (
    VelocityOption,
    VelocityTable,
    read_velocities,
    velocity_table,
)


@dataclass(frozen=True)
class SphericalDivergence(Step):
    """Multiply by time and the square of velocity, against the spreading of reflections.

    Reflections of a point source in layers weaken as ``v1 / (t v(t)^2)`` near zero offset, with
    the RMS velocity v and its value v1 at the surface (Newman 1973). The gain
    ``(t / 1 s)^time_power (v(t) / v1)^velocity_power`` undoes that; it is 0 at and before time 0.
    With one velocity it is ``gain_time_power``. Lateral change of v1 is left in the data.

    Attributes:
        velocity_m_s: RMS velocity [m/s]: a number; rows ``[time_s, velocity_m_s]``;
            ``{cdp: rows}``, linear between CDPs; or the name of a CSV file with the columns
            cdp (optional), time_s and velocity_m_s, whose rows then take its place.
        time_power: Exponent of time, above 0 and at most 5.
        velocity_power: Exponent of velocity, 0 to 5.
        inverse: Undo the gain; what was at time 0 stays lost.

    References:
        Newman (1973), Geophysics 38(3), 481-488.
    """

    shapes_wavelet = False
    only_scales = True
    examples: ClassVar = (
        {"velocity_m_s": [[0.0, 1500.0], [1.0, 2500.0]]},
        {"velocity_m_s": 2000.0},
        {"velocity_m_s": {1: [[0.0, 1800.0]], 30: [[0.2, 2000.0], [1.0, 2600.0]]}},
        {"velocity_m_s": [[0.0, 1500.0], [1.0, 2500.0]], "time_power": 2.0},
        {"velocity_m_s": [[0.0, 1500.0], [1.0, 2500.0]], "velocity_power": 1.0},
        {"velocity_m_s": [[0.0, 1500.0], [1.0, 2500.0]], "inverse": True},
    )

    velocity_m_s: VelocityOption
    time_power: float = 1.0
    velocity_power: float = 2.0
    inverse: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.velocity_m_s, str):
            # What was done stays in the history, and no worker has to find the file.
            object.__setattr__(self, "velocity_m_s", read_velocities(self.velocity_m_s))
        self._table()
        if not 0 < self.time_power <= 5 or not 0 <= self.velocity_power <= 5:
            raise OptionError(
                f"'spherical_divergence' time_power {self.time_power:g} must be in (0, 5] and "
                f"velocity_power {self.velocity_power:g} in [0, 5]."
            )

    def check(self, survey: xr.Dataset) -> None:
        """Refuse velocities by CDP on a survey that has no CDP numbers.

        Raises:
            OptionError: If every CDP number is 0.
        """
        if self._table().by_cdp and not survey["cdp"].values.any():
            raise OptionError(
                "'spherical_divergence' has velocities by CDP and the survey no CDP numbers; give "
                "one function of time."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gained gathers.

        Raises:
            GeometryError: If the velocities go by CDP and the traces have none.
        """
        samples = trace_samples(gathers)
        gain = self._gain(gathers)
        if self.inverse:
            gain = np.divide(1, gain, out=np.zeros_like(gain), where=gain > 0)
        return with_samples(gathers, samples * gain)

    def _gain(self, gathers: xr.DataArray) -> NDArray[np.float64]:
        """Gain [1], shape (1 or trace, time)."""
        table = self._table()
        time_s = np.clip(sample_times_s(gathers), 0, None)
        cdp = trace_value(gathers, "cdp", "spherical_divergence") if table.by_cdp else None
        velocity = table.at(np.append(0.0, time_s), cdp)
        ratio = velocity[:, 1:] / velocity[:, :1]
        return time_s**self.time_power * ratio**self.velocity_power

    def _table(self) -> VelocityTable:
        return velocity_table(self.velocity_m_s, "spherical_divergence")
