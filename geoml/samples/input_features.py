"""What a window of scaled gathers looks like in a few numbers, to tell known from unknown data.

Training stores the quantiles of these numbers over its own inputs; prediction compares the field's
windows with them and warns where they lie outside.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from geoml.samples.input_distance import fit_distance

LEVELS = (0.005, 0.05, 0.5, 0.95, 0.995)
FLOOR_DB = -80.0  # what is weaker than this counts as silence
FAINT_DB = -20.0  # parts with less than a hundredth of the energy tell of noise alone
ENCODER = "encoder"
"""Feature that a network adds: what its encoder makes of a window."""
LEAST_SPREAD = {
    "amplitude_db": 1.0,
    "spectrum_db": 1.0,
    "time_db": 1.0,
    "receiver_db": 1.0,
    "arrival_samples": 0.5,
    "moveout_samples": 0.05,
    "dead_share": 0.01,
}
_SHARES = ("spectrum_db", "time_db", "receiver_db")
_ONE_SIDED = {"amplitude_db": {0: "under", 2: "over"}, "dead_share": {0: "over"}}
"""Feature -> part -> the one side on which it can be outside training."""
_SMOOTH_SAMPLES = 3
SPECTRUM_BANDS, TIME_BINS, RECEIVER_BINS = 12, 8, 8
ONSET_SHARE = 0.15
"""Share of a trace's largest energy at which its first arrival counts as there."""
SLOPE_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Shares of a window's squared energy with less moveout from receiver to receiver."""


