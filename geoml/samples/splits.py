"""Which pairs train, validate, calibrate and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError

Indices = NDArray[np.int64]

PARTS = ("train", "validation", "calibration", "test")

_GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class SplitFractions:
    """Share of each part; the shares add up to 1.

    Attributes:
        train: Weights are fitted on it.
        validation: Decides when to stop.
        calibration: Fits the spread (conformal factors).
        test: Touched once, for the reported scores.
    """

    train: float = 0.8
    validation: float = 0.08
    calibration: float = 0.06
    test: float = 0.06

    def __post_init__(self) -> None:
        shares = [getattr(self, part) for part in PARTS]
        if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
            listing = ", ".join(f"{part} {s:g}" for part, s in zip(PARTS, shares, strict=True))
            raise OptionError(f"Split {listing}: shares must be at least 0 and add up to 1.")


@dataclass(frozen=True, eq=False)
class Splits:
    """Indices of the pairs in each part, ascending, each of shape (sample,)."""

    train: Indices
    validation: Indices
    calibration: Indices
    test: Indices


def split_pairs(
    count: int, fractions: SplitFractions | None = None, *, block_size: int = 1
) -> Splits:
    """The parts of the first ``count`` pairs of a store.

    A pair's part depends on its index alone, never on the count: after a store has grown, no pair
    that trained a model before turns up in the test part, and none leaves it. Blocks are spread by
    the golden-ratio sequence, so that every part has its share of any long run of pairs.

    Args:
        count: Pairs in the store.
        fractions: Shares; the defaults of ``SplitFractions`` if None.
        block_size: Consecutive pairs that stay together, for stores where neighbours are related.

    Raises:
        OptionError: If a part with a share above 0 would be empty.
    """
    fractions = fractions or SplitFractions()
    if block_size < 1:
        raise OptionError(f"'block_size' is {block_size}; it must be at least 1.")
    index = np.arange(count, dtype=np.int64)
    place = np.mod((index // block_size + 1) * _GOLDEN, 1.0)
    ends = np.cumsum([getattr(fractions, part) for part in PARTS])
    ends[-1] = 1.0
    part_of = np.searchsorted(ends, place, side="right")
    parts = {name: index[part_of == i] for i, name in enumerate(PARTS)}
    for name in PARTS:
        if parts[name].size == 0 and getattr(fractions, name) > 0:
            raise OptionError(
                f"{count} pairs leave the {name} part empty (share "
                f"{getattr(fractions, name):g}); simulate more pairs or change the shares."
            )
    return Splits(**parts)
