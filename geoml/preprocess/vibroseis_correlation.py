"""Vibroseis correlation step: a long sweep pressed into a short wavelet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from geoml.errors import OptionError, ShapeError
from geoml.physics.wavelet_file import read_wavelet
from geoml.preprocess.step import Step, finite_samples, sample_interval_s, with_samples

Floats = NDArray[np.float64]

_NAME = "vibroseis_correlation"


@dataclass(frozen=True)
class LinearSweep:
    """A sine whose frequency changes at a constant rate, upwards or downwards.

    Attributes:
        start_hz: First frequency [Hz].
        end_hz: Last frequency [Hz].
        length_s: Length [s].
        taper_s: Length of the cosine rise and fall at its ends [s].
    """

    start_hz: float
    end_hz: float
    length_s: float
    taper_s: float = 0.25

    def __post_init__(self) -> None:
        numbers = (self.start_hz, self.end_hz, self.length_s)
        if not np.isfinite(numbers).all() or min(numbers) <= 0 or self.start_hz == self.end_hz:
            raise OptionError(
                f"A sweep from {self.start_hz:g} to {self.end_hz:g} Hz over {self.length_s:g} s: "
                "two different frequencies and a length above 0 are needed."
            )
        if not 0 <= 2 * self.taper_s <= self.length_s:
            raise OptionError(
                f"Tapers of {self.taper_s:g} s at both ends do not fit a sweep of "
                f"{self.length_s:g} s."
            )

    def samples(self, dt_s: float) -> Floats:
        """Amplitude at a sample interval, 1 between the tapers, shape (time,).

        Raises:
            OptionError: If the sweep reaches the Nyquist frequency.
        """
        highest, nyquist = max(self.start_hz, self.end_hz), 0.5 / dt_s
        if highest >= nyquist:
            raise OptionError(
                f"The sweep reaches {highest:g} Hz, not under the Nyquist frequency of "
                f"{nyquist:g} Hz."
            )
        time_s = dt_s * np.arange(round(self.length_s / dt_s) + 1)
        rate = (self.end_hz - self.start_hz) / self.length_s
        wave = np.sin(2 * np.pi * (self.start_hz + 0.5 * rate * time_s) * time_s)
        from_end = np.minimum(time_s, time_s[-1] - time_s)
        share = np.clip(from_end / self.taper_s, 0, 1) if self.taper_s else np.ones(time_s.size)
        return np.asarray(wave * (0.5 - 0.5 * np.cos(np.pi * share)))


@dataclass(frozen=True)
class VibroseisCorrelation(Step):
    """Correlate each trace with the sweep that was sent into the ground.

    The recording becomes shorter by the sweep: only lags at which all of it was recorded stay.
    The correlation is divided by the sweep's energy, so that a reflection of strength 1 gets a
    Klauder wavelet of amplitude 1 at its time.

    Attributes:
        sweep: ``{start_hz, end_hz, length_s, taper_s}`` of a linear sweep, or the name of a CSV
            file with the columns time_s, amplitude at the survey's sample interval.

    References:
        Klauder, Price, Darlington & Albersheim (1960), Bell System Technical Journal 39(4),
        745-808; Crawford, Doty & Lee (1960), Geophysics 25(1), 95-105.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"sweep": {"start_hz": 10.0, "end_hz": 60.0, "length_s": 0.4, "taper_s": 0.05}},
        {"sweep": {"start_hz": 60.0, "end_hz": 10.0, "length_s": 0.4, "taper_s": 0.05}},
    )

    sweep: LinearSweep | str

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The correlated gathers, from the same first time on.

        Raises:
            FileFormatError: If the sweep's file is no table of a wavelet.
            OptionError: If the sweep does not fit the sample interval, or a sample is NaN.
            ShapeError: If the recording is shorter than the sweep.
        """
        samples = finite_samples(gathers, _NAME)
        sweep = self._sweep(sample_interval_s(gathers))
        n_out = samples.shape[1] - sweep.size + 1
        if n_out < 2:
            raise ShapeError(
                f"The recording has {samples.shape[1]} samples, the sweep {sweep.size}: it is "
                "correlated already, or the sweep is not that of this survey."
            )
        unit = (sweep / (sweep**2).sum())[::-1].astype(np.float32)
        correlated = oaconvolve(samples, unit[None], mode="valid", axes=1)
        # Rounding of the transform must not bring a dead trace to life.
        live = np.asarray(samples.any(axis=1))
        correlated = np.where(live[:, None], correlated, np.float32(0))
        return with_samples(gathers, correlated, gathers["time"].values[:n_out])

    def _sweep(self, dt_s: float) -> Floats:
        if isinstance(self.sweep, LinearSweep):
            return self.sweep.samples(dt_s)
        path = Path(self.sweep)
        times, samples = read_wavelet(path)
        interval_s = float(times[-1] - times[0]) / (times.size - 1)
        if abs(interval_s / dt_s - 1) > 1e-3:
            raise OptionError(
                f"{path.name} is sampled every {1e3 * interval_s:g} ms, the survey every "
                f"{1e3 * dt_s:g} ms; write it at the survey's interval."
            )
        if not samples.any():
            raise OptionError(f"{path.name} is silent; a sweep is needed.")
        return samples
