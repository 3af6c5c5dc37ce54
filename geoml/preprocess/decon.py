"""Deconvolution step: spiking and predictive, by Wiener-Levinson filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import fft, linalg

from geoml.errors import OptionError
from geoml.preprocess.step import (
    Step,
    finite_samples,
    sample_interval_s,
    sample_times_s,
    with_samples,
)

_LEAST_PREWHITENING = 1e-8  # with less, rounding makes filters of a smooth trace infinite
_SILENT = 1e-30  # energy of a design window, relative to its trace, that holds nothing


@dataclass(frozen=True)
class Decon(Step):
    """Subtract from each trace what its own past predicts.

    A filter of ``operator_s`` predicts a sample from those at least a gap earlier; what is left
    is the reflectivity, as far as the wavelet is minimum phase and the reflectivity white. A gap
    of one sample is spiking deconvolution: it makes the spectrum white, so that a bandpass
    belongs behind it. A longer gap keeps the first ``gap_s`` of the wavelet and takes out
    reverberations of a period between the gap and gap plus operator.

    Each trace gets its own filter, from the autocorrelation over the design window. A trace that
    is silent there stays as it is.

    Attributes:
        operator_s: Length of the prediction filter [s], at least one sample.
        gap_s: Prediction distance [s], at least one sample; none for spiking deconvolution.
        prewhitening: White noise added to the autocorrelation, as a fraction of its zero lag,
            1e-8 to 1. It keeps the filter from raising noise outside the signal's band.
        window_s: Start and end of the design window [s]; none for the whole trace. Best a
            window without first arrivals, ground roll and the noise after the last reflection.

    References:
        Robinson and Treitel (1967), Geophysical Prospecting 15(3), 311-333.
        Peacock and Treitel (1969), Geophysics 34(2), 155-169.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"operator_s": 0.12},
        {"operator_s": 0.2},
        {"operator_s": 0.12, "gap_s": 0.03},
        {"operator_s": 0.12, "prewhitening": 0.01},
        {"operator_s": 0.12, "window_s": (0.2, 1.0)},
    )

    operator_s: float
    gap_s: float | None = None
    prewhitening: float = 0.001
    window_s: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.operator_s < np.inf:
            raise OptionError(f"'decon' operator_s is {self.operator_s:g} s; it must be above 0.")
        if self.gap_s is not None and not 0 < self.gap_s < np.inf:
            raise OptionError(
                f"'decon' gap_s is {self.gap_s:g} s; it must be above 0, or left out for spiking "
                "deconvolution."
            )
        if not _LEAST_PREWHITENING <= self.prewhitening <= 1:
            raise OptionError(
                f"'decon' prewhitening is {self.prewhitening:g}; it must be "
                f"{_LEAST_PREWHITENING:g} to 1."
            )
        if self.window_s is not None and not self.window_s[0] < self.window_s[1]:
            raise OptionError(
                f"'decon' window_s starts at {self.window_s[0]:g} s and ends at "
                f"{self.window_s[1]:g} s; the start must come first."
            )

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The deconvolved gathers.

        Raises:
            OptionError: If the operator is under a sample, does not fit the design window, or a
                sample is NaN.
        """
        dt_s = sample_interval_s(gathers)
        samples = finite_samples(gathers, "decon").astype(np.float64)
        n_filter, gap = round(self.operator_s / dt_s), 1
        if self.gap_s is not None:
            gap = round(self.gap_s / dt_s)
        if min(n_filter, gap) < 1:
            raise OptionError(
                f"'decon' operator_s {self.operator_s:g} s and gap_s "
                f"{self.gap_s or dt_s:g} s must each be at least one sample of {dt_s:g} s."
            )
        design = self._design_window(samples, sample_times_s(gathers), dt_s)
        if n_filter + gap > design.shape[1]:
            raise OptionError(
                f"'decon' operator and gap of {(n_filter + gap) * dt_s:g} s are longer than the "
                f"design window of {design.shape[1] * dt_s:g} s; shorten them or widen window_s."
            )
        correlation = _autocorrelation(design, n_filter + gap)
        energy = np.sum(samples**2, axis=1)
        filters = np.zeros((len(samples), gap + n_filter))
        for row in np.flatnonzero(correlation[:, 0] > _SILENT * energy):
            lags = correlation[row] / correlation[row, 0]
            column = lags[:n_filter].copy()
            column[0] += self.prewhitening
            filters[row, gap:] = linalg.solve_toeplitz(column, lags[gap:])
        return with_samples(gathers, samples - _convolved(samples, filters))

    def _design_window(
        self, samples: NDArray[np.float64], time_s: NDArray[np.float64], dt_s: float
    ) -> NDArray[np.float64]:
        if self.window_s is None:
            return samples
        inside = (time_s > self.window_s[0] - dt_s / 2) & (time_s < self.window_s[1] + dt_s / 2)
        return samples[:, inside]


def _autocorrelation(samples: NDArray[np.float64], n_lags: int) -> NDArray[np.float64]:
    """Autocorrelation of each row from lag 0 on, shape (trace, lag)."""
    n_fft = fft.next_fast_len(samples.shape[1] + n_lags, real=True)
    spectrum = fft.rfft(samples, n_fft, axis=1)
    return fft.irfft(np.abs(spectrum) ** 2, n_fft, axis=1)[:, :n_lags]


def _convolved(samples: NDArray[np.float64], filters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row convolved with its causal filter, cut to the trace, shape (trace, time)."""
    n_time = samples.shape[1]
    n_fft = fft.next_fast_len(n_time + filters.shape[1], real=True)
    spectrum = fft.rfft(samples, n_fft, axis=1) * fft.rfft(filters, n_fft, axis=1)
    return fft.irfft(spectrum, n_fft, axis=1)[:, :n_time]
