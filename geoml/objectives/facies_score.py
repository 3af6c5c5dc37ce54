"""Scores of predicted facies, and the decision that costs least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from geoml.errors import ShapeError

Classes = NDArray[np.int64]


def least_penalty(probabilities: NDArray[Any], penalty: NDArray[Any]) -> Classes:
    """The answer of least expected penalty at every row.

    Args:
        probabilities: Shape (row, class).
        penalty: Cost of an answer, shape (true class, predicted class).

    Returns:
        Numbers of classes, shape (row,).
    """
    if penalty.shape != (probabilities.shape[1],) * 2:
        raise ShapeError(
            f"Penalties have shape {penalty.shape}, probabilities {probabilities.shape}; needed is "
            "a square matrix of the classes."
        )
    return np.asarray((probabilities @ penalty).argmin(axis=1))


def penalty_score(true: Classes, predicted: Classes, penalty: NDArray[Any]) -> float:
    """Minus the mean penalty, as FORCE 2020 scores: 0 is perfect."""
    return -float(penalty[true, predicted].mean())


def confusion(true: Classes, predicted: Classes, n_classes: int) -> NDArray[np.int64]:
    """Rows of each true class by their answer, shape (true class, predicted class)."""
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (true, predicted), 1)
    return counts


def adjacency(n_classes: int, neighbours: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """Which answers count as right for each true class, shape (true class, predicted class).

    Args:
        n_classes: Number of classes.
        neighbours: For each class the numbers of those that it blends into; may be empty.
    """
    near = np.eye(n_classes, dtype=bool)
    for number, others in enumerate(neighbours):
        near[number, list(others)] = True
    return near


def facies_scores(
    true: Classes,
    predicted: Classes,
    n_classes: int,
    *,
    neighbours: Sequence[Sequence[int]] = (),
    penalty: NDArray[Any] | None = None,
) -> dict[str, float]:
    """Scores over rows of known class.

    Returns:
        ``accuracy`` (which is the micro-averaged F1), ``macro_f1`` over the classes that occur,
        ``adjacent_accuracy`` where neighbours are given, ``penalty_score`` where penalties are.
    """
    if true.size == 0:
        raise ShapeError("No row of known class to score.")
    scores = {
        "accuracy": float((true == predicted).mean()),
        "macro_f1": float(
            f1_score(true, predicted, labels=np.unique(true), average="macro", zero_division=0)
        ),
    }
    if neighbours:
        scores["adjacent_accuracy"] = float(
            adjacency(n_classes, neighbours)[true, predicted].mean()
        )
    if penalty is not None:
        scores["penalty_score"] = penalty_score(true, predicted, penalty)
    return scores
