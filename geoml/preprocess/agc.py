"""Automatic gain control step: equal amplitude everywhere along a trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.step import Step, finite_samples, sample_interval_s, with_samples

_RUNNING_SUM_FLOOR = 1e-5


@dataclass(frozen=True)
class Agc(Step):
    """Divide each sample by the RMS amplitude of the window around it.

    At the ends of the trace the window is cut to the samples that exist. True amplitudes are
    lost, also those along offset, unless the gain is kept: ``without_gain(out, agc.gain(in))`` is
    the input again.

    Attributes:
        window_s: Window length [s], at least two samples; taken as the nearest odd number of
            samples.
        floor: Smallest RMS divided by, as a fraction of the largest window RMS of the trace,
            0 to below 1. It keeps the quiet before the first arrival quiet.
    """

    shapes_wavelet = False
    only_scales = True
    examples: ClassVar = ({"window_s": 0.2}, {"window_s": 0.4}, {"window_s": 0.2, "floor": 0.9})

    window_s: float
    floor: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 < self.window_s < np.inf:
            raise OptionError(f"'agc' window_s is {self.window_s:g} s; it must be above 0.")
        if not 0 <= self.floor < 1:
            raise OptionError(f"'agc' floor is {self.floor:g}; it must be in [0, 1).")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers at an RMS of about 1 in every window.

        Raises:
            OptionError: If the window is under two samples, or a sample is NaN.
        """
        samples = finite_samples(gathers, "agc")
        level = self._level(samples, gathers)
        return with_samples(gathers, np.divide(samples, level, out=level))

    def gain(self, gathers: xr.DataArray) -> xr.DataArray:
        """What each sample of the input is multiplied by, above 0, dims (trace, time).

        Raises:
            OptionError: If the window is under two samples, or a sample is NaN.
        """
        samples = finite_samples(gathers, "agc")
        gain = gathers.astype(np.float64).copy(data=1 / self._level(samples, gathers))
        return gain.rename("gain").assign_attrs({"units": "", "long_name": "automatic gain"})

    def _level(self, samples: NDArray[np.float32], gathers: xr.DataArray) -> NDArray[np.float64]:
        """RMS amplitude that each sample is divided by, shape (trace, time)."""
        dt_s = sample_interval_s(gathers)
        if self.window_s < 2 * dt_s * (1 - 1e-6):
            raise OptionError(
                f"AGC window of {self.window_s:g} s is under two samples of {dt_s:g} s."
            )
        half = max(1, round((self.window_s / dt_s - 1) / 2))
        mean = _window_mean(np.square(samples, dtype=np.float64), half, self.floor)
        rms = np.sqrt(mean, out=mean)
        np.maximum(rms, self.floor * rms.max(axis=1, keepdims=True), out=rms)
        # A dead trace has rms 0: divide by 1 there, so that it stays 0.
        rms[rms == 0] = 1
        return rms


def without_gain(gathers: xr.DataArray, gain: xr.DataArray) -> xr.DataArray:
    """The gathers before a gain, such as that of ``Agc.gain``; steps between may have been linear.

    Args:
        gathers: Dims (trace, time).
        gain: What the samples were multiplied by, the same shape.

    Raises:
        ShapeError: If the shapes differ.
        OptionError: If the gain is not above 0 everywhere.
    """
    if gain.shape != gathers.shape:
        raise ShapeError(
            f"The gain has shape {gain.shape}, the gathers {gathers.shape}; use the gain of these "
            "gathers."
        )
    if not (gain.values > 0).all():
        raise OptionError("The gain is not above 0 everywhere; what it silenced is lost.")
    return with_samples(gathers, gathers.values / gain.values)


def _window_mean(power: NDArray[np.float64], half: int, floor: float) -> NDArray[np.float64]:
    """Mean over samples i - half to i + half of each row, cut at the ends, shape (trace, time).

    A running sum loses the weak end of a trace to the rounding of its strong start, but no more
    than 1e-13 of it: below the floor it does not show. Without a floor each window is a suffix of
    one block of its own length plus a prefix of the next, so that only numbers of the window
    itself are ever added.
    """
    n_traces, n_time = power.shape
    width = 2 * half + 1
    places = np.arange(n_time)
    count = np.minimum(places + half, n_time - 1) - np.maximum(places - half, 0) + 1
    if floor >= _RUNNING_SUM_FLOOR:
        mean = ndimage.uniform_filter1d(power, width, axis=1, mode="constant")
        mean *= width / count
        return np.maximum(mean, 0, out=mean)
    n_blocks = -(-(n_time + 2 * half) // width)
    padded = np.zeros((n_traces, n_blocks * width))
    padded[:, half : half + n_time] = power
    blocks = padded.reshape(n_traces, n_blocks, width)
    prefix = blocks.cumsum(axis=2).reshape(n_traces, -1)
    suffix = blocks[:, :, ::-1].cumsum(axis=2)[:, :, ::-1].reshape(n_traces, -1)
    total = suffix[:, :n_time] + prefix[:, width - 1 : width - 1 + n_time]
    total[:, ::width] = suffix[:, :n_time:width]
    return total / count
