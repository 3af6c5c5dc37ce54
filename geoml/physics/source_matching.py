"""The source wavelet that makes modelled gathers fit recorded ones, by least squares.

The customary source estimate of waveform inversion: model the survey through a starting model
with a known probe wavelet, and solve for the one filter that carries the modelled gathers onto
the recorded ones. Ghosts and the surface are in the modelling, so they stay out of the wavelet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_toeplitz

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.wavelets import Wavelet, bandwidth

Floats = NDArray[np.float64]

_RISE_S = 0.03
_FALL_S = 0.1
_LEAST_TRACES = 3


def probe_wavelet(max_frequency_hz: float, dt_s: float) -> Wavelet:
    """Zero-phase pulse, flat up to a frequency and gone at 1.45 times it.

    Args:
        max_frequency_hz: End of the flat part [Hz]; 1.45 times it must lie under Nyquist.
        dt_s: Sample interval [s].

    Raises:
        OptionError: If the pulse cannot be sampled.
    """
    highest, nyquist = 1.45 * max_frequency_hz, 0.5 / dt_s
    if not 0 < highest <= nyquist:
        raise OptionError(
            f"A probe up to {highest:g} Hz does not fit under the Nyquist frequency of "
            f"{nyquist:g} Hz; lower max_frequency_hz or resample more finely."
        )
    half = int(np.ceil(4 / (max_frequency_hz * dt_s)))
    frequency = np.fft.rfftfreq(8 * half, dt_s)
    fall = np.clip((frequency - max_frequency_hz) / (highest - max_frequency_hz), 0, 1)
    pulse = np.fft.irfft(0.5 + 0.5 * np.cos(np.pi * fall))
    samples = np.roll(pulse, half)[: 2 * half + 1] * np.hanning(2 * half + 3)[1:-1]
    return Wavelet(samples / samples.max(), -half * dt_s, dt_s, highest, "probe")


def match_source(
    recorded: ArrayLike,
    modelled: ArrayLike,
    first_break_s: ArrayLike,
    probe: Wavelet,
    *,
    window_s: float = 0.5,
    length_s: float = 0.35,
    lead_s: float = 0.15,
    damping: float = 0.02,
) -> Wavelet:
    """Wavelet with which the modelled gathers would fit the recorded early arrivals best.

    Args:
        recorded: Behind the filters and before mutes and gains, time 0 first, shape (trace, time).
        modelled: The same traces, modelled with the probe, same shape.
        first_break_s: Picks [s], NaN where none, shape (trace,).
        probe: The wavelet of the modelling.
        window_s: How much after the first break counts [s].
        length_s: Causal length of the filter [s].
        lead_s: Anticausal length of the filter [s]: a zero-phase bandpass needs some.
        damping: Prewhitening, as a share of the zero-lag autocorrelation.

    Returns:
        The probe convolved with the filter, amplitude 1.

    Raises:
        ShapeError: If the shapes do not fit.
        PhysicsError: If fewer than three live traces have a pick.

    References:
        Pratt (1999), Geophysics 64(3), 888-901 (source estimation); Robinson & Treitel (1967),
        Geophysical Prospecting 15, 311-333 (Wiener filter).
    """
    data, model = (np.asarray(a, dtype=np.float64) for a in (recorded, modelled))
    picks = np.asarray(first_break_s, dtype=np.float64)
    if data.ndim != 2 or data.shape != model.shape or picks.shape != data.shape[:1]:
        raise ShapeError(
            f"Recorded {data.shape}, modelled {model.shape}, picks {picks.shape}; needed twice "
            "(trace, time) and (trace,)."
        )
    used = np.isfinite(picks) & data.any(axis=1) & np.isfinite(data).all(axis=1)
    if used.sum() < _LEAST_TRACES:
        raise PhysicsError(
            f"{int(used.sum())} live traces with a first break; matching the source needs "
            f"{_LEAST_TRACES}. Pick with other options, or choose another wavelet method."
        )
    dt_s = probe.dt_s
    early = _early(picks[used], data.shape[1], dt_s, lead_s, window_s)
    data, model = _unit(data[used] * early), _unit(model[used] * early)
    filter_, explained = _wiener(data, model, round(lead_s / dt_s), round(length_s / dt_s), damping)
    samples = np.convolve(probe.samples, filter_)
    samples = samples / np.abs(samples).max()
    low, high = bandwidth(samples, dt_s)
    note = (
        f"matched to {int(used.sum())} traces by least squares, {100 * explained:.0f} % of their "
        f"early energy explained; {low:.1f} to {high:.1f} Hz"
    )
    start_s = probe.start_s - round(lead_s / dt_s) * dt_s
    return Wavelet(samples, start_s, dt_s, high, note)


def _early(picks_s: Floats, n_samples: int, dt_s: float, lead_s: float, window_s: float) -> Floats:
    """Weight of the early arrivals, shape (trace, time)."""
    late_s = np.arange(n_samples) * dt_s - picks_s[:, None]
    rise = np.clip((late_s + lead_s) / _RISE_S, 0, 1)
    return rise * np.clip((window_s - late_s) / _FALL_S, 0, 1)


def _unit(traces: Floats) -> Floats:
    """Each trace with RMS 1, so that near and far ones count alike; a dead one stays zero."""
    rms = np.sqrt((traces**2).mean(axis=1, keepdims=True))
    return traces / np.where(rms > 0, rms, 1)


def _wiener(
    data: Floats, model: Floats, n_lead: int, n_after: int, damping: float
) -> tuple[Floats, float]:
    """Filter of lags -n_lead..n_after that carries model onto data, and the energy explained."""
    n = 2 ** int(np.ceil(np.log2(data.shape[1] + n_lead + n_after + 1)))
    of_data, of_model = np.fft.rfft(data, n), np.fft.rfft(model, n)
    correlation = np.fft.irfft((of_model.conj() * of_data).sum(axis=0), n)
    autocorrelation = np.fft.irfft((np.abs(of_model) ** 2).sum(axis=0), n)
    lags = np.arange(-n_lead, n_after + 1)
    column = autocorrelation[: lags.size].copy()
    column[0] *= 1 + damping
    filter_: Floats = solve_toeplitz(column, correlation[lags])
    filter_ *= _ends(lags.size)
    padded = np.zeros(n)
    padded[lags] = filter_
    fitted = np.fft.irfft(of_model * np.fft.rfft(padded), n)[:, : data.shape[1]]
    return filter_, 1 - float(((data - fitted) ** 2).sum() / (data**2).sum())


def _ends(n: int) -> Floats:
    """Soft ends of a filter, shape (n,)."""
    edge = np.minimum(np.arange(n) + 1, n - np.arange(n)) / max(1, n // 10)
    taper: Floats = np.sin(0.5 * np.pi * np.minimum(edge, 1)) ** 2
    return taper
