"""Line-source step: what a point source recorded, as 2-D modelling has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, get_args

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import fft

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.step import (
    Step,
    finite_samples,
    offset_m,
    sample_interval_s,
    sample_times_s,
    with_samples,
)

Floats = NDArray[np.float64]
Spreading = Literal["time", "offset", "direct", "none"]

_PERIODS = 64  # of the filter's tail, in lengths of a trace
_ZETA_OF_HALF = 1.4603545  # of Riemann's zeta function, without its sign


@dataclass(frozen=True)
class To2d(Step):
    """Turn 3-D point-source data into the 2-D line-source data that FWI in 2-D models.

    Field waves spread over spheres, 2-D waves over circles and leave a tail. Far from the source a
    2-D trace is the half integral of the 3-D trace, (2 pi i f)^(-1/2) in frequency: 45 degrees
    later, and less high frequency; times sqrt(2 pi L v) for a path of length L at velocity v. The
    half derivative goes the other way. ``estimate_wavelet`` takes data with and without this step:
    from converted data it gives the pulse that the point source sent out, from others the half
    derivative of it, and 2-D modelling with that source looks like the data. Steps are replayed
    on simulated gathers without this one, as those are 2-D. The error is about a seventh of the
    wavelet's period over the travel time. Use it before any gain.

    Attributes:
        spreading: What stands for the path. ``time``: L = v t, so sqrt(2 pi v^2 t), for
            reflections and other waves of that velocity. ``offset``: sqrt(2 pi |offset| v), one
            factor a trace. ``direct``: |offset| sqrt(2 pi / t), for direct and diving waves,
            whatever their velocity. ``none``: the half integral alone.
        velocity_m_s: Velocity v [m/s]; needed for ``time`` and ``offset``.
        inverse: From 2-D to 3-D: the half derivative, divided by the factor.

    References:
        Bleistein (1986), Geophysical Prospecting 34(5), 686-703; Forbriger, Groos & Schafer
        (2014), Geophysical Journal International 198(3), 1465-1479.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"velocity_m_s": 2000.0},
        {"velocity_m_s": 3000.0},
        {"velocity_m_s": 2000.0, "spreading": "offset"},
        {"spreading": "direct"},
        {"spreading": "none"},
        {"spreading": "none", "inverse": True},
    )

    velocity_m_s: float | None = None
    spreading: Spreading = "time"
    inverse: bool = False

    def __post_init__(self) -> None:
        if self.spreading not in get_args(Spreading):
            known = ", ".join(get_args(Spreading))
            raise OptionError(
                f"'to_2d' spreading is '{self.spreading}'; it must be one of {known}."
            )
        needed = self.spreading in ("time", "offset")
        if needed != (self.velocity_m_s is not None):
            raise OptionError(
                f"'to_2d' with spreading '{self.spreading}' "
                + ("needs velocity_m_s." if needed else "has no velocity_m_s; leave it out.")
            )
        if self.velocity_m_s is not None and not 0 < self.velocity_m_s < np.inf:
            raise OptionError(
                f"'to_2d' velocity_m_s is {self.velocity_m_s:g} m/s; it must be above 0."
            )

    def check(self, survey: xr.Dataset) -> None:
        """Refuse a survey without offsets where they are the path.

        Raises:
            GeometryError: If every offset of the survey is 0.
        """
        if self.spreading not in ("offset", "direct"):
            return
        gathers = survey["amplitude"].assign_coords(
            {name: survey[name] for name in survey.data_vars if survey[name].dims == ("trace",)}
        )
        if not offset_m(gathers, "to_2d").any():
            raise GeometryError(
                f"'to_2d' with spreading '{self.spreading}' needs offsets, and every offset of the "
                "survey is 0; give the survey a geometry, or use spreading 'time'."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The converted gathers; samples at and before time 0 become 0 where time is a factor.

        Raises:
            GeometryError: If the traces have no offset and need one.
            OptionError: If a sample is NaN.
        """
        samples = finite_samples(gathers, "to_2d").astype(np.float64)
        dt_s = sample_interval_s(gathers)
        factor = self._factor(gathers)
        if not self.inverse:
            return with_samples(gathers, _powered(samples, dt_s, -0.5) * factor)
        undone = np.divide(samples, factor, out=np.zeros_like(samples), where=factor > 0)
        return with_samples(gathers, _powered(undone, dt_s, 0.5))

    def _factor(self, gathers: xr.DataArray) -> Floats:
        """Amplitude ratio of 2-D and 3-D waves but for the half integral, (1 or trace, time)."""
        time_s = np.clip(sample_times_s(gathers), 0, None)[None, :]
        if self.spreading == "none":
            return np.ones_like(time_s)
        if self.spreading == "time":
            assert self.velocity_m_s is not None
            return self.velocity_m_s * np.sqrt(2 * np.pi * time_s)
        distance_m = offset_m(gathers, "to_2d")[:, None]
        if self.spreading == "offset":
            assert self.velocity_m_s is not None
            return np.sqrt(2 * np.pi * distance_m * self.velocity_m_s) * np.ones_like(time_s)
        slow = np.divide(1, time_s, out=np.zeros_like(time_s), where=time_s > 0)
        return distance_m * np.sqrt(2 * np.pi * slow)


def _powered(traces: Floats, dt_s: float, power: float) -> Floats:
    """Traces times (2 pi i f)^power in frequency, shape (trace, time); silence beyond the ends."""
    n_time = traces.shape[1]
    n_fft = fft.next_fast_len(2 * n_time - 1, real=True)
    spectra = fft.rfft(traces, n_fft) * _response(n_time, n_fft, dt_s, power)
    return fft.irfft(spectra, n_fft)[:, :n_time]


@lru_cache(maxsize=8)
def _response(n_time: int, n_fft: int, dt_s: float, power: float) -> NDArray[np.complex128]:
    """Spectrum of the filter cut to lags that fit between two samples, shape (frequency,).

    The half integral has a tail of 1 / sqrt(time), which would come round in the period of the
    traces: it is made in a long period and cut.
    """
    n_long = fft.next_fast_len(_PERIODS * n_time, real=True)
    frequency_hz = fft.rfftfreq(n_long, dt_s)
    long = np.zeros(frequency_hz.size, dtype=np.complex128)
    long[1:] = (2j * np.pi * frequency_hz[1:]) ** power
    if power < 0:
        # Infinite at 0 Hz. This value makes the tails of all earlier periods add up to 0.
        long[0] = _ZETA_OF_HALF * np.sqrt(n_long * dt_s / np.pi)
    weights = fft.irfft(long, n_long)
    cut = np.zeros(n_fft)
    cut[:n_time] = weights[:n_time]
    cut[n_fft - n_time + 1 :] = weights[n_long - n_time + 1 :]
    return fft.rfft(cut)
