"""What a window of scaled gathers looks like in a few numbers, to tell known from unknown data.

Training stores the quantiles of these numbers over its own inputs; prediction compares the field's
windows with them and warns where they lie outside.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = (0.005, 0.05, 0.5, 0.95, 0.995)
FLOOR_DB = -80.0  # what is weaker than this counts as silence
SPECTRUM_BANDS, TIME_BINS, RECEIVER_BINS = 12, 8, 8


def input_features(shots: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """Amplitude, spectrum and distribution over time and receivers of each window.

    Args:
        shots: Scaled gathers [1], shape (batch, shot, time, receiver).

    Returns:
        ``amplitude_db``: 10, 50 and 90 % quantile of the live traces' RMS;
        ``spectrum_db``: energy in equal bands from 0 to Nyquist, of the whole;
        ``time_db`` and ``receiver_db``: energy in equal parts of the time and receiver axes, of
        the whole; ``dead_share``: share of traces that are zero. Each of shape (batch, part).
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
    }


def feature_statistics(features: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Quantiles of every feature over the windows, as plain JSON values.

    Args:
        features: As ``input_features`` made them, each of shape (window, part).

    Returns:
        ``{"levels": [...], "quantiles": {feature: [[a value a part] a level]}}``.
    """
    quantiles = {
        name: np.quantile(values, LEVELS, axis=0).round(4).tolist()
        for name, values in features.items()
    }
    return {"levels": list(LEVELS), "quantiles": quantiles}


def outside_training(
    features: dict[str, NDArray[np.float64]], statistics: dict[str, Any]
) -> dict[str, NDArray[np.float64]]:
    """How far each part of each feature lies outside what training covered, as a share of its span.

    Args:
        features: Of the windows in question, each of shape (window, part).
        statistics: As ``feature_statistics`` made them.

    Returns:
        Feature -> distance beyond the outer quantiles over their span, 0 inside them, shape
        (window, part). A span under 1 dB (or 0.01 in ``dead_share``) counts as that much.
    """
    distance = {}
    for name, values in features.items():
        quantiles = np.asarray(statistics["quantiles"][name])
        low, high = quantiles[0], quantiles[-1]
        span = np.maximum(high - low, 0.01 if name == "dead_share" else 1.0)
        distance[name] = np.maximum(np.maximum(low - values, values - high), 0) / span
    return distance


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
