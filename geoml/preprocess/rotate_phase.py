"""Phase rotation step: the same angle at every frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from scipy import fft, signal

from geoml.errors import OptionError
from geoml.preprocess.step import Step, finite_samples, with_samples


@dataclass(frozen=True)
class RotatePhase(Step):
    """Turn the phase of every frequency by one angle: ``cos(angle) x - sin(angle) H(x)``.

    H is the Hilbert transform. A cosine becomes ``cos(2 pi f t + angle)``; 180 degrees reverses
    the polarity, and turning back by the negative angle brings the trace back but for its
    constant offset, which has no phase and is only scaled by ``cos(angle)``.

    Attributes:
        angle_deg: Angle [degree].
    """

    shapes_wavelet = True
    examples: ClassVar = ({"angle_deg": 90.0}, {"angle_deg": -35.0})

    angle_deg: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.angle_deg):
            raise OptionError("'rotate_phase' angle_deg must be a finite number of degrees.")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The rotated gathers.

        Raises:
            OptionError: If a sample is NaN.
        """
        samples = finite_samples(gathers, "rotate_phase").astype(np.float64)
        n_time = samples.shape[1]
        angle = np.deg2rad(self.angle_deg)
        # Twice the length: the transform is circular, and an event at the end of the trace
        # would reach its start.
        analytic = signal.hilbert(samples, fft.next_fast_len(2 * n_time), axis=1)[:, :n_time]
        return with_samples(gathers, np.cos(angle) * samples - np.sin(angle) * analytic.imag)
