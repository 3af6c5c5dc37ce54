"""Notch step: one frequency and its harmonics out, such as the hum of a power line."""

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
class Notch(Step):
    """Take a narrow band around one frequency out, without shifting an event.

    A second-order notch (``scipy.signal.iirnotch``) runs forward and backward, so the phase is
    zero and the response the square of one pass: nothing at the frequency, 0.5 (-6 dB) half a
    width to either side. Signal of that band is lost too, so the width is best kept small; an
    event rings in the notch for about 1 / width.

    Attributes:
        frequency_hz: Frequency to take out [Hz], such as 50 or 60.
        width_hz: Width between the two -6 dB points [Hz]; the same at every harmonic.
        n_harmonics: How many multiples of the frequency to take out, the first one included.
    """

    shapes_wavelet = True
    examples: ClassVar = (
        {"frequency_hz": 50.0},
        {"frequency_hz": 30.0},
        {"frequency_hz": 50.0, "width_hz": 4.0},
        {"frequency_hz": 50.0, "n_harmonics": 2},
    )

    frequency_hz: float
    width_hz: float = 2.0
    n_harmonics: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.frequency_hz < np.inf:
            raise OptionError(
                f"'notch' frequency_hz is {self.frequency_hz:g} Hz; it must be above 0."
            )
        if not 0 < self.width_hz < self.frequency_hz:
            raise OptionError(
                f"'notch' width_hz is {self.width_hz:g} Hz; it must be above 0 and under the "
                f"frequency of {self.frequency_hz:g} Hz."
            )
        if self.n_harmonics < 1:
            raise OptionError(f"'notch' n_harmonics is {self.n_harmonics}; it must be 1 or more.")

    def __call__(self, gathers: xr.DataArray) -> xr.DataArray:
        """The gathers without the frequency.

        Raises:
            OptionError: If a harmonic is not under the Nyquist frequency, or a sample is NaN.
        """
        dt_s = sample_interval_s(gathers)
        highest_hz = self.n_harmonics * self.frequency_hz
        if highest_hz >= 0.5 / dt_s:
            raise OptionError(
                f"'notch' at {highest_hz:g} Hz is not under the Nyquist frequency of "
                f"{0.5 / dt_s:g} Hz at {dt_s * 1e3:g} ms; lower n_harmonics or frequency_hz."
            )
        notched = finite_samples(gathers, "notch").astype(np.float64)
        for harmonic in range(1, self.n_harmonics + 1):
            notched = _notched(notched, harmonic * self.frequency_hz, self.width_hz, dt_s)
        return with_samples(gathers, notched)


def _notched(
    samples: NDArray[np.float64], frequency_hz: float, width_hz: float, dt_s: float
) -> NDArray[np.float64]:
    """One frequency taken out of every row, shape (trace, time)."""
    numerator, denominator = signal.iirnotch(frequency_hz, frequency_hz / width_hz, 1 / dt_s)
    # A hum that begins at the first sample is an event to the filter, and stays for 1 / width.
    # Beyond both ends the trace is taken to go on with the hum that its last 1 / width holds:
    # on a pure hum that leaves nothing at the ends, where zeros leave 30 % and SciPy's odd
    # extension 40 %.
    pad = int(np.ceil(3 / (width_hz * dt_s)))
    n_edge = min(samples.shape[1], int(np.ceil(1 / (width_hz * dt_s))))
    extension = _hum_matrix(frequency_hz * dt_s, n_edge, pad)
    # einsum and not @: a matrix product may round otherwise when a block holds fewer traces.
    after = np.einsum("ij,kj->ik", samples[:, -n_edge:], extension)
    before = np.einsum("ij,kj->ik", samples[:, n_edge - 1 :: -1], extension)[:, ::-1]
    padded = np.concatenate([before, samples, after], axis=1)
    return signal.filtfilt(numerator, denominator, padded, axis=1, padtype=None)[:, pad:-pad]


def _hum_matrix(cycles_per_sample: float, n_edge: int, n_after: int) -> NDArray[np.float64]:
    """Matrix that carries on the sinusoid fitted to the end of a trace, shape (after, edge)."""
    phase = 2 * np.pi * cycles_per_sample * np.arange(n_edge + n_after)
    wave = np.stack([np.cos(phase), np.sin(phase)], axis=1)
    return wave[n_edge:] @ np.linalg.pinv(wave[:n_edge])
