"""What steps share that clean each frequency across traces, in overlapping windows."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.preprocess.fx_windows import FxWindows, Spectra
from geoml.preprocess.gather_step import GatherStep, Section
from geoml.preprocess.overlapping_windows import overlapping_windows


@dataclass(frozen=True)
class FxStep(GatherStep):
    """A step on the f-x spectra of windows in which events are nearly straight.

    Windows overlap in space and time and are blended by Hann weights: in time half of a weight
    before and half after, so that no event is cut at a window's edge. Dead traces are left out,
    their neighbours taken as next to each other.

    Attributes:
        window_traces: Traces a window: few enough that curved events are straight in it.
        window_s: Length of a window [s].
        overlap: Share of a window that the next one covers too, in space and time, 0.5 to 0.9.
        band_hz: Lowest and highest frequency kept [Hz]; what is outside counts as noise and is
            taken out. None for all frequencies.
    """

    window_traces: int = field(default=24, kw_only=True)
    window_s: float = field(default=0.5, kw_only=True)
    overlap: float = field(default=0.5, kw_only=True)
    band_hz: tuple[float, float] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window_traces < 3:
            raise OptionError(
                f"'{self.name}' window_traces is {self.window_traces}; it must be 3 or more."
            )
        if not 0 < self.window_s < np.inf:
            raise OptionError(f"'{self.name}' window_s is {self.window_s:g} s; it must be above 0.")
        if not 0.5 <= self.overlap <= 0.9:
            raise OptionError(f"'{self.name}' overlap is {self.overlap:g}; it must be 0.5 to 0.9.")
        if self.band_hz is not None and not 0 <= self.band_hz[0] < self.band_hz[1] < np.inf:
            raise OptionError(
                f"'{self.name}' band_hz {self.band_hz[0]:g} to {self.band_hz[1]:g} Hz must rise "
                "from 0 Hz or more."
            )

    @abstractmethod
    def cleaned(self, spectra: Spectra) -> Spectra:
        """Spectra with what is coherent across traces, shape (frequency, trace)."""

    def processed(self, section: Section) -> NDArray[np.floating]:
        """What is coherent in one gather, shape (trace, time).

        Raises:
            OptionError: If a window is under four samples, or no frequency is in the band.
        """
        out = section.samples.astype(np.float64)
        if section.live.sum() >= 3:
            out[section.live] = self._in_windows(out[section.live], section.dt_s)
        return out

    def _in_windows(self, samples: NDArray[np.float64], dt_s: float) -> NDArray[np.float64]:
        n_traces, n_time = samples.shape
        space = overlapping_windows(n_traces, self.window_traces, self.overlap)
        time = FxWindows(n_time, dt_s, self.window_s, self.overlap, self.name)
        band = self._band(time.frequency_hz)
        out = np.zeros_like(samples)
        for start, weight in zip(space.starts, space.weight, strict=True):
            part = slice(start, start + space.width)
            spectra = time.spectra(samples[part])
            rows = spectra[:, band]
            coherent = np.zeros_like(spectra)
            coherent[:, band] = self.cleaned(rows.reshape(-1, space.width)).reshape(rows.shape)
            out[part] += time.samples(coherent) * weight[:, None]
        return out

    def _band(self, frequency_hz: NDArray[np.float64]) -> NDArray[np.bool_]:
        """True for the frequencies that are kept, shape (frequency,)."""
        low_hz, high_hz = self.band_hz or (0.0, np.inf)
        band = (frequency_hz >= low_hz) & (frequency_hz <= high_hz)
        if not band.any():
            raise OptionError(
                f"'{self.name}' band_hz {low_hz:g} to {high_hz:g} Hz holds none of the "
                f"frequencies of a window of {self.window_s:g} s, 0 to {frequency_hz[-1]:g} Hz "
                f"in steps of {frequency_hz[1]:g} Hz."
            )
        return band
