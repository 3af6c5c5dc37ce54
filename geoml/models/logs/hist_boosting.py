"""Histogram gradient boosting of scikit-learn on features of single rows."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from geoml.errors import OptionError
from geoml.models.logs.fitted import Features, Targets, class_weights
from geoml.models.logs.fitted_trees import FittedTrees, all_classes
from geoml.models.logs.tree_ensemble import of_boosting


@dataclass(frozen=True)
class HistBoosting:
    """Sum of small trees, each grown on what the ones before left over.

    Attributes:
        trees: Rounds, > 0.
        learning_rate: Share of each tree that is added, > 0.
        leaves: Leaves a tree at most, > 1.
        min_leaf: Rows in a leaf at least, > 0.
        l2: Shrinkage of the leaves, >= 0.
        features: Share of the features that a split chooses from, above 0, at most 1.
        class_power: How much rare classes gain, from 0 for nothing to 1 for the same weight.
        seed: Seed of the draws.
    """

    trees: int = 150
    learning_rate: float = 0.05
    leaves: int = 8
    min_leaf: int = 50
    l2: float = 10.0
    features: float = 0.3
    class_power: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.trees < 1 or self.leaves < 2 or self.min_leaf < 1 or not 0 < self.features <= 1:
            raise OptionError(
                f"trees is {self.trees}, leaves {self.leaves}, min_leaf {self.min_leaf}, features "
                f"{self.features:g}; they must be above 0, 1, 0 and 0, the last at most 1."
            )
        if self.learning_rate <= 0 or self.l2 < 0:
            raise OptionError(
                f"learning_rate is {self.learning_rate:g} and l2 {self.l2:g}; they must be above 0 "
                "and at least 0."
            )

    def fit(self, features: Features, targets: Targets, n_classes: int | None) -> FittedTrees:
        """Grow the trees; see ``FittedLog``."""
        options = {
            "max_iter": self.trees,
            "learning_rate": self.learning_rate,
            "max_leaf_nodes": self.leaves,
            "min_samples_leaf": self.min_leaf,
            "l2_regularization": self.l2,
            "max_features": self.features,
            "early_stopping": False,
            "random_state": self.seed,
        }
        if n_classes is not None:
            # Without weights the same bins are found many times faster than with equal ones.
            weight = (
                class_weights(targets, n_classes, self.class_power) if self.class_power else None
            )
            model = HistGradientBoostingClassifier(**options)
            model.fit(features, targets[:, 0].astype(int), weight)
            trees = all_classes(of_boosting([model]), model.classes_, n_classes, missing=-1e9)
            return FittedTrees.of([trees], logits=True)
        models = []
        for column in targets.T:
            known = column == column
            model = HistGradientBoostingRegressor(**options)
            models.append(model.fit(features[known], column[known]))
        return FittedTrees.of([of_boosting([model]) for model in models])
