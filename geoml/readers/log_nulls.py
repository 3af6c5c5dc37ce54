"""Values that mean "missing": the one a file declares, and those that are used all over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Files declare one of these and use another. Never positive 999 or 9999, which curves do reach.
USUAL_NULLS = (
    -999.0,
    -999.25,
    -999.2,
    -999.3,
    -999.9,
    -999.99,
    -999.999,
    -9999.0,
    -9999.25,
    -9999.9,
    -9999.99,
    -99999.0,
    -99999.25,
    -999999.0,
    -999999.25,
    -32768.0,
    -2147483648.0,
    -1e30,
)
_BIGGEST = 1e29


def without_null(values: NDArray[Any], null: float | None) -> NDArray[Any]:
    """A column with the declared null made NaN, or ``""`` in a column of words.

    Args:
        values: float64 or words, shape (depth,).
        null: The declared value, None where there is none.
    """
    if values.dtype == object:
        return _words_without(values, null)
    if null is None or null != null:
        return values
    # Printed with fewer digits than declared, or kept in single precision on the way.
    near = np.abs(values - null) <= 1e-6 * max(1.0, abs(null))
    return np.where(near, np.nan, values) if near.any() else values


def without_usual_nulls(
    values: NDArray[np.float64], more: Sequence[float] = ()
) -> tuple[NDArray[np.float64], int]:
    """Values with those that mean "missing" everywhere made NaN, and how many there were.

    For curves alone: a depth or an elevation may well be -999.

    Args:
        values: Numbers, shape (depth,).
        more: Further values that a user names.
    """
    suspect = (values <= -999.0) | (values >= _BIGGEST)
    if more:
        suspect |= np.isin(values, np.asarray(more, dtype=np.float64))
    if not suspect.any():
        return values, 0
    known = np.asarray((*USUAL_NULLS, *more))
    there = values[suspect]
    is_null = np.abs(there[:, None] - known).min(axis=1) <= 1e-6 * np.abs(there)
    is_null |= np.abs(there) >= _BIGGEST
    cleaned = values.copy()
    cleaned[suspect] = np.where(is_null, np.nan, there)
    return cleaned, int(is_null.sum())


def _words_without(words: NDArray[Any], null: float | None) -> NDArray[Any]:
    nulls = {*USUAL_NULLS, *([] if null is None else [null])}

    def missing(word: str) -> bool:
        try:
            return float(word) in nulls
        except ValueError:
            return False

    return np.array(["" if missing(str(word)) else str(word).strip() for word in words], object)
