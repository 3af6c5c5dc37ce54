"""Bandpass step: zero-phase Butterworth or Ormsby filter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import fft, signal

from geoml.errors import OptionError
from geoml.preprocess.step import Step, finite_samples, sample_interval_s, with_samples

_MEDIAN_OF = 150


@dataclass(frozen=True)
class Bandpass(Step):
    """Keep a band of frequencies, without shifting an event.

    By ``low_hz`` and ``high_hz`` it is a Butterworth filter run forward and backward: its phase is
    zero, its amplitude response the square of one pass, so 0.5 (-6 dB) at both corners.
    By ``corners_hz`` it is an Ormsby filter: a trapezoid over frequency, applied to the spectrum.

    Attributes:
        low_hz: Lower corner [Hz], > 0; none for a low-pass.
        high_hz: Upper corner [Hz], under the Nyquist frequency; none for a high-pass.
        order: Order of one Butterworth pass, 1 to 10; the slope of the result is 12 dB/octave an
            order.
        corners_hz: Four rising frequencies of an Ormsby filter [Hz]: nothing up to the first and
            from the fourth on, everything between the second and the third, straight lines
            between. A narrow slope rings for a few times its inverse.

    References:
        Ormsby (1961), Journal of the ACM 8(3), 440-466.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"low_hz": 8, "high_hz": 40},
        {"low_hz": 15, "high_hz": 40},
        {"low_hz": 8, "high_hz": 30},
        {"low_hz": 8, "high_hz": 40, "order": 2},
        {"high_hz": 40},
        {"low_hz": 8},
        {"corners_hz": (4, 8, 40, 60)},
        {"corners_hz": (4, 8, 30, 40)},
    )

    low_hz: float | None = None
    high_hz: float | None = None
    order: int = 4
    corners_hz: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.corners_hz is not None:
            self._check_corners(self.corners_hz)
        elif self.low_hz is None and self.high_hz is None:
            raise OptionError(
                "'bandpass' has no corner; give low_hz, high_hz or both, or four corners_hz."
            )
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

    def _check_corners(self, corners_hz: tuple[float, ...]) -> None:
        if self.low_hz is not None or self.high_hz is not None:
            raise OptionError(
                "'bandpass' has corners_hz (Ormsby) and low_hz or high_hz (Butterworth); keep one "
                "of them."
            )
        first, second, third, fourth = corners_hz
        if not 0 <= first < second <= third < fourth < np.inf:
            raise OptionError(
                f"'bandpass' corners_hz {first:g}, {second:g}, {third:g}, {fourth:g} do not rise "
                "from 0 Hz or more; only the middle two may be equal."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The filtered gathers.

        Raises:
            OptionError: If a corner is not under the Nyquist frequency, or a sample is NaN.
        """
        dt_s = sample_interval_s(gathers)
        butterworth = [corner for corner in (self.low_hz, self.high_hz) if corner is not None]
        corners = list(self.corners_hz or butterworth)
        nyquist_hz = 0.5 / dt_s
        if corners[-1] >= nyquist_hz:
            raise OptionError(
                f"'bandpass' corner {corners[-1]:g} Hz is not under the Nyquist frequency of "
                f"{nyquist_hz:g} Hz at {dt_s * 1e3:g} ms; lower it or leave high_hz out."
            )
        samples = finite_samples(gathers, "bandpass")
        if self.corners_hz is not None:
            return with_samples(gathers, _trapezoid_filtered(samples, corners, dt_s))
        return with_samples(gathers, self._filtered(samples, corners, dt_s))

    def _filtered(
        self, samples: NDArray[np.float32], corners: list[float], dt_s: float
    ) -> NDArray[np.float64]:
        kind = "bandpass" if len(corners) == 2 else "lowpass" if self.low_hz is None else "highpass"
        ringing_hz = min(corners[0], corners[-1] - corners[0] or corners[0])
        # The tails of both ends may overlap in the padding, as long as neither crosses it.
        pad = int(3 / (ringing_hz * dt_s)) + 3 * self.order
        n_fft = fft.next_fast_len(samples.shape[1] + pad, real=True)
        return _spectrum_filtered(
            samples, _two_passes(self.order, kind, *corners, dt_s, n_fft), n_fft
        )


@lru_cache(maxsize=32)
def _two_passes(order: int, kind: str, *numbers: float) -> NDArray[np.float64]:
    """Gain of a Butterworth filter run forward and backward, at the frequencies of an FFT.

    Args:
        order: Order of one pass.
        kind: As SciPy names it.
        *numbers: One or two corners [Hz], the sample interval [s], the length of the FFT.
    """
    *corners, dt_s, n_fft = numbers
    band = corners if len(corners) == 2 else corners[0]
    sections = signal.butter(order, band, kind, fs=1 / dt_s, output="sos")
    frequency_hz = fft.rfftfreq(int(n_fft), dt_s)
    _, response = signal.sosfreqz(sections, frequency_hz, fs=1 / dt_s)
    return np.abs(response) ** 2


def _trapezoid_filtered(
    samples: NDArray[np.float32], corners_hz: list[float], dt_s: float
) -> NDArray[np.float64]:
    """Each row with its spectrum multiplied by a trapezoid, shape (trace, time)."""
    narrowest_hz = min(corners_hz[1] - corners_hz[0], corners_hz[3] - corners_hz[2])
    pad = int(np.ceil(3 / (narrowest_hz * dt_s)))
    n_fft = fft.next_fast_len(samples.shape[1] + pad, real=True)
    gain = np.interp(fft.rfftfreq(n_fft, dt_s), corners_hz, [0, 1, 1, 0])
    return _spectrum_filtered(samples, gain, n_fft)


def _spectrum_filtered(
    samples: NDArray[np.float32], gain: NDArray[np.float64], n_fft: int
) -> NDArray[np.float64]:
    """Each row with its spectrum multiplied by a gain, shape (trace, time).

    In float64, so that nothing strong leaves a trace of rounding on what is weak.

    Args:
        samples: Shape (trace, time).
        gain: At the frequencies of the FFT, shape (frequency,).
        n_fft: Length of the FFT; between the end of a trace and its start the filter rings out.
    """
    n_time = samples.shape[1]
    # Beyond its ends the trace is taken to stay at its median, which is 0 or the offset of a
    # recorder (a mean is neither, and would make a step at the ends). On two field lines cut
    # short, that brings back the samples near the cut three times better than SciPy's odd
    # extension, which turns a late reflection into an offset as long as the padding. A few
    # hundred samples tell the median of thousands.
    few = samples[:, :: max(1, n_time // _MEDIAN_OF)]
    level = np.median(few, axis=1, keepdims=True).astype(np.float64)
    spectrum = fft.rfft(samples - level, n_fft, axis=1)
    spectrum *= gain
    filtered = fft.irfft(spectrum, n_fft, axis=1, overwrite_x=True)[:, :n_time]
    if gain[0]:
        filtered += gain[0] * level
    return filtered
