"""Gain step: amplitude times a power of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.step import Step, sample_times_s, trace_samples, with_samples


@dataclass(frozen=True)
class GainTimePower(Step):
    """Multiply each sample by (time / 1 s) to a power, against the decay of amplitude.

    The gain is 1 at 1 s and 0 at and before time 0. Power 1 undoes spherical spreading in a
    constant velocity, 2 also much of the absorption (Claerbout 1985, Imaging the Earth's
    Interior, section 4.1).

    Attributes:
        power: Exponent of time, above 0 and at most 5.
    """

    shapes_wavelet = False
    only_scales = True
    examples: ClassVar = ({"power": 1.0}, {"power": 2.0})

    power: float

    def __post_init__(self) -> None:
        if not 0 < self.power <= 5:
            raise OptionError(f"'gain_time_power' power is {self.power:g}; it must be in (0, 5].")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gained gathers."""
        time_s = sample_times_s(gathers)
        gain = np.clip(time_s, 0, None) ** self.power
        return with_samples(gathers, trace_samples(gathers) * gain[None, :])
