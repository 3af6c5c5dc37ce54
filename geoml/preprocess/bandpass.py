"""Bandpass step: zero-phase Butterworth filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import signal

from geoml.errors import OptionError
from geoml.preprocess.step import Step, finite_samples, sample_interval_s, with_samples


@dataclass(frozen=True)
class Bandpass(Step):
    """Keep a band of frequencies, without shifting an event.

    The filter runs forward and backward: its phase is zero, its amplitude response the square
    of one Butterworth pass, so 0.5 (-6 dB) at both corners.

    Attributes:
        low_hz: Lower corner [Hz], > 0; none for a low-pass.
        high_hz: Upper corner [Hz], under the Nyquist frequency; none for a high-pass.
        order: Order of one pass, 1 to 10; the slope of the result is 12 dB/octave an order.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"low_hz": 8, "high_hz": 40},
        {"low_hz": 15, "high_hz": 40},
        {"low_hz": 8, "high_hz": 30},
        {"low_hz": 8, "high_hz": 40, "order": 2},
        {"high_hz": 40},
        {"low_hz": 8},
    )

    low_hz: float | None = None
    high_hz: float | None = None
    order: int = 4

    def __post_init__(self) -> None:
        if self.low_hz is None and self.high_hz is None:
            raise OptionError("'bandpass' has no corner; give low_hz, high_hz or both.")
        for name in ("low_hz", "high_hz"):
            corner = getattr(self, name)
            if corner is not None and not 0 < corner < np.inf:
                raise OptionError(f"'bandpass' {name} is {corner:g} Hz; it must be above 0.")
        if self.low_hz is not None and self.high_hz is not None and self.low_hz >= self.high_hz:
            raise OptionError(
                f"'bandpass' low_hz {self.low_hz:g} is not under high_hz {self.high_hz:g}."
            )
        if not 1 <= self.order <= 10:
            raise OptionError(f"'bandpass' order is {self.order}; it must be 1 to 10.")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The filtered gathers.

        Raises:
            OptionError: If a corner is not under the Nyquist frequency, or a sample is NaN.
        """
        dt_s = sample_interval_s(gathers)
        corners = [corner for corner in (self.low_hz, self.high_hz) if corner is not None]
        nyquist_hz = 0.5 / dt_s
        if corners[-1] >= nyquist_hz:
            raise OptionError(
                f"'bandpass' corner {corners[-1]:g} Hz is not under the Nyquist frequency of "
                f"{nyquist_hz:g} Hz at {dt_s * 1e3:g} ms; lower it or leave high_hz out."
            )
        samples = finite_samples(gathers, "bandpass")
        return with_samples(gathers, self._filtered(samples, corners, dt_s))

    def _filtered(
        self, samples: NDArray[np.float32], corners: list[float], dt_s: float
    ) -> NDArray[np.float64]:
        kind = "bandpass" if len(corners) == 2 else "lowpass" if self.low_hz is None else "highpass"
        band = corners if len(corners) == 2 else corners[0]
        sections = signal.butter(self.order, band, kind, fs=1 / dt_s, output="sos")
        # Beyond its ends the trace is taken to stay at its median, which is 0 or the offset of
        # a recorder (a mean is neither, and would make a step at the ends). On two field lines
        # cut short, that brings back the samples near the cut three times better than SciPy's
        # odd extension, which turns a late reflection into an offset as long as the padding.
        ringing_hz = min(corners[0], corners[-1] - corners[0] or corners[0])
        pad = int(3 / (ringing_hz * dt_s)) + 3 * self.order
        level = np.median(samples.astype(np.float64), axis=1, keepdims=True)
        padded = np.pad(samples - level, ((0, 0), (pad, pad)))
        filtered = signal.sosfiltfilt(sections, padded, axis=1, padtype=None)[:, pad:-pad]
        return filtered + level if self.low_hz is None else filtered
