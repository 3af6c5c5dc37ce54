"""Resample step: another sample interval, on a time axis that starts at zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.interpolation import sinc_matrix
from geoml.preprocess.step import (
    Step,
    finite_samples,
    sample_interval_s,
    sample_times_s,
    with_samples,
)

_SAME_GRID = 1e-3  # of a sample: closer grids are one grid, and are copied without a filter


@dataclass(frozen=True)
class Resample(Step):
    """Put the traces on samples 0, dt, 2 dt ... after an anti-alias filter of zero phase.

    A recording that starts late is filled with zeros from time 0; one that starts before time 0
    is cut there. Where only whole samples have to be added or cut, samples are copied exactly.

    Attributes:
        dt_s: New sample interval [s].
        max_time_s: Last time kept [s]; none for the end of the recording. A recording that
            ends before it is filled with zeros.
        pass_fraction: Frequencies up to this fraction of the lower of the two Nyquist
            frequencies keep their amplitude, 0.5 to 0.95; more rings longer.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"dt_s": 0.008},
        {"dt_s": 0.006},
        {"dt_s": 0.008, "max_time_s": 0.6},
        {"dt_s": 0.008, "pass_fraction": 0.6},
    )

    dt_s: float
    max_time_s: float | None = None
    pass_fraction: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.dt_s < np.inf:
            raise OptionError(f"'resample' dt_s is {self.dt_s:g} s; it must be above 0.")
        if self.max_time_s is not None and not self.dt_s <= self.max_time_s < np.inf:
            raise OptionError(
                f"'resample' max_time_s is {self.max_time_s:g} s; it must be at least one sample "
                f"of {self.dt_s:g} s."
            )
        if not 0.5 <= self.pass_fraction <= 0.95:
            raise OptionError(
                f"'resample' pass_fraction is {self.pass_fraction:g}; it must be 0.5 to 0.95."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers on the new time axis.

        Raises:
            OptionError: If under two samples would be left, or a sample is NaN.
        """
        samples = finite_samples(gathers, "resample")
        dt_in_s = sample_interval_s(gathers)
        start_s, end_s = sample_times_s(gathers)[[0, -1]].tolist()
        last_s = end_s if self.max_time_s is None else self.max_time_s
        n_out = int(np.floor(last_s / self.dt_s + _SAME_GRID)) + 1
        if n_out < 2:
            raise OptionError(
                f"'resample' to {self.dt_s:g} s leaves {max(n_out, 0)} samples of a recording "
                f"from {start_s:g} to {end_s:g} s; at least 2 are needed."
            )
        resampled = self._resampled(samples, dt_in_s, start_s, n_out)
        return with_samples(gathers, resampled, np.arange(n_out) * self.dt_s)

    def _resampled(
        self, samples: NDArray[np.float32], dt_in_s: float, start_s: float, n_out: int
    ) -> NDArray[np.floating]:
        n_in = samples.shape[1]
        first = -start_s / dt_in_s  # input sample at time 0
        drift = abs(self.dt_s / dt_in_s - 1) * n_out
        if drift < _SAME_GRID and abs(first - round(first)) < _SAME_GRID:
            return _cut_or_filled(samples, round(first), n_out)
        nyquist_in_hz, nyquist_out_hz = 0.5 / dt_in_s, 0.5 / self.dt_s
        pass_hz = self.pass_fraction * min(nyquist_in_hz, nyquist_out_hz)
        # Images of the input lie above its own Nyquist, so an equal or finer grid may keep the
        # transition astride it; a coarser one must be silent at the new Nyquist.
        stop_hz = min(nyquist_out_hz, (2 - self.pass_fraction) * nyquist_in_hz)
        if nyquist_out_hz >= nyquist_in_hz * (1 - _SAME_GRID):
            stop_hz = (2 - self.pass_fraction) * nyquist_in_hz
        # In float32: a sample is a sum of neighbours only, so that its rounding is its own.
        matrix = sinc_matrix(n_in, dt_in_s, n_out, self.dt_s, -start_s, pass_hz, stop_hz, "float32")
        return (matrix @ samples.T).T


def _cut_or_filled(samples: NDArray[np.float32], first: int, n_out: int) -> NDArray[np.float32]:
    """Samples ``first`` to ``first + n_out`` of each trace, zeros where there are none."""
    out = np.zeros((samples.shape[0], n_out), dtype=np.float32)
    start, stop = max(first, 0), min(first + n_out, samples.shape[1])
    if stop > start:
        out[:, start - first : stop - first] = samples[:, start:stop]
    return out
