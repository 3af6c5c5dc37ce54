"""The source wavelet of field data, as a source for 2-D modelling; with the named shapes.

Two ways. From first arrivals: traces stacked along their picks keep the true phase, near-surface
and ghosts included. Statistical: the mean amplitude spectrum, with the phase assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.wavelet_shapes import (
    bandwidth,
    half_derivative,
    minimum_phase,
    ormsby,
    ricker,
)

__all__ = [
    "Wavelet",
    "bandwidth",
    "estimate_from_first_arrivals",
    "estimate_statistical",
    "half_derivative",
    "minimum_phase",
    "ormsby",
    "ricker",
]

Floats = NDArray[np.float64]

_TAPER = 0.25
_LEAST_TRACES = 3


@dataclass(frozen=True, eq=False)
class Wavelet:
    """A source time function and what is known of it.

    Attributes:
        samples: Greatest absolute amplitude 1, shape (time,).
        start_s: Time of the first sample [s].
        dt_s: Sample interval [s].
        max_frequency_hz: Highest frequency with energy, -26 dB under the peak [Hz].
        note: How it was made, one line.
    """

    samples: Floats
    start_s: float
    dt_s: float
    max_frequency_hz: float
    note: str


def estimate_from_first_arrivals(
    traces: ArrayLike,
    first_break_s: ArrayLike,
    offset_m: ArrayLike,
    dt_s: float,
    *,
    start_s: float = 0.0,
    length_s: float = 0.15,
    lead_s: float = 0.03,
    min_offset_m: float = 0.0,
    max_offset_m: float = np.inf,
    max_shift_s: float = 0.0,
    point_source: bool = True,
) -> Wavelet:
    """Wavelet of the first arrivals: picks aligned at time 0, each trace scaled alike, stacked.

    Choose offsets where one arrival comes alone for ``length_s``. Ghosts and layering of the
    near surface that all traces share stay in the wavelet, so model it with an absorbing top.

    Args:
        traces: Shape (trace, time).
        first_break_s: Onsets [s], NaN where none, shape (trace,).
        offset_m: Receiver minus source distance [m], shape (trace,).
        dt_s: Sample interval [s].
        start_s: Time of the first sample [s].
        length_s: How much after the onset is kept [s]; the last quarter is tapered.
        lead_s: How much before the onset is kept [s]; all of it is tapered.
        min_offset_m: Nearest absolute offset used [m].
        max_offset_m: Farthest absolute offset used [m].
        max_shift_s: Largest shift of a trace onto the others before the final stack [s]. It brings
            back the high end of the band, which scattered picks would stack away; the median
            shift is taken out, so that time 0 stays at the picks.
        point_source: True for field data, whose waves spread in 3-D: the half derivative makes
            a 2-D source of them.

    Returns:
        The wavelet; its onset is at time 0.

    Raises:
        ShapeError: If the shapes do not fit.
        PhysicsError: If fewer than three traces have a pick inside the offsets and the record.
    """
    data = np.asarray(traces, dtype=np.float64)
    onsets = np.asarray(first_break_s, dtype=np.float64)
    distance = np.abs(np.asarray(offset_m, dtype=np.float64))
    if data.ndim != 2 or not onsets.shape == distance.shape == data.shape[:1]:
        raise ShapeError(
            f"Traces have shape {data.shape}, picks {onsets.shape}, offsets {distance.shape}; "
            "needed (trace, time) and twice (trace,)."
        )
    n_lead, n_after = round(lead_s / dt_s), round(length_s / dt_s)
    place = (onsets - start_s) / dt_s
    inside = (place >= n_lead) & (place + n_after < data.shape[1])
    used = inside & (distance >= min_offset_m) & (distance <= max_offset_m)
    used &= np.isfinite(data).all(axis=1) & (np.ptp(data, axis=1) > 0)
    if used.sum() < _LEAST_TRACES:
        raise PhysicsError(
            f"{int(used.sum())} traces with a first break between {min_offset_m:g} and "
            f"{max_offset_m:g} m; a wavelet needs {_LEAST_TRACES}. Widen the offsets, or use the "
            "statistical estimate."
        )
    wanted = np.arange(-n_lead, n_after + 1)
    aligned = np.array([_at(data[i], place[i] + wanted) for i in np.flatnonzero(used)])
    aligned /= np.sqrt((aligned**2).mean(axis=1, keepdims=True))
    # The median leaves out the odd noisy trace; the mean of what agrees with it is smoother.
    pilot = np.median(aligned, axis=0)
    # Picks scatter by more than a stack of the band forgives: shift each trace onto the pilot.
    late = _residual_shift(data[used], place[used], wanted, pilot, max_shift_s / dt_s)
    aligned = np.array(
        [_at(t, p + wanted) for t, p in zip(data[used], place[used] + late, strict=True)]
    )
    aligned /= np.sqrt((aligned**2).mean(axis=1, keepdims=True))
    pilot = np.median(aligned, axis=0)
    agree = aligned @ pilot > 0.5 * np.sqrt((pilot**2).sum() * (aligned**2).sum(axis=1))
    stack = aligned[agree].mean(axis=0) if agree.sum() >= _LEAST_TRACES else pilot
    samples = stack * _taper(n_lead, n_after)
    note = f"{int(used.sum())} first arrivals stacked, {int(agree.sum())} alike"
    return _finish(samples, -n_lead * dt_s, dt_s, point_source, note)


def _residual_shift(
    traces: Floats, place: Floats, wanted: NDArray[np.int64], pilot: Floats, most: float
) -> Floats:
    """Shift of each trace that fits the pilot best [samples], median 0, shape (trace,)."""
    shifts = np.arange(-np.floor(4 * most), np.floor(4 * most) + 1) / 4
    fits = [
        [float(_at(t, p + s + wanted) @ pilot) for s in shifts]
        for t, p in zip(traces, place, strict=True)
    ]
    best = shifts[np.argmax(fits, axis=1)]
    return np.asarray(best - np.median(best))


def estimate_statistical(
    traces: ArrayLike,
    dt_s: float,
    *,
    length_s: float = 0.15,
    phase: Literal["minimum", "zero"] = "minimum",
    point_source: bool = True,
) -> Wavelet:
    """Wavelet with the mean amplitude spectrum of the traces and an assumed phase.

    Args:
        traces: Muted to signal, shape (trace, time).
        dt_s: Sample interval [s].
        length_s: Length of the wavelet [s].
        phase: ``minimum`` for dynamite and air guns, ``zero`` for vibrators and processed data.
        point_source: As in ``estimate_from_first_arrivals``.

    Returns:
        The wavelet: onset at time 0 for minimum phase, centred on time 0 for zero phase.

    Raises:
        OptionError: If the phase is unknown.
        PhysicsError: If every trace is dead.
    """
    if phase not in ("minimum", "zero"):
        raise OptionError(f"Phase '{phase}' is unknown; choose 'minimum' or 'zero'.")
    data = np.atleast_2d(np.asarray(traces, dtype=np.float64))
    live = np.isfinite(data).all(axis=1) & (np.ptp(data, axis=1) > 0)
    if not live.any():
        raise PhysicsError("Every trace is dead; there is no spectrum to make a wavelet of.")
    data = data[live] / np.sqrt((data[live] ** 2).mean(axis=1, keepdims=True))
    half = max(2, round(length_s / dt_s / 2))
    n = 2 ** int(np.ceil(np.log2(2 * max(data.shape[1], 4 * half))))
    power = (np.abs(np.fft.rfft(data, n)) ** 2).mean(axis=0)
    # A short autocorrelation is a smooth spectrum: the reflectivity drops out, the wavelet stays.
    correlation = np.fft.irfft(power, n)
    window = np.zeros(n)
    lags = np.arange(-2 * half, 2 * half + 1)
    window[lags] = 0.5 + 0.5 * np.cos(np.pi * lags / (2 * half))
    amplitude = np.sqrt(np.maximum(np.fft.rfft(correlation * window).real, 0))
    centred = np.roll(np.fft.irfft(amplitude, n), n // 2)
    note = f"statistical, {phase} phase, {int(live.sum())} traces"
    if phase == "zero":
        samples = centred[n // 2 - half : n // 2 + half + 1] * np.hanning(2 * half + 1)
        # The half derivative has a tail after the centred part.
        samples = np.concatenate([samples, np.zeros(half)])
        return _finish(samples, -half * dt_s, dt_s, point_source, note)
    samples = minimum_phase(centred, floor=1e-3)[: 2 * half] * _taper(0, 2 * half - 1)
    return _finish(samples, 0.0, dt_s, point_source, note)


def _finish(samples: Floats, start_s: float, dt_s: float, point_source: bool, note: str) -> Wavelet:
    """Turned into a 2-D source where wanted, ended softly and scaled to amplitude 1."""
    if point_source:
        samples = half_derivative(samples, dt_s) * _taper(0, samples.size - 1)
        note += ", half derivative for 2-D"
    samples = samples / np.abs(samples).max()
    low, high = bandwidth(samples, dt_s)
    return Wavelet(samples, start_s, dt_s, high, f"{note}; {low:.1f} to {high:.1f} Hz")


def _taper(n_lead: int, n_after: int) -> Floats:
    """Cosine up over the lead, 1, then cosine down over the last quarter, shape (time,)."""
    taper = np.ones(n_lead + n_after + 1)
    taper[:n_lead] = 0.5 - 0.5 * np.cos(np.pi * np.arange(n_lead) / max(n_lead, 1))
    n_down = max(1, round(_TAPER * n_after))
    taper[-n_down:] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n_down + 1) / n_down)
    return taper


def _at(trace: Floats, places: Floats) -> Floats:
    """A band-limited trace between its samples, by a sinc under a Kaiser window."""
    first = np.floor(places).astype(int)[:, None] + np.arange(-7, 9)
    weight = np.sinc(places[:, None] - first) * np.i0(
        8 * np.sqrt(np.maximum(1 - ((places[:, None] - first) / 8.5) ** 2, 0))
    )
    weight /= np.i0(8.0)
    return (trace[np.clip(first, 0, trace.size - 1)] * weight).sum(axis=1)
