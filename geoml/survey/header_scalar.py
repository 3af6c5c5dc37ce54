"""Trace header numbers with the standard's scalars applied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def scaled(values: NDArray[np.int64], scalar: NDArray[np.int64]) -> NDArray[np.float64]:
    """Values with the standard's scalar applied: multiply by a positive, divide by a negative.

    Args:
        values: Header numbers, shape (trace,).
        scalar: Scalar of each trace, 0 means none, shape (trace,).
    """
    if scalar.size and (scalar == scalar[0]).all():
        one = int(scalar[0])
        factor = float(abs(one) or 1)
        return values.astype(np.float64) / factor if one < 0 else values.astype(np.float64) * factor
    size = np.where(scalar == 0, 1, np.abs(scalar)).astype(np.float64)
    return np.where(scalar < 0, values / size, values * size)
