"""The lookup that sees no log: what a split that leaks would let it score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoml.samples.log_table import LogTable
from geoml.samples.well_splits import Fold


def nearest_depth(tables: Sequence[LogTable], fold: Fold) -> list[NDArray[np.float32]]:
    """For each row, the target of the nearest training row of the same well.

    A well with no training row gets none: there the lookup knows nothing, as it should.

    Returns:
        For each table, shape (row, target); NaN outside the fold's test rows, and where the well
        has no training row with that target.
    """
    answers = []
    for index, table in enumerate(tables):
        answer = np.full(table.targets.shape, np.nan, np.float32)
        # Runs or frames of one hole are the same well.
        same = [i for i, other in enumerate(tables) if other.well == table.well]
        depth_m = np.concatenate([tables[i].depth_m[fold.train[i]] for i in same])
        targets = np.concatenate([tables[i].targets[fold.train[i]] for i in same])
        rows = np.flatnonzero(fold.test[index])
        for column in range(table.targets.shape[1]):
            known = np.isfinite(targets[:, column])
            if known.any():
                answer[rows, column] = _lookup(
                    table.depth_m[rows], depth_m[known], targets[known, column]
                )
        answers.append(answer)
    return answers


def _lookup(
    wanted_m: NDArray[np.float64], depth_m: NDArray[np.float64], values: NDArray[np.float32]
) -> NDArray[np.float32]:
    order = np.argsort(depth_m, kind="stable")
    depth_m, values = depth_m[order], values[order]
    after = np.clip(np.searchsorted(depth_m, wanted_m), 0, depth_m.size - 1)
    before = np.clip(after - 1, 0, None)
    nearer_before = np.abs(depth_m[before] - wanted_m) <= np.abs(depth_m[after] - wanted_m)
    return np.where(nearer_before, values[before], values[after])
