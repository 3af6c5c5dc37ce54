"""Random forest of scikit-learn on features of single rows."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from geoml.errors import OptionError
from geoml.models.logs.fitted import Features, Targets, class_weights
from geoml.models.logs.fitted_trees import FittedTrees, all_classes
from geoml.models.logs.tree_ensemble import of_forest


@dataclass(frozen=True)
class RandomForest:
    """Mean of deep trees, each grown on other rows and features.

    Attributes:
        trees: How many, > 0.
        min_leaf: Rows in a leaf at least, > 0.
        features: Share of the features that a split chooses from, above 0, at most 1.
        extra: Whether thresholds are drawn at random (extremely randomised trees).
        class_power: How much rare classes gain, from 0 for nothing to 1 for the same weight.
        seed: Seed of the draws.
    """

    trees: int = 100
    min_leaf: int = 5
    features: float = 0.3
    extra: bool = False
    class_power: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.trees < 1 or self.min_leaf < 1 or not 0 < self.features <= 1:
            raise OptionError(
                f"trees is {self.trees}, min_leaf {self.min_leaf}, features {self.features:g}; "
                "they must be above 0, the last at most 1."
            )

    def fit(self, features: Features, targets: Targets, n_classes: int | None) -> FittedTrees:
        """Grow the trees; see ``FittedLog``."""
        options = {
            "n_estimators": self.trees,
            "min_samples_leaf": self.min_leaf,
            "max_features": self.features,
            "random_state": self.seed,
            "n_jobs": 1,
        }
        if n_classes is not None:
            kind = ExtraTreesClassifier if self.extra else RandomForestClassifier
            weight = class_weights(targets, n_classes, self.class_power)
            forest = kind(**options).fit(features, targets[:, 0].astype(int), weight)
            trees = all_classes(of_forest(forest), forest.classes_, n_classes, missing=0.0)
            return FittedTrees.of([trees])
        kind = ExtraTreesRegressor if self.extra else RandomForestRegressor
        ensembles = []
        for column in targets.T:
            known = column == column
            ensembles.append(of_forest(kind(**options).fit(features[known], column[known])))
        return FittedTrees.of(ensembles)
