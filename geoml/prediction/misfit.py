"""How far modelled gathers and arrival times lie from the observed ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def trace_misfit(observed: Floats, modelled: Floats) -> NDArray[np.float64]:
    """Share of each observed trace's amplitude that the modelled one leaves unexplained.

    The modelled trace is scaled to the observed one by least squares, with a factor that is not
    negative; source strength and coupling then do not matter. With correlation c at zero lag the
    misfit is sqrt(1 - max(c, 0)^2): 0 for equal shapes, 1 where nothing is explained.

    Args:
        observed: Shape (..., time).
        modelled: Same shape.

    Returns:
        Misfit [1], shape (...); NaN where the observed trace is zero throughout.
    """
    observed = np.asarray(observed, dtype=np.float64)
    modelled = np.asarray(modelled, dtype=np.float64)
    energy = np.sum(observed**2, axis=-1)
    norm = np.sqrt(energy * np.sum(modelled**2, axis=-1))
    product = np.sum(observed * modelled, axis=-1)
    correlation = np.clip(product / np.where(norm > 0, norm, 1), 0, 1)
    return np.where(energy > 0, np.sqrt(1 - correlation**2), np.nan)


def root_mean_square(values: Floats, axis: int | tuple[int, ...] | None = None) -> Floats:
    """Root mean square over the finite values; NaN where there are none.

    Args:
        values: Any shape.
        axis: Axes to go over; all by default.
    """
    values = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(values)
    count = finite.sum(axis=axis)
    total = np.sum(np.where(finite, values, 0.0) ** 2, axis=axis)
    return np.sqrt(total / np.where(count > 0, count, np.nan))
