"""Gaussian random fields of a stated correlation length and roughness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def draw_random_field(
    rng: np.random.Generator,
    shape: tuple[int, int],
    correlation_cells: tuple[float, float],
    hurst: float,
    angle_deg: float = 0.0,
) -> Floats:
    """A Gaussian field of mean 0 and variance 1 in expectation, von Karman's spectrum.

    Args:
        rng: Source of randomness; the count of its numbers depends on ``shape`` alone.
        shape: Rows and columns.
        correlation_cells: Correlation length across and along the strata [cells], > 0.
        hurst: Roughness: near 0 as rough as noise, 1 and more ever smoother; > 0.
        angle_deg: Dip of the strata, positive where they deepen with distance [degrees].

    Returns:
        Values [1], of ``shape``.

    References:
        Goff & Jordan (1988), J. Geophys. Res. 93(B11), 13589-13608.
    """
    # Twice the section, so that its two ends do not know of each other.
    n_rows, n_columns = 2 * shape[0], 2 * shape[1]
    noise = np.fft.rfft2(rng.standard_normal((n_rows, n_columns)))
    row = 2 * np.pi * np.fft.fftfreq(n_rows)[:, None]
    column = 2 * np.pi * np.fft.rfftfreq(n_columns)[None]
    angle = np.radians(angle_deg)
    across = np.cos(angle) * row - np.sin(angle) * column
    along = np.sin(angle) * row + np.cos(angle) * column
    scaled = (correlation_cells[0] * across) ** 2 + (correlation_cells[1] * along) ** 2
    amplitude = (1 + scaled) ** (-(hurst + 1) / 2)
    amplitude[0, 0] = 0
    # Columns of the half spectrum stand for two, but for the first and the last one.
    weight = np.full(amplitude.shape[1], 2.0)
    weight[[0, -1]] = 1
    power = (amplitude**2 * weight).sum() / (n_rows * n_columns)
    field = np.fft.irfft2(noise * amplitude, s=(n_rows, n_columns)) / np.sqrt(power)
    return field[: shape[0], : shape[1]]
