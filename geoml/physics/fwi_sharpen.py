"""The layered prior: a section blurred by a band's resolution, put back into steps.

Low frequencies fit a ramp as well as a step, and total variation charges both the same. Where the
ground is known to be layers, each cell takes the mean of the window that varies least among those
that hold it: ramps become steps at their steepest point, and the inside of layers turns flat.

References:
    Kuwahara et al. (1976), in Digital Processing of Biomedical Images, Plenum, 187-203.
    Bakker (2002), Image structure analysis for seismic interpretation, TU Delft, ch. 4
    (edge-preserving smoothing of seismic data).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

Floats = NDArray[np.float64]


def sharpened(
    velocity: NDArray[np.floating], window_cells: int = 3, rounds: int = 3
) -> NDArray[np.float32]:
    """A section with its ramps made steps.

    Layers thinner than the window are lost; ground that changes smoothly becomes stairs of it.

    Args:
        velocity: [m/s], shape (depth, distance).
        window_cells: Side of the window, odd, at least 3.
        rounds: Times that it is done.
    """
    values = np.asarray(velocity, dtype=np.float64)
    half = window_cells // 2
    for _ in range(rounds):
        mean = uniform_filter(values, window_cells, mode="nearest")
        variance = uniform_filter((values - values.mean()) ** 2, window_cells, mode="nearest")
        variance = np.maximum(variance - (mean - values.mean()) ** 2, 0.0)
        values = _least_varying(np.pad(mean, half, "edge"), np.pad(variance, half, "edge"), half)
    return values.astype(np.float32)


def _least_varying(mean: Floats, variance: Floats, half: int) -> Floats:
    """Mean of the least varying of the windows around each cell; inputs are padded by ``half``."""
    rows, columns = (count - 2 * half for count in mean.shape)
    # The window around the cell itself first: it wins where all vary alike.
    offsets = [(half, half)] + [
        (row, column)
        for row in range(2 * half + 1)
        for column in range(2 * half + 1)
        if (row, column) != (half, half)
    ]
    least = np.full((rows, columns), np.inf)
    chosen = np.empty((rows, columns))
    for row, column in offsets:
        part = (slice(row, row + rows), slice(column, column + columns))
        better = variance[part] < least
        least = np.where(better, variance[part], least)
        chosen = np.where(better, mean[part], chosen)
    return chosen
