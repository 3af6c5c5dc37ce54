"""Smoothers behind any model: facies beds and curves do not flicker from sample to sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from geoml.errors import OptionError

Answers = NDArray[np.float64]


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

    def __call__(self, answers: Answers, *, probabilities: bool) -> Answers:
        """Smoothed answers of one well, shape (row, output)."""
        if probabilities:
            return np.asarray(uniform_filter1d(answers, self.rows, axis=0, mode="nearest"))
        return np.asarray(median_filter(answers, size=(self.rows, 1), mode="nearest"))


def transition_matrix(classes: list[NDArray[np.int64]], n_classes: int) -> Answers:
    """How often a class lies above another in the training wells, shape (class, class below).

    One more of every pair is counted, so that none is impossible.

    Args:
        classes: Class numbers of unbroken runs of rows.
        n_classes: Number of classes.
    """
    count = np.ones((n_classes, n_classes))
    for run in classes:
        np.add.at(count, (run[:-1], run[1:]), 1)
    return np.asarray(count / count.sum(axis=1, keepdims=True))


def viterbi(probabilities: Answers, transition: Answers, weight: float = 1.0) -> Answers:
    """The likeliest sequence of classes, as probabilities 0 and 1.

    Args:
        probabilities: Of each row alone, shape (row, class).
        transition: As ``transition_matrix`` gives it.
        weight: Weight of the transitions beside the rows, >= 0.

    Returns:
        Shape (row, class).

    References:
        Viterbi (1967), IEEE Transactions on Information Theory 13, 260-269.
    """
    row_score = np.log(np.maximum(probabilities, 1e-9))
    move = weight * np.log(np.maximum(transition, 1e-12))
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