def input_features(shots: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """Amplitude, spectrum and distribution over time and receivers of each window.

    Args:
        shots: Scaled gathers [1], shape (batch, shot, time, receiver).

    Returns:
        Each of shape (batch, part): ``amplitude_db``: 10, 50 and 90 % quantile of the live
        traces' RMS; ``spectrum_db``: energy in equal bands from 0 to Nyquist, of the whole;
        ``time_db`` and ``receiver_db``: energy in equal parts of the time and receiver axes, of
        the whole; ``dead_share``: share of traces that are zero; ``arrival_samples``: first, then
        largest energy of a trace, median over the live traces of a part of the receiver axis
        [samples]; ``moveout_samples``: moveout from one receiver to the next below which 5, 25,
        50, 75 and 95 % of the squared f-k energy lies [samples].
    """
    energy = np.square(shots, dtype=np.float64)
    trace = energy.mean(axis=2)  # (batch, shot, receiver)
    live = trace > 0
    quantiles = [
        np.quantile(rms[alive], (0.1, 0.5, 0.9)) if alive.any() else np.zeros(3)
        for rms, alive in zip(np.sqrt(trace), live, strict=True)
    ]
    power = np.square(np.abs(np.fft.rfft(shots, axis=2))).sum(axis=(1, 3))  # (batch, frequency)
    return {
        "amplitude_db": 2 * _decibel(np.asarray(quantiles)),
        "spectrum_db": _shares_db(power, SPECTRUM_BANDS),
        "time_db": _shares_db(energy.sum(axis=(1, 3)), TIME_BINS),
        "receiver_db": _shares_db(energy.sum(axis=(1, 2)), RECEIVER_BINS),
        "dead_share": 1 - live.mean(axis=(1, 2))[:, None],
        "arrival_samples": _arrivals(energy, live),
        "moveout_samples": _moveouts(shots),
    }


def feature_statistics(
    features: dict[str, NDArray[np.float64]],
    held_out: dict[str, NDArray[np.float64]] | None = None,
) -> dict[str, Any]:
    """Quantiles of every feature over the windows, and clouds of them, as plain JSON values.

    Args:
        features: As ``input_features`` made them, each of shape (window, part); ``encoder`` too,
            where a network has one.
        held_out: The same of windows that training did not see; they set the limits of the
            clouds. Without them there are no clouds.

    Returns:
        ``{"levels": [...], "quantiles": {feature: [[a value a part] a level]}, "clouds": {feature:
        what fit_distance gives}}``.
    """
    plain = {name: values for name, values in features.items() if name != ENCODER}
    statistics: dict[str, Any] = {
        "levels": list(LEVELS),
        "quantiles": {
            name: np.quantile(values, LEVELS, axis=0).round(4).tolist()
            for name, values in plain.items()
        },
    }
    if held_out is not None:
        statistics["clouds"] = {
            name: fit_distance(
                cloud_values(name, values),
                cloud_values(name, held_out[name]),
                LEAST_SPREAD.get(name, 1e-3),
            )
            for name, values in features.items()
            if name not in _ONE_SIDED
        }
    return statistics


def cloud_values(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A feature as its cloud sees it: what is faint counts as equally faint, shape (window, part).

    How faint a band or a part of the record is says how little noise there is, and no noise is no
    reason to distrust a network that was trained with some.
    """
    return np.maximum(values, FAINT_DB) if name in _SHARES else values


def outside_training(
    features: dict[str, NDArray[np.float64]], statistics: dict[str, Any]
) -> dict[str, NDArray[np.float64]]:
    """How far each part of each feature lies outside what training covered, as a share of its span.

    Loud traces that are less loud than in training, quiet ones that are less quiet, and fewer dead
    ones are all inside: augmentation makes training gathers less even than processed field
    gathers, and a network that was shown uneven ones knows even ones.

    Args:
        features: Of the windows in question, each of shape (window, part).
        statistics: As ``feature_statistics`` made them.

    Returns:
        Feature -> distance beyond the outer quantiles over their span, 0 inside them, shape
        (window, part). A span under 1 dB, half a sample or 0.01 in ``dead_share`` counts as that
        much. Features without statistics (of older checkpoints) are left out.
    """
    distance = {}
    for name, values in features.items():
        if name not in statistics["quantiles"]:
            continue
        low, _, high = _ends(name, statistics)
        values = cloud_values(name, values)
        span = np.maximum(high - low, LEAST_SPREAD.get(name, 1.0))
        under, over = np.maximum(low - values, 0), np.maximum(values - high, 0)
        for part, side in _ONE_SIDED.get(name, {}).items():
            (under if side == "over" else over)[:, part] = 0
        distance[name] = np.maximum(under, over) / span
    return distance


def _ends(name: str, statistics: dict[str, Any]) -> NDArray[np.float64]:
    """Outer and middle quantiles of a feature, faint ones alike, shape (3, part)."""
    quantiles = np.asarray(statistics["quantiles"][name])
    return cloud_values(name, quantiles[[0, len(quantiles) // 2, -1]])


def _arrivals(energy: NDArray[np.float64], live: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Times of first and largest energy by parts of the receiver axis [samples], (batch, part)."""
    smooth = uniform_filter1d(energy, _SMOOTH_SAMPLES, axis=2)
    loudest = smooth.argmax(axis=2).astype(np.float64)
    first = (smooth > ONSET_SHARE * smooth.max(axis=2, keepdims=True)).argmax(axis=2)
    edges = np.linspace(0, energy.shape[3], RECEIVER_BINS + 1).astype(int)
    columns = []
    for times in (first.astype(np.float64), loudest):
        known = np.where(live, times, np.nan)
        for a, b in itertools.pairwise(edges):
            part = known[:, :, a : max(b, a + 1)].reshape(len(known), -1)
            columns.append(_median_or(part, float(energy.shape[2])))
    return np.stack(columns, axis=1)


def _moveouts(shots: NDArray[np.float32]) -> NDArray[np.float64]:
    """Moveout from receiver to receiver by shares of energy [samples], shape (batch, share).

    A plane wave with slope p lies on k = -p f; p is counted in samples a receiver. Energy beyond
    the spatial Nyquist comes back at another slope, in training as in the field.
    """
    n_batch, _, n_time, n_receivers = shots.shape
    spectrum = np.fft.fft(np.fft.rfft(shots, axis=2)[:, :, 1:], axis=3)
    # The square of the energy: noise lies thin over the whole plane, events on a few lines.
    power = np.square(np.square(np.abs(spectrum)).sum(axis=1).reshape(n_batch, -1))
    frequency = np.fft.rfftfreq(n_time)[1:, None]
    slope = (-np.fft.fftfreq(n_receivers)[None] / frequency).ravel()
    order = np.argsort(slope, kind="stable")
    gathered = np.cumsum(power[:, order], axis=1)
    wanted = np.asarray(SLOPE_SHARES)[None] * gathered[:, -1:]
    place = np.stack([np.searchsorted(row, w) for row, w in zip(gathered, wanted, strict=True)])
    found: NDArray[np.float64] = slope[order][np.minimum(place, slope.size - 1)]
    return np.where(gathered[:, -1:] > 0, found, 0.0)


def _median_or(values: NDArray[np.float64], otherwise: float) -> NDArray[np.float64]:
    """Median of the finite values of each row, shape (row,); ``otherwise`` where there are none."""
    there = np.isfinite(values).any(axis=1)
    medians = np.full(len(values), otherwise)
    medians[there] = np.nanmedian(values[there], axis=1)
    return medians


def _shares_db(energy: NDArray[np.float64], n_parts: int) -> NDArray[np.float64]:
    """Energy in equal parts of the last axis over the whole [dB], shape (batch, part)."""
    edges = np.linspace(0, energy.shape[1], n_parts + 1).astype(int)
    parts = np.stack(
        [energy[:, a : max(b, a + 1)].sum(axis=1) for a, b in itertools.pairwise(edges)],
        axis=1,
    )
    total = energy.sum(axis=1, keepdims=True)
    return _decibel(parts / np.where(total > 0, total, 1))


def _decibel(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return 10 * np.log10(np.maximum(share, 10 ** (FLOOR_DB / 10)))
