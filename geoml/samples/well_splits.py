"""Which rows train and which are predicted: by well, by field or by block of depth.

Neighbouring samples of a log are nearly equal. A random choice of depths therefore lets a model
copy the answer from the row above; it is refused unless it is asked for by name, and then the
score of the ``nearest_depth`` sentinel belongs beside every other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.samples.log_table import LogTable

By = Literal["well", "field", "depth_block", "random"]
Mask = NDArray[np.bool_]

LEAK_WARNING = (
    "random split: a lookup of the nearest depth, which sees no log, scores {score}; a score from "
    "this split says nothing about a new well"
)


@dataclass(frozen=True)
class WellSplit:
    """How folds are made.

    Attributes:
        by: What stays together: ``well``, ``field``, ``depth_block``; or ``random`` rows.
        n_folds: Folds; None leaves out one well or field at a time, or makes five of blocks.
        block_m: Length of a block of depth [m], > 0.
        cuts_m: Depths that part a well into blocks in place of ``block_m`` [m], increasing, each
            block a fold; for logs of several holes that were joined, or at known boundaries.
        gap_m: Rows this close to a block that is predicted do not train [m], >= 0.
        allow_leak: Permits ``random``.
        seed: Order of wells, fields or rows where they share folds.
        train_only: Wells that train in every fold and are predicted in none, such as one put
            together from pieces of others; for ``well``.
    """

    by: By = "well"
    n_folds: int | None = None
    block_m: float = 50.0
    cuts_m: tuple[float, ...] = ()
    gap_m: float = 5.0
    allow_leak: bool = False
    seed: int = 0
    train_only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.train_only and self.by != "well":
            raise OptionError(f"train_only goes with 'by: well', not with 'by: {self.by}'.")
        if self.by == "random" and not self.allow_leak:
            raise OptionError(
                "A random split puts neighbours of every tested depth into training, and its "
                "scores mean nothing. Split by well, field or depth_block, or set allow_leak to "
                "see what the leak is worth."
            )
        if self.cuts_m and (self.by != "depth_block" or self.n_folds is not None):
            raise OptionError("cuts_m goes with 'by: depth_block', and without n_folds.")
        if list(self.cuts_m) != sorted(set(self.cuts_m)):
            raise OptionError(f"cuts_m is {self.cuts_m}; the depths must increase.")
        if self.n_folds is not None and self.n_folds < 2:
            raise OptionError(f"n_folds is {self.n_folds}; at least 2 are needed.")
        if self.block_m <= 0 or self.gap_m < 0:
            raise OptionError(
                f"block_m is {self.block_m:g} and gap_m {self.gap_m:g}; they must be above 0 and "
                "at least 0."
            )


@dataclass(frozen=True, eq=False)
class Fold:
    """One way to divide the rows.

    Attributes:
        name: What is left out.
        train: Rows that train, a mask for each well.
        test: Rows that are predicted, a mask for each well.
    """

    name: str
    train: tuple[Mask, ...]
    test: tuple[Mask, ...]

    def train_tables(self, tables: Sequence[LogTable]) -> list[LogTable]:
        """The training rows; a well's runs of rows, which a left-out block parts, stay apart."""
        parts: list[LogTable] = []
        for table, mask in zip(tables, self.train, strict=True):
            parts.extend(table.taken(run) for run in _runs(mask))
        return parts

    def known_targets(self, place: int, table: LogTable) -> NDArray[np.float64]:
        """Targets of a table that this fold does not hide, NaN elsewhere, shape (row, target).

        Args:
            place: Of the table among all.
            table: With all its targets.
        """
        return np.where(self.train[place][:, None], table.targets, np.nan).astype(np.float64)


