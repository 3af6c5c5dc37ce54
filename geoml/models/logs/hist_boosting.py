"""Histogram gradient boosting of scikit-learn on features of single rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from geoml.errors import OptionError
from geoml.models.logs.fitted import Features, Targets, class_weights
from geoml.models.logs.fitted_trees import FittedTrees, all_classes
from geoml.models.logs.tree_ensemble import TreeEnsemble, of_boosting


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
            model = HistGradientBoostingClassifier(**options)
            number = targets[:, 0].astype(int)
            if self.class_power:
                weight = class_weights(targets, n_classes, self.class_power)
                edges = [_bin_edges(column) for column in features.T]
                ensemble = of_boosting([model.fit(_bins(features, edges), number, weight)])
                ensemble = _with_edges(ensemble, edges)
            else:
                ensemble = of_boosting([model.fit(features, number)])
            trees = all_classes(ensemble, model.classes_, n_classes, missing=-1e9)
            return FittedTrees.of([trees], logits=True)
        models = []
        for column in targets.T:
            known = column == column
            model = HistGradientBoostingRegressor(**options)
            models.append(model.fit(features[known], column[known]))
        return FittedTrees.of([of_boosting([model]) for model in models])


def _bin_edges(column: NDArray[np.float32]) -> NDArray[np.float64]:
    """Edges between few values of a feature, or between bins that hold equal shares of many.

    scikit-learn finds the same ones where there are no weights; with weights it sorts the feature
    anew for each of them, which took most of a fit.
    """
    known = column[np.isfinite(column)].astype(np.float64)
    values = np.unique(known)
    if values.size <= _MOST_BINS:
        return np.asarray((values[:-1] + values[1:]) / 2)
    shares = np.linspace(0, 100, _MOST_BINS + 1)[1:-1]
    return np.unique(np.percentile(known, shares, method="averaged_inverted_cdf"))


def _bins(features: Features, edges: list[NDArray[np.float64]]) -> Features:
    """Number of every feature's bin, NaN where it is missing."""
    columns = zip(features.T, edges, strict=True)
    numbers = np.stack([np.searchsorted(edge, column) for column, edge in columns], axis=1)
    return np.where(np.isnan(features), np.nan, numbers).astype(np.float32)


def _with_edges(trees: TreeEnsemble, edges: list[NDArray[np.float64]]) -> TreeEnsemble:
    """Trees that ask for features where they were grown on numbers of bins."""
    threshold = trees.threshold.copy()
    # Beyond every bin stands a split between missing and measured.
    for node in np.flatnonzero((trees.feature >= 0) & (threshold < _MOST_BINS)):
        threshold[node] = edges[trees.feature[node]][int(threshold[node])]
    return replace(trees, threshold=threshold)


_MOST_BINS = 255
