"""Fitted trees of one or several outputs, kept as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.models.logs.fitted import Arrays, Features, FittedLog, Targets, softmax
from geoml.models.logs.tree_ensemble import TreeEnsemble


@dataclass(frozen=True, eq=False)
class FittedTrees(FittedLog):
    """Ensembles side by side, each giving its own outputs.

    Attributes:
        ensembles: One a target, or a single one for all classes.
        logits: Whether the sums are logits, to be turned into probabilities.
    """

    ensembles: tuple[TreeEnsemble, ...]
    logits: bool

    @classmethod
    def of(cls, ensembles: Sequence[TreeEnsemble], logits: bool = False) -> FittedTrees:
        """Fitted ensembles."""
        return cls(tuple(ensembles), logits)

    def predict(self, features: Features) -> Targets:
        """Shape (row, output)."""
        answer = np.concatenate([trees.predict(features) for trees in self.ensembles], axis=1)
        return softmax(answer) if self.logits else answer

    def arrays(self) -> Arrays:
        """The nodes of all trees."""
        named = {
            f"{number}.{name}": array
            for number, trees in enumerate(self.ensembles)
            for name, array in trees.arrays().items()
        }
        return {**named, "logits": np.array(self.logits)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> FittedTrees:
        """The trees that ``arrays`` described."""
        numbers = sorted({int(name.split(".")[0]) for name in arrays if "." in name})
        ensembles = [
            TreeEnsemble.from_arrays(
                {n.split(".", 1)[1]: a for n, a in arrays.items() if n.startswith(f"{number}.")}
            )
            for number in numbers
        ]
        return cls(tuple(ensembles), bool(arrays["logits"]))


def all_classes(
    trees: TreeEnsemble, classes: NDArray[Any], n_classes: int, missing: float
) -> TreeEnsemble:
    """Trees with an output for every class, also those that training never showed.

    Args:
        trees: Outputs in the order of ``classes``.
        classes: Numbers of the classes that training showed.
        n_classes: Number of classes.
        missing: Start of the others: a class never seen is never the answer.
    """
    numbers = np.asarray(classes, np.int64)
    value = np.zeros((len(trees.value), n_classes))
    start = np.full(n_classes, missing, np.float64)
    value[:, numbers], start[numbers] = trees.value, trees.start
    return replace(trees, value=value, start=start)
