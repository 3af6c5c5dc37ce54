"""Made sections whose seismic facies are known: five characters in folded packages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]

N_TRACES, N_TIMES, DT_S = 192, 384, 0.004
NAMES = ("continuous", "thin-bedded", "chaotic", "inclined", "faint")


def facies_section(rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """Amplitude and the number of the facies, each (trace, time).

    Amplitude, frequency and dip overlap from package to package, so that none of them tells all.
    """
    trace = np.arange(N_TRACES)[:, None]
    time = np.arange(N_TIMES)[None]
    fold = 25 * ndimage.gaussian_filter1d(
        rng.normal(size=(N_TRACES, 1)), 30, axis=0, mode="reflect"
    )
    fold *= 25 / max(np.ptp(fold), 1e-6)
    flat = time - fold
    count = rng.integers(5, 8)
    bounds = np.sort(rng.uniform(0.04, 0.96, count - 1)) * N_TIMES
    package = np.searchsorted(bounds, flat.ravel()).reshape(flat.shape)
    kinds = np.concatenate([rng.permutation(len(NAMES)), rng.integers(0, len(NAMES), count)])[
        :count
    ]
    section, truth = np.zeros((N_TRACES, N_TIMES)), kinds[package]
    for i, kind in enumerate(kinds):
        section += np.where(package == i, _character(rng, int(kind), trace, flat), 0)
    section += 0.08 * ndimage.gaussian_filter1d(rng.normal(size=section.shape), 1.2, axis=1)
    return section.astype(np.float32), truth


def _character(
    rng: np.random.Generator, kind: int, trace: NDArray[np.int64], flat: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Reflections of one kind over the whole section, (trace, time)."""
    #         lateral length, peak frequency of Nyquist, dip, amplitude
    lateral, frequency, dip, amplitude = {
        0: (60, rng.uniform(0.14, 0.24), 0.0, rng.uniform(0.6, 1.2)),
        1: (60, rng.uniform(0.26, 0.40), 0.0, rng.uniform(0.5, 1.0)),
        2: (2.0, rng.uniform(0.14, 0.30), 0.0, rng.uniform(0.5, 1.1)),
        3: (40, rng.uniform(0.16, 0.30), rng.choice([-1, 1]) * rng.uniform(0.6, 1.1),
            rng.uniform(0.5, 1.1)),
        4: (12, rng.uniform(0.16, 0.36), 0.0, rng.uniform(0.12, 0.3)),
    }[kind]  # fmt: skip
    wide = N_TIMES + 300
    white = rng.normal(size=(N_TRACES, wide)) * (rng.uniform(size=(1, wide)) < 0.5)
    spikes = ndimage.gaussian_filter1d(white, lateral, axis=0, mode="reflect")
    spikes = spikes + (0 if kind == 2 else 1) * rng.normal(size=(1, wide)) * spikes.std()
    peak = frequency / 2
    lag = np.arange(-20, 21)
    squared = (np.pi * peak * lag) ** 2
    layered = ndimage.convolve1d(spikes, (1 - 2 * squared) * np.exp(-squared), axis=1)
    layered /= layered.std()
    place = flat + dip * (trace - N_TRACES / 2) + 150
    rows = np.broadcast_to(trace, place.shape)
    return amplitude * ndimage.map_coordinates(layered, [rows, place], order=1, mode="reflect")
