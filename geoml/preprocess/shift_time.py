"""Time shift step: one static shift for every trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.interpolation import sinc_matrix
from geoml.preprocess.step import (
    Step,
    finite_samples,
    sample_interval_s,
    trace_value,
    with_samples,
    with_trace_value,
)


@dataclass(frozen=True)
class ShiftTime(Step):
    """Move every event by a constant time, such as a known delay of the gun or the recorder.

    The time axis stays, zeros come in at one end; picked first breaks move along. A shift of
    whole samples is exact, any other keeps frequencies up to 90 % of Nyquist.

    Attributes:
        shift_s: Shift [s]; events move later when it is above 0.
    """

    shapes_wavelet = True
    only_shifts = True
    examples: ClassVar = ({"shift_s": -0.02}, {"shift_s": 0.0013})

    shift_s: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.shift_s):
            raise OptionError("'shift_time' shift_s must be a finite number of seconds.")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The shifted gathers.

        Raises:
            OptionError: If the shift is as long as the recording, or a sample is NaN.
        """
        samples = finite_samples(gathers, "shift_time")
        dt_s = sample_interval_s(gathers)
        n_time = samples.shape[1]
        if abs(self.shift_s) >= n_time * dt_s:
            raise OptionError(
                f"'shift_time' by {self.shift_s:g} s leaves nothing of a recording of "
                f"{n_time * dt_s:g} s."
            )
        shifted = np.zeros_like(samples)
        whole = round(self.shift_s / dt_s)
        if abs(self.shift_s / dt_s - whole) < 1e-6:
            shifted[:, max(whole, 0) : n_time + whole] = samples[:, max(-whole, 0) : n_time - whole]
        else:
            nyquist_hz = 0.5 / dt_s
            matrix = sinc_matrix(
                n_time, dt_s, n_time, dt_s, -self.shift_s, 0.9 * nyquist_hz, 1.1 * nyquist_hz
            )
            shifted = (matrix @ samples.T.astype(np.float64)).T
        moved = with_samples(gathers, shifted)
        if "first_break" not in gathers.coords:
            return moved
        first_break_s = trace_value(gathers, "first_break", "shift_time")
        return with_trace_value(moved, "first_break", first_break_s + self.shift_s)
