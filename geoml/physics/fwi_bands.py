"""Frequency continuation: gathers and source of one band, and the grid that carries it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from geoml.physics.acoustic import AcquisitionLike
from geoml.physics.fwi_options import FwiOptions
from geoml.physics.grid import choose_grid

Floats = NDArray[np.float64]

_ORDER = 4
_STOP = 2.2
"""A Butterworth filter of order 4 is 27 dB down at this many times its corner."""
_SAMPLES_A_PERIOD = 3.0
_RING_S = 1.5
_QUIET = 1e-4


_ENERGY_SHARES = (0.03, 0.2, 0.65)
"""Share of the wavelet's energy below each corner: 6, 10 and 16 Hz for a Ricker of 15 Hz."""
_LEAST_RISE = 1.15


def default_bands(acquisition: AcquisitionLike) -> tuple[float, ...]:
    """Corners that split the band of an acquisition's wavelet [Hz], rising."""
    wavelet = np.asarray(acquisition.wavelet, dtype=np.float64)
    spectrum = np.abs(np.fft.rfft(wavelet, 8 * wavelet.size)) ** 2
    frequency_hz = np.fft.rfftfreq(8 * wavelet.size, acquisition.dt_s)
    below = np.cumsum(spectrum) / spectrum.sum()
    corners: list[float] = []
    for share in _ENERGY_SHARES:
        corner = round(float(frequency_hz[np.searchsorted(below, share)]), 1)
        if corner > 0 and (not corners or corner > _LEAST_RISE * corners[-1]):
            corners.append(corner)
    return tuple(corners)


def with_bands(options: FwiOptions, acquisition: AcquisitionLike) -> FwiOptions:
    """The options, their bands chosen from the wavelet where none are given."""
    if options.bands_hz is not None:
        return options
    return replace(options, bands_hz=default_bands(acquisition))


@dataclass(frozen=True, eq=False)
class Band:
    """One band of the continuation.

    A source that begins at time 0 is filtered itself, and a coarser grid carries it. One that
    begins earlier loses to the record's first sample what a filter would still need: then the
    modelled records are filtered instead, cut at time 0 like the observed ones.

    Attributes:
        corner_hz: Corner of the low-pass [Hz]; None leaves the full band.
        step: Samples of the data for one of the band.
        dt_s: Sample interval of the band [s].
        n_samples: Samples a trace.
        wavelet: Source of the band at ``dt_s``, shape (time,).
        wavelet_start_s: Time of its first sample [s].
        max_frequency_hz: Highest frequency with energy [Hz].
        simulation_spacing_m: Cell size of the modelling [m].
        gradient_steps: Time steps between the snapshots of a gradient.
        filters_records: Whether modelled records go through the low-pass.
    """

    corner_hz: float | None
    step: int
    dt_s: float
    n_samples: int
    wavelet: Floats
    wavelet_start_s: float
    max_frequency_hz: float
    simulation_spacing_m: float
    gradient_steps: int
    filters_records: bool


def low_pass(traces: NDArray[np.floating], corner_hz: float | None, dt_s: float) -> Floats:
    """Traces without what lies above a corner; causal, so that a record's end stays true.

    A filter that looks ahead would need samples behind the end of the record, which the modelled
    gathers have and the observed ones do not.

    Args:
        traces: Shape (..., time).
        corner_hz: 3 dB down there [Hz]; None or at least Nyquist leaves the traces alone.
        dt_s: Sample interval [s].
    """
    values = np.asarray(traces, dtype=np.float64)
    if corner_hz is None or corner_hz >= 0.5 / dt_s:
        return values
    sections = signal.butter(_ORDER, corner_hz, fs=1 / dt_s, output="sos")
    return np.asarray(signal.sosfilt(sections, values, axis=-1))


def choose_band(
    corner_hz: float | None,
    acquisition: AcquisitionLike,
    min_velocity_m_s: float,
    max_velocity_m_s: float,
    *,
    accuracy: int,
    simulation_spacing_m: float | None = None,
) -> Band:
    """The sampling, source and grid that carry one band of an acquisition.

    Args:
        corner_hz: Corner of the low-pass [Hz]; None for the full band.
        acquisition: Sampling and wavelet of the data.
        min_velocity_m_s: Slowest velocity to carry [m/s].
        max_velocity_m_s: Fastest velocity [m/s].
        accuracy: Order of the spatial stencil.
        simulation_spacing_m: Cell size [m]; None for the coarsest that carries the band.

    Raises:
        PhysicsError: If the sampling cannot carry the band.
    """
    highest = acquisition.max_frequency_hz
    early = corner_hz is not None and acquisition.wavelet_start_s < -1.5 * acquisition.dt_s
    if corner_hz is not None and not early:
        highest = min(highest, _STOP * corner_hz)
    step = max(1, int(1 / (_SAMPLES_A_PERIOD * highest * acquisition.dt_s)))
    dt_s = step * acquisition.dt_s
    grid = choose_grid(
        min_velocity_m_s, max_velocity_m_s, highest, acquisition.spacing_m, dt_s, accuracy
    )
    spacing_m = simulation_spacing_m or grid.spacing_m
    step_s = choose_grid(
        min_velocity_m_s,
        max_velocity_m_s,
        min(highest, 0.9 * min_velocity_m_s / spacing_m),
        spacing_m,
        dt_s,
        accuracy,
        cells_per_wavelength=1.0,
    ).step_s
    wavelet, start_s = _band_wavelet(acquisition, None if early else corner_hz)
    return Band(
        corner_hz=corner_hz,
        step=step,
        dt_s=dt_s,
        n_samples=int(np.ceil(acquisition.n_samples / step)),
        wavelet=wavelet[::step],
        wavelet_start_s=start_s,
        max_frequency_hz=highest,
        simulation_spacing_m=spacing_m,
        # The product of two fields reaches twice their frequency; the sum over time needs its
        # mean alone, which sampling at twice that of the fields leaves clean.
        gradient_steps=max(1, int(1 / (2.5 * highest * step_s))),
        filters_records=early,
    )


def _band_wavelet(acquisition: AcquisitionLike, corner_hz: float | None) -> tuple[Floats, float]:
    """The source behind the low-pass, followed until it has rung out, and its first time [s]."""
    wavelet = np.asarray(acquisition.wavelet, dtype=np.float64)
    if corner_hz is None:
        return wavelet, acquisition.wavelet_start_s
    ring = int(np.ceil(_RING_S / corner_hz * 4 / acquisition.dt_s))
    filtered = low_pass(np.pad(wavelet, (0, ring)), corner_hz, acquisition.dt_s)
    loud = np.flatnonzero(np.abs(filtered) > _QUIET * np.abs(filtered).max())
    return np.asarray(filtered[: int(loud[-1]) + 1], dtype=np.float64), acquisition.wavelet_start_s


def band_traces(traces: NDArray[np.floating], band: Band, dt_s: float) -> Floats:
    """Observed gathers of a band at its sampling, shape (..., time).

    Args:
        traces: At the data's interval, shape (..., time).
        band: The band.
        dt_s: Sample interval of ``traces`` [s].
    """
    if band.filters_records:
        return np.asarray(traces, dtype=np.float64)[..., :: band.step] @ record_filter(band)
    return low_pass(traces, band.corner_hz, dt_s)[..., :: band.step]


def record_filter(band: Band) -> Floats:
    """The low-pass of records as a matrix, shape (time, time), to be multiplied from the right."""
    return low_pass(np.eye(band.n_samples), band.corner_hz, band.dt_s)
