"""Smoothers behind any model: facies beds and curves do not flicker from sample to sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from geoml.errors import OptionError

Answers = NDArray[np.float64]


class LogSmoother(Protocol):
    """Options of a smoother."""

    def __call__(self, answers: Answers, *, below: Answers | None) -> Answers:
        """Smoothed answers of one well.

        Args:
            answers: Predicted curves, or probabilities of classes, shape (row, output).
            below: For classes, how likely each is in the row below another, shape (class, class
                below); None for curves.
        """


@dataclass(frozen=True)
class MedianSmoother:
    """Moving median of predicted curves; for facies the moving mean of their probabilities.

    Attributes:
        rows: Length of the window, odd, > 0; 1 changes nothing.
    """

    rows: int = 5

    def __post_init__(self) -> None:
        if self.rows < 1 or self.rows % 2 == 0:
            raise OptionError(f"A smoother of {self.rows} rows; needed is an odd number above 0.")

    def __call__(self, answers: Answers, *, below: Answers | None) -> Answers:
        """Smoothed answers of one well, shape (row, output)."""
        if below is not None:
            return np.asarray(uniform_filter1d(answers, self.rows, axis=0, mode="nearest"))
        return np.asarray(median_filter(answers, size=(self.rows, 1), mode="nearest"))


@dataclass(frozen=True)
class ViterbiSmoother:
    """The likeliest sequence of facies, as probabilities 0 and 1: a bed is worth its change.

    How often facies lie above each other is counted in the training rows. A decision by least
    penalty has nothing left to decide behind it.

    Attributes:
        weight: Weight of the sequence beside the rows, >= 0; 0 takes each row's likeliest class.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise OptionError(f"viterbi has weight {self.weight:g}; it must be at least 0.")

    def __call__(self, answers: Answers, *, below: Answers | None) -> Answers:
        """Smoothed answers of one well, shape (row, class).

        Raises:
            OptionError: If the answers are no probabilities of classes.
        """
        if below is None:
            raise OptionError("'viterbi' is for facies; smooth curves with 'median'.")
        return viterbi(answers, below, self.weight)


LOG_SMOOTHERS: dict[str, type[LogSmoother]] = {
    "median": MedianSmoother,
    "viterbi": ViterbiSmoother,
}
"""Name -> options of a smoother behind models on logs."""


def viterbi(probabilities: Answers, below: Answers, weight: float = 1.0) -> Answers:
    """The likeliest sequence of classes, as probabilities 0 and 1.

    Args:
        probabilities: Of each row alone, shape (row, class).
        below: How likely a class is in the row below another, shape (class, class below).
        weight: Weight of the sequence beside the rows, >= 0.

    Returns:
        Shape (row, class).

    References:
        Viterbi (1967), IEEE Transactions on Information Theory 13, 260-269.
    """
    row_score = np.log(np.maximum(probabilities, 1e-9))
    move = weight * np.log(np.maximum(below, 1e-12))
    n_rows, n_classes = probabilities.shape
    origin = np.zeros((n_rows, n_classes), np.int64)
    best = row_score[0]
    for row in range(1, n_rows):
        reached = best[:, None] + move
        origin[row] = reached.argmax(axis=0)
        best = reached.max(axis=0) + row_score[row]
    path = np.empty(n_rows, np.int64)
    path[-1] = int(best.argmax())
    for row in range(n_rows - 1, 0, -1):
        path[row - 1] = origin[row, path[row]]
    return np.eye(n_classes)[path]
