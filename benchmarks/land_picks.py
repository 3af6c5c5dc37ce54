"""Picks of a line that nobody knows the truth of: do they agree with each other, and a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.optimize import lsq_linear

from geoml.products.gather_figure import ArrivalCurve, GatherPanel, gathers_figure
from geoml.products.style import PICKED, PREDICTION, TREND, png_bytes, write_whole

N_KNOTS = 12
N_FOLDS = 5
DAMPING = 0.3
LEAST_PICKS = 100
COLOURS = (PICKED, PREDICTION, TREND, "#3a7d44")


def held_out_scatter_ms(
    picks_s: np.ndarray, offset_m: np.ndarray, station: np.ndarray
) -> tuple[float, float]:
    """How far picks lie from what the others say of them: median and 90 % [ms].

    Every fifth pick in turn is held out and predicted from the others: a piecewise linear curve
    over the absolute offset, plus a term of each shot and each receiver place.

    Args:
        picks_s: [s], NaN where there is none, shape (shot, trace).
        offset_m: Signed, shape (shot, trace).
        station: Number of the receiver's place, shape (shot, trace).
    """
    shot, trace = np.nonzero(np.isfinite(picks_s))
    if shot.size < LEAST_PICKS:
        return float("nan"), float("nan")
    picks = picks_s[shot, trace]
    design = _design(shot, station[shot, trace], np.abs(offset_m[shot, trace]))
    fold = np.random.default_rng(0).integers(N_FOLDS, size=picks.size)
    off = np.empty(picks.size)
    damping = DAMPING * np.eye(design.shape[1])[N_KNOTS:]
    for number in range(N_FOLDS):
        used = fold != number
        matrix = np.concatenate([design[used], damping])
        known = np.concatenate([picks[used], np.zeros(len(damping))])
        found = lsq_linear(matrix, known).x
        # A few wild picks must not bend the curve for all: once more without them.
        far = np.abs(matrix @ found - known)
        good = far <= 4 * np.median(far[: used.sum()]) + 1e-9
        good[used.sum() :] = True
        found = lsq_linear(matrix[good], known[good]).x
        off[~used] = np.abs(design[~used] @ found - picks[~used])
    return 1000 * float(np.median(off)), 1000 * float(np.quantile(off, 0.9))


def _design(shot: np.ndarray, station: np.ndarray, distance_m: np.ndarray) -> np.ndarray:
    """Hats over the offset, then indicators of shots and receiver places."""
    knots = np.linspace(0, distance_m.max(), N_KNOTS)
    hats = np.stack([np.interp(distance_m, knots, row) for row in np.eye(N_KNOTS)], axis=1)
    places = (np.eye(place.max() + 1)[place] for place in (shot, station))
    return np.concatenate([hats, *places], axis=1)


def picks_picture(
    path: Path, samples: np.ndarray, dt_s: float, offset_m: np.ndarray, picks: dict[str, np.ndarray]
) -> None:
    """First, middle and last shot with everybody's picks."""
    time_s = np.arange(samples.shape[2]) * dt_s
    panels = []
    for shot in (0, len(samples) // 2, len(samples) - 1):
        curves = tuple(
            ArrivalCurve(name, times[shot], colour, "o")
            for (name, times), colour in zip(picks.items(), COLOURS, strict=False)
        )
        panels.append(
            GatherPanel(f"Shot {shot + 1}", samples[shot], time_s, offset_m[shot], curves)
        )
    write_whole(path, png_bytes(gathers_figure([panels], end_s=1.2, row_height_in=5.0)))
