"""Trees of a fitted scikit-learn ensemble as plain arrays, so that no pickle has to be trusted.

The arrays are stored with safetensors and give scikit-learn's own answers without the object that
was fitted: a checkpoint from somebody else can be loaded without running their code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """Sum of the leaves that a row falls into, added to a start.

    Attributes:
        root: First node of every tree, shape (tree,).
        feature: Feature that a node asks for, -1 at a leaf, shape (node,).
        threshold: A row goes left where its feature is at most that, shape (node,).
        left: Node on the left, shape (node,).
        right: Node on the right, shape (node,).
        missing_left: Whether a missing feature goes left, shape (node,).
        value: What a leaf adds, shape (node, output).
        start: Added to the sum, shape (output,).
    """

    root: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    start: NDArray[np.float64]

    def predict(self, features: Features) -> NDArray[np.float64]:
        """Shape (row, output)."""
        total = np.repeat(self.start[None], len(features), axis=0)
        rows = np.arange(len(features))
        for root in self.root:
            node = np.full(len(features), root)
            inner = rows
            while inner.size:
                at = node[inner]
                asked = self.feature[at]
                inner, at, asked = inner[asked >= 0], at[asked >= 0], asked[asked >= 0]
                value = features[inner, asked]
                goes_left = np.where(
                    np.isnan(value), self.missing_left[at], value <= self.threshold[at]
                )
                node[inner] = np.where(goes_left, self.left[at], self.right[at])
            total += self.value[node]
        return total

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> TreeEnsemble:
        """The ensemble that ``arrays`` described."""
        return cls(**{field.name: np.asarray(arrays[field.name]) for field in fields(cls)})


def of_forest(forest: Any) -> TreeEnsemble:
    """Trees of a fitted scikit-learn random forest: means, or shares of the classes."""
    parts = []
    n_trees = len(forest.estimators_)
    for estimator in forest.estimators_:
        tree = estimator.tree_
        value = tree.value[:, 0, :] if hasattr(forest, "classes_") else tree.value[:, :, 0]
        if hasattr(forest, "classes_"):
            value = value / value.sum(axis=1, keepdims=True)
        leaf = tree.children_left < 0
        missing = getattr(tree, "missing_go_to_left", np.zeros(leaf.size)).astype(bool)
        parts.append(
            {
                "feature": np.where(leaf, -1, tree.feature),
                "threshold": tree.threshold,
                "left": tree.children_left,
                "right": tree.children_right,
                "missing_left": missing,
                "value": np.where(leaf[:, None], value, 0.0) / n_trees,
            }
        )
    return _joined(parts, np.zeros(parts[0]["value"].shape[1]))


def of_boosting(boosting: Sequence[Any]) -> TreeEnsemble:
    """Trees of fitted scikit-learn histogram gradient boostings, one an output or one of classes.

    A classifier's answer is the logits of its classes; with two classes, 0 and the logit of the
    second.
    """
    parts, starts, first = [], [], 0
    outputs = []
    for model in boosting:
        # scikit-learn has no public way to a boosting's trees; a test compares the answers.
        rounds = model._predictors
        start = np.asarray(model._baseline_prediction, np.float64).ravel()
        two_classes = len(getattr(model, "classes_", ())) == 2
        offset = 1 if two_classes else 0
        starts.append(np.concatenate([np.zeros(offset), start]))
        for trees in rounds:
            for number, tree in enumerate(trees):
                parts.append(_of_boosted_tree(tree.nodes))
                outputs.append(first + offset + number)
        first += starts[-1].size
    for part, output in zip(parts, outputs, strict=True):
        value = np.zeros((part["value"].size, first))
        value[:, output] = part["value"]
        part["value"] = value
    return _joined(parts, np.concatenate(starts))


def _of_boosted_tree(nodes: NDArray[Any]) -> dict[str, NDArray[Any]]:
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "feature": np.where(leaf, -1, nodes["feature_idx"]),
        "threshold": nodes["num_threshold"],
        "left": nodes["left"],
        "right": nodes["right"],
        "missing_left": nodes["missing_go_to_left"].astype(bool),
        "value": np.where(leaf, nodes["value"], 0.0),
    }


def _joined(parts: list[dict[str, NDArray[Any]]], start: NDArray[np.float64]) -> TreeEnsemble:
    sizes = [part["feature"].size for part in parts]
    root = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    for part, first in zip(parts, root, strict=True):
        part["left"] = np.maximum(part["left"].astype(np.int64), 0) + first
        part["right"] = np.maximum(part["right"].astype(np.int64), 0) + first
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return TreeEnsemble(
        root=root,
        feature=joined["feature"].astype(np.int64),
        threshold=joined["threshold"].astype(np.float64),
        left=joined["left"],
        right=joined["right"],
        missing_left=joined["missing_left"],
        value=joined["value"].astype(np.float64),
        start=start.astype(np.float64),
    )
