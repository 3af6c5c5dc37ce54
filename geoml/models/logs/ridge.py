"""Ridge regression on features of single rows, with squares and products on request."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge as SklearnRidge

from geoml.errors import OptionError
from geoml.models.logs.fitted import (
    Arrays,
    Features,
    FittedLog,
    Targets,
    class_weights,
    softmax,
)


@dataclass(frozen=True)
class Ridge:
    """Straight lines with shrunk slopes; logistic regression for facies.

    Attributes:
        alpha: Shrinkage of the slopes of scaled features, for each 1,000 rows, > 0.
        squares: Whether squares and products of the features are features too.
        class_power: How much rare classes gain, from 0 for nothing to 1 for the same weight.
    """

    alpha: float = 1.0
    squares: bool = False
    class_power: float = 0.0

    def __post_init__(self) -> None:
        if not self.alpha > 0 or not 0 <= self.class_power <= 1:
            raise OptionError(
                f"alpha is {self.alpha:g} and class_power {self.class_power:g}; they must be above "
                "0, and from 0 to 1."
            )

    def fit(self, features: Features, targets: Targets, n_classes: int | None) -> FittedRidge:
        """Slopes of the training rows; see ``FittedLog``."""
        centre, scale = features.mean(0, np.float64), features.std(0, dtype=np.float64)
        scale = np.where(scale > 0, scale, 1.0)
        prepared = _prepared(features, centre, scale, self.squares)
        alpha = self.alpha * len(features) / 1000
        if n_classes is None:
            slopes, offsets = [], []
            for column in targets.T:
                known = np.isfinite(column)
                line = SklearnRidge(alpha=alpha).fit(prepared[known], column[known])
                slopes.append(line.coef_)
                offsets.append(line.intercept_)
            slope, offset = np.array(slopes, np.float64).T, np.array(offsets, np.float64)
        else:
            slope, offset = self._logistic(prepared, targets, n_classes, alpha)
        return FittedRidge(
            centre, scale, slope, offset, np.array(self.squares), np.array(n_classes is not None)
        )

    def _logistic(
        self, prepared: Targets, targets: Targets, n_classes: int, alpha: float
    ) -> tuple[Targets, Targets]:
        number = targets[:, 0].astype(int)
        seen = np.unique(number)
        if seen.size < 2:
            raise OptionError("The training rows hold a single class; nothing can be learned.")
        weight = class_weights(targets, n_classes, self.class_power)
        model = LogisticRegression(C=1 / alpha, max_iter=300).fit(prepared, number, weight)
        coefficients, intercepts = model.coef_, model.intercept_
        if seen.size == 2:
            coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
            intercepts = np.concatenate([[0.0], intercepts])
        slope = np.zeros((prepared.shape[1], n_classes))
        # A class that training never showed is never the answer.
        offset = np.full(n_classes, -1e9)
        slope[:, seen], offset[seen] = coefficients.T, intercepts
        return slope, offset


@dataclass(frozen=True, eq=False)
class FittedRidge(FittedLog):
    """Slopes and offsets."""

    centre: Targets
    scale: Targets
    slope: Targets
    offset: Targets
    squares: Targets
    logistic: Targets

    takes_missing: ClassVar[bool] = False

    def predict(self, features: Features) -> Targets:
        """Shape (row, output)."""
        prepared = _prepared(features, self.centre, self.scale, bool(self.squares))
        answer = prepared @ self.slope + self.offset
        return softmax(answer) if bool(self.logistic) else answer

    def arrays(self) -> Arrays:
        """Slopes, offsets and what prepares the features."""
        return {name: np.asarray(getattr(self, name)) for name in _ARRAYS}


_ARRAYS = tuple(field.name for field in fields(FittedRidge))


def _prepared(features: Features, centre: Targets, scale: Targets, squares: bool) -> Targets:
    scaled: Targets = (features.astype(np.float64) - centre) / scale
    if not squares:
        return scaled
    first, second = np.triu_indices(scaled.shape[1])
    return np.concatenate([scaled, scaled[:, first] * scaled[:, second]], axis=1)
