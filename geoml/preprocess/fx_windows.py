"""f-x spectra of a gather in overlapping time windows, and the way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from geoml.errors import OptionError
from geoml.preprocess.overlapping_windows import overlapping_windows

Spectra = NDArray[np.complex128]


class FxWindows:
    """Time windows under Hann weights, half of a weight before and half after the transform.

    No event is then cut at the edge of a window. Half a window of zeros is put around the traces,
    so that every sample is as well inside windows as any other.

    Attributes:
        frequency_hz: Frequencies [Hz], shape (frequency,).
    """

    def __init__(self, n_time: int, dt_s: float, window_s: float, overlap: float, step: str):
        """Place the windows.

        Args:
            n_time: Samples a trace.
            dt_s: Sample interval [s].
            window_s: Length of a window [s].
            overlap: Share of a window that the next one covers too, at least.
            step: Name of the step, for the message.

        Raises:
            OptionError: If a window is under four samples.
        """
        width = round(window_s / dt_s)
        if width < 4:
            raise OptionError(
                f"'{step}' window_s of {window_s:g} s is under four samples of {dt_s:g} s."
            )
        self._n_time, self._pad = n_time, width // 2
        self._windows = overlapping_windows(n_time + 2 * self._pad, width, overlap)
        self._taper = np.sqrt(self._windows.weight)
        self.frequency_hz = fft.rfftfreq(self._windows.width, dt_s)

    def spectra(self, samples: NDArray[np.float64]) -> Spectra:
        """Spectra of traces, shape (window, frequency, trace)."""
        padded = np.pad(samples, ((0, 0), (self._pad, self._pad)))
        spectra = fft.rfft(padded[:, self._windows.index] * self._taper, axis=2)
        return np.ascontiguousarray(spectra.transpose(1, 2, 0))

    def samples(self, spectra: Spectra) -> NDArray[np.float64]:
        """Traces of spectra, shape (trace, time)."""
        width, starts = self._windows.width, self._windows.starts
        pieces = fft.irfft(spectra.transpose(2, 0, 1), width, axis=2) * self._taper
        out = np.zeros((spectra.shape[2], self._n_time + 2 * self._pad))
        for place, start in enumerate(starts):
            out[:, start : start + width] += pieces[:, place]
        return out[:, self._pad : self._pad + self._n_time]
