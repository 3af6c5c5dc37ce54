"""Spectral matching step: every trace is given the same amplitude spectrum, phase kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import fft, ndimage

from geoml.errors import OptionError
from geoml.preprocess.step import (
    Step,
    finite_samples,
    gather_labels,
    live_traces,
    sample_interval_s,
    with_samples,
)
from geoml.survey.gathers import GatherKind, check_kind

Spectrum = NDArray[np.float64]


@dataclass(frozen=True)
class SpectralMatch(Step):
    """Filter each trace, zero phase, so that its smoothed amplitude spectrum is a target's.

    The target is a table, or the mean over the live traces of the gather, each at the same
    energy, within a band. The filter acts on the target's band alone: a table ends where it
    ends, and a frequency outside the band is taken out, over a ramp of ``smoothing_hz``. Only the
    shape of the spectrum changes: the RMS of every trace is kept.

    Attributes:
        frequency_hz: Frequencies of the table [Hz], rising; none to match the gather's mean.
        amplitude: Amplitudes of the table [any unit], one a frequency. Equal values over a band
            make the spectrum white there.
        band_hz: Lowest and highest frequency of the gather's mean that is matched [Hz]; given
            where there is no table.
        smoothing_hz: Width of the average over frequency that is taken to be the spectrum [Hz]:
            wide enough to even out the notches that reflectivity makes, narrower than what is
            to be changed.
        max_gain_db: Most by which a frequency is raised above the mean gain over the band [dB].
        gather: Which gathers the mean is taken over: shot, receiver, cdp or offset.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"frequency_hz": (5.0, 15.0, 45.0, 60.0), "amplitude": (0.0, 1.0, 1.0, 0.0)},
        {"frequency_hz": (5.0, 20.0, 45.0, 60.0), "amplitude": (0.0, 1.0, 1.0, 0.0)},
        {"frequency_hz": (5.0, 15.0, 45.0, 60.0), "amplitude": (0.0, 1.0, 0.5, 0.0)},
        {"band_hz": (8.0, 40.0)},
        {"band_hz": (8.0, 60.0)},
        {"band_hz": (8.0, 40.0), "smoothing_hz": 8.0},
        {"band_hz": (8.0, 40.0), "gather": "offset"},
        {"band_hz": (8.0, 40.0), "max_gain_db": 3.0},
    )

    frequency_hz: tuple[float, ...] = ()
    amplitude: tuple[float, ...] = ()
    band_hz: tuple[float, float] | None = None
    smoothing_hz: float = 4.0
    max_gain_db: float = 20.0
    gather: GatherKind = "shot"

    def __post_init__(self) -> None:
        check_kind(self.gather)
        if bool(self.frequency_hz) == (self.band_hz is not None):
            raise OptionError(
                "'spectral_match' needs a table of frequency_hz and amplitude, or band_hz, and "
                "not both."
            )
        if len(self.frequency_hz) != len(self.amplitude) or len(self.frequency_hz) == 1:
            raise OptionError(
                f"'spectral_match' has {len(self.frequency_hz)} frequencies and "
                f"{len(self.amplitude)} amplitudes; give as many of one as of the other, 2 or "
                "more."
            )
        corners = np.array(self.band_hz or self.frequency_hz)
        if not np.isfinite(corners).all() or corners[0] < 0 or (np.diff(corners) <= 0).any():
            raise OptionError("'spectral_match' frequencies must rise from 0 Hz or more.")
        weights = np.array(self.amplitude)
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise OptionError("'spectral_match' amplitudes must be 0 or more.")
        if weights.size and not weights.any():
            raise OptionError("'spectral_match' amplitudes are all 0; no trace would be left.")
        if not 0 < self.smoothing_hz < np.inf or not 0 <= self.max_gain_db < np.inf:
            raise OptionError(
                f"'spectral_match' smoothing_hz {self.smoothing_hz:g} must be above 0 and "
                f"max_gain_db {self.max_gain_db:g} at least 0."
            )

    @property
    def needs_whole_gathers(self) -> bool:
        """Whether the mean of the gather is the target."""
        return self.band_hz is not None

    @property
    def gathered_by(self) -> GatherKind:
        """The gathers that the mean is taken over."""
        return self.gather

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers with matched spectra.

        Raises:
            OptionError: If the band does not start under the Nyquist frequency, or a sample is
                NaN.
        """
        dt_s = sample_interval_s(gathers)
        low_hz = (self.band_hz or self.frequency_hz)[0]
        if low_hz >= 0.5 / dt_s:
            raise OptionError(
                f"'spectral_match' starts at {low_hz:g} Hz, which is not under the Nyquist "
                f"frequency of {0.5 / dt_s:g} Hz at {dt_s * 1e3:g} ms."
            )
        samples = finite_samples(gathers, "spectral_match").astype(np.float64)
        n_time = samples.shape[1]
        # The filter is as long as the inverse of its finest detail, the smoothing width.
        n_fft = fft.next_fast_len(n_time + int(2 / (self.smoothing_hz * dt_s)), real=True)
        spectrum = fft.rfft(samples, n_fft, axis=1)
        frequency_hz = fft.rfftfreq(n_fft, dt_s)
        smooth = self._smoothed(np.abs(spectrum), frequency_hz)
        target = self._target(gathers, smooth, frequency_hz)
        matched = fft.irfft(spectrum * self._gain(smooth, target), n_fft, axis=1)[:, :n_time]
        return with_samples(gathers, matched * _rms_ratio(samples, matched))

    def _smoothed(self, amplitude: Spectrum, frequency_hz: Spectrum) -> Spectrum:
        """Spectra averaged over ``smoothing_hz``, shape (trace, frequency)."""
        width = max(1, round(self.smoothing_hz / frequency_hz[1]))
        power = amplitude**2
        # Two passes of a box: one leaves corners in the spectrum, and they ring in time.
        for _ in range(2):
            power = ndimage.uniform_filter1d(power, width, axis=1, mode="mirror")
        return np.sqrt(np.maximum(power, 0))

    def _target(self, gathers: xr.DataArray, smooth: Spectrum, frequency_hz: Spectrum) -> Spectrum:
        """Wanted amplitude up to a factor, shape (trace or 1, frequency)."""
        if self.band_hz is None:
            table = np.interp(frequency_hz, self.frequency_hz, self.amplitude)
            low_hz, high_hz = self.frequency_hz[0], self.frequency_hz[-1]
            return (table * self._inside(frequency_hz, low_hz, high_hz))[None]
        inside = self._inside(frequency_hz, *self.band_hz)
        energy = np.sqrt(np.sum(smooth**2, axis=1, keepdims=True))
        shape = smooth / np.where(energy > 0, energy, 1)
        use = live_traces(gathers) & (energy[:, 0] > 0)
        labels = gather_labels(gathers, self.gather)
        target = np.zeros_like(smooth)
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            if use[rows].any():
                target[rows] = shape[rows[use[rows]]].mean(axis=0) * inside
        return target

    def _inside(self, frequency_hz: Spectrum, low_hz: float, high_hz: float) -> Spectrum:
        """1 in the band, falling to 0 over ``smoothing_hz`` outside it, shape (frequency,)."""
        outside_hz = np.maximum(np.maximum(low_hz - frequency_hz, frequency_hz - high_hz), 0)
        return 0.5 + 0.5 * np.cos(np.pi * np.minimum(outside_hz / self.smoothing_hz, 1))

    def _gain(self, smooth: Spectrum, target: Spectrum) -> Spectrum:
        """Factor at each frequency, shape (trace, frequency)."""
        gain = np.divide(target, smooth, out=np.zeros_like(smooth), where=smooth > 0)
        # The gain that leaves the energy over the band as it is: the level to count decibels from.
        strength = np.sum((gain * smooth) ** 2, axis=1, keepdims=True)
        power = np.sum(np.where(target > 0, smooth, 0) ** 2, axis=1, keepdims=True)
        level = np.sqrt(np.divide(strength, power, out=np.zeros_like(power), where=power > 0))
        return np.minimum(gain, level * 10 ** (self.max_gain_db / 20))


def _rms_ratio(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """RMS before over RMS after, 0 where nothing is left, shape (trace, 1)."""
    had, has = (np.sum(x**2, axis=1, keepdims=True) for x in (before, after))
    return np.sqrt(np.divide(had, has, out=np.zeros_like(had), where=has > 0))