def split_wells(tables: Sequence[LogTable], split: WellSplit | None = None) -> list[Fold]:
    """The folds; every row is predicted in one of them, except those of ``train_only``.

    Raises:
        OptionError: If there are too few groups for a fold.
    """
    split = split or WellSplit()
    if split.by in ("well", "field"):
        keys = [getattr(table, split.by) for table in tables]
        if split.by == "field" and "" in keys:
            raise OptionError(
                f"Well {tables[keys.index('')].well} names no field; split by well instead."
            )
        return _group_folds(tables, keys, split)
    if split.by == "depth_block":
        return _block_folds(tables, split)
    return _random_folds(tables, split)


def warn_of_leak(split: WellSplit, score: str, announce: Callable[[str], None] = print) -> None:
    """Tell what a lookup of the nearest depth scores, where the split is random."""
    if split.by == "random":
        announce(LEAK_WARNING.format(score=score))


def _group_folds(tables: Sequence[LogTable], keys: list[str], split: WellSplit) -> list[Fold]:
    for name in split.train_only:
        if name not in keys:
            raise OptionError(f"train_only names '{name}'. Wells: {', '.join(sorted(set(keys)))}.")
    groups = [group for group in dict.fromkeys(keys) if group not in split.train_only]
    if len(groups) < 2:
        raise OptionError(
            f"A split by {split.by} needs two of them, found {len(groups)}; split by depth_block."
        )
    if split.n_folds is None:
        parts = [[group] for group in groups]
    else:
        order = np.random.default_rng(split.seed).permutation(len(groups))
        n_folds = min(split.n_folds, len(groups))
        parts = [[groups[i] for i in order[k::n_folds]] for k in range(n_folds)]
    folds = []
    for part in parts:
        test = tuple(np.full(t.n_rows, key in part) for t, key in zip(tables, keys, strict=True))
        folds.append(Fold(", ".join(part), tuple(~mask for mask in test), test))
    return folds


def _block_folds(tables: Sequence[LogTable], split: WellSplit) -> list[Fold]:
    n_folds = len(split.cuts_m) + 1 if split.cuts_m else split.n_folds or 5
    if split.cuts_m:
        numbers = [np.searchsorted(split.cuts_m, t.depth_m, side="right") for t in tables]
    else:
        numbers = [((t.depth_m - t.depth_m[0]) // split.block_m).astype(int) for t in tables]
    if max(int(number[-1]) for number in numbers) + 1 < n_folds:
        raise OptionError(
            f"No well holds {n_folds} blocks of {split.block_m:g} m; make block_m or n_folds less."
        )
    folds = []
    for k in range(n_folds):
        test = tuple(number % n_folds == k for number in numbers)
        train = tuple(
            ~_widened(mask, table.depth_m, split.gap_m)
            for mask, table in zip(test, tables, strict=True)
        )
        folds.append(Fold(f"blocks {k + 1} of {n_folds}", train, test))
    return folds


def _random_folds(tables: Sequence[LogTable], split: WellSplit) -> list[Fold]:
    n_folds = split.n_folds or 5
    generator = np.random.default_rng(split.seed)
    numbers = [generator.integers(0, n_folds, table.n_rows) for table in tables]
    folds = []
    for k in range(n_folds):
        test = tuple(number == k for number in numbers)
        folds.append(Fold(f"random {k + 1}", tuple(~mask for mask in test), test))
    return folds


def _widened(mask: Mask, depth_m: NDArray[np.float64], gap_m: float) -> Mask:
    """True also at depths within ``gap_m`` of a true one."""
    inside = np.flatnonzero(mask)
    if inside.size == 0:
        return mask
    after = np.clip(np.searchsorted(inside, np.arange(mask.size)), 0, inside.size - 1)
    before = np.clip(after - 1, 0, None)
    nearest_m = np.minimum(
        np.abs(depth_m[inside[after]] - depth_m), np.abs(depth_m[inside[before]] - depth_m)
    )
    return np.asarray(nearest_m <= gap_m)


def _runs(mask: Mask) -> list[slice]:
    """Unbroken runs of true rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
