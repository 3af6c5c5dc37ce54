"""Facies codes of a file, the class numbers that a model learns, and which lie above which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.samples.log_table import LogTable, Rows


@dataclass(frozen=True, eq=False)
class ClassTable:
    """Codes of the classes in the order of their numbers, and how often training shows them.

    Attributes:
        codes: Code of each class, ascending, shape (class,).
        share: Share of the training rows, shape (class,).
        below: How likely a class is in the row below another, shape (class, class below).
    """

    codes: NDArray[np.float64]
    share: NDArray[np.float64]
    below: NDArray[np.float64]

    def scaled(self, targets: Rows) -> Rows:
        """Class numbers, NaN where the code is missing or no class, shape (row, 1)."""
        place = np.clip(np.searchsorted(self.codes, targets), 0, len(self.codes) - 1)
        return np.where(self.codes[place] == targets, place, np.nan).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers; ``from_dict`` undoes it exactly."""
        return {name: getattr(self, name).tolist() for name in ("codes", "share", "below")}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ClassTable:
        """The table that ``to_dict`` wrote."""
        share = np.array(plain["share"], np.float64)
        # Tables of older checkpoints know nothing of the row above.
        below = np.array(plain.get("below", [share] * share.size), np.float64)
        return cls(np.array(plain["codes"], np.float64), share, below)


def fit_class_table(tables: Sequence[LogTable], codes: Sequence[float] | None = None) -> ClassTable:
    """Classes of the training rows.

    Args:
        tables: Training rows in unbroken runs; their one target is the code.
        codes: All codes, where some may be absent from the training rows; those found if None.

    Raises:
        OptionError: If there are fewer than two classes.
    """
    found = np.concatenate([table.targets[:, 0] for table in tables]).astype(np.float64)
    found = found[np.isfinite(found)]
    known = np.unique(found if codes is None else np.asarray(codes, np.float64))
    if known.size < 2 or found.size == 0:
        raise OptionError(
            f"{found.size} rows of {known.size} classes to learn from; at least two classes needed."
        )
    count = np.array([(found == code).sum() for code in known], np.float64)
    classes = ClassTable(known, count / found.size, np.eye(known.size))
    numbers = [classes.scaled(table.targets)[:, 0] for table in tables]
    return replace(classes, below=transition_matrix(numbers, known.size))


def transition_matrix(numbers: Sequence[NDArray[Any]], n_classes: int) -> NDArray[np.float64]:
    """How likely a class is in the row below another, shape (class, class below).

    One more of every pair is counted, so that none is impossible.

    Args:
        numbers: Class numbers of unbroken runs of rows, NaN where unknown.
        n_classes: Number of classes.
    """
    count = np.ones((n_classes, n_classes))
    for run in numbers:
        known = np.isfinite(run[:-1]) & np.isfinite(run[1:])
        np.add.at(count, (run[:-1][known].astype(int), run[1:][known].astype(int)), 1)
    return np.asarray(count / count.sum(axis=1, keepdims=True))
