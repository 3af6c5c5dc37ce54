"""What every model that is fitted to features of single rows offers, and how it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
"""Shape (row, feature), NaN where missing."""
Targets = NDArray[np.float64]
"""Shape (row, target); a classifier has one target, the number of the class from 0."""
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class FittedLog:
    """A fitted model: plain arrays and the arithmetic that turns features into answers.

    Attributes:
        takes_missing: Whether features may be NaN; otherwise the scaling's medians stand in.
    """

    takes_missing: ClassVar[bool] = True

    def predict(self, features: Features) -> Targets:
        """Targets, or probabilities of the classes, shape (row, output)."""
        raise NotImplementedError

    def arrays(self) -> Arrays:
        """Everything that ``predict`` needs, as arrays of numbers."""
        raise NotImplementedError

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> FittedLog:
        """The model that ``arrays`` described."""
        return cls(**arrays)


class LogFit(Protocol):
    """Options of a model that is fitted in one go."""

    def fit(self, features: Features, targets: Targets, n_classes: int | None) -> FittedLog:
        """Fit to training rows.

        Args:
            features: Training rows.
            targets: Scaled targets, NaN where unknown; or class numbers, all known.
            n_classes: Number of classes; None for a regression.
        """


def softmax(logits: Targets) -> Targets:
    """Probabilities of the classes, shape (row, class)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def class_weights(targets: Targets, n_classes: int, power: float) -> NDArray[np.float64]:
    """Weight of every row: its class's share to the power of ``-power``, 1 on average.

    Args:
        targets: Class numbers, shape (row, 1).
        n_classes: Number of classes.
        power: 0 for none, 1 for classes that weigh the same whatever their share.
    """
    number = targets[:, 0].astype(int)
    count = np.bincount(number, minlength=n_classes).astype(np.float64)
    weight = np.where(count > 0, np.maximum(count, 1) ** -power, 0.0)[number]
    return np.asarray(weight / weight.mean())
