"""Facies or lithology of every depth, with probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor
from torch.nn import functional

from geoml.errors import OptionError
from geoml.objectives.facies_loss import expected_penalty_loss, masked_cross_entropy
from geoml.objectives.facies_score import facies_scores, least_penalty
from geoml.samples.class_table import ClassTable, fit_class_table
from geoml.samples.log_table import LogTable
from geoml.tasks.log_task import Answers, TargetPlan


@dataclass(frozen=True)
class Facies:
    """Classify every depth.

    Attributes:
        target: Curve of facies codes.
        codes: All codes in ascending order; those of the training wells if None. Penalties and
            neighbours follow their order.
        class_power: How much rare classes gain in a network's loss, from 0 for nothing to 1 for
            the same weight.
        neighbours: For each class the codes that it blends into; answers among them count as right
            in ``adjacent_accuracy``.
        penalty: Cost of an answer, row the true class, column the answer.
        penalty_weight: Weight of the expected penalty beside the cross-entropy in a network's
            loss, >= 0.
        decision: ``most_probable`` class, or the one of ``least_penalty`` to be expected.
    """

    target: str = "FACIES"
    codes: tuple[float, ...] | None = None
    class_power: float = 0.0
    neighbours: tuple[tuple[float, ...], ...] = ()
    penalty: tuple[tuple[float, ...], ...] | None = None
    penalty_weight: float = 0.0
    decision: Literal["most_probable", "least_penalty"] = "most_probable"

    def __post_init__(self) -> None:
        if not 0 <= self.class_power <= 1 or self.penalty_weight < 0:
            raise OptionError(
                f"class_power is {self.class_power:g} and penalty_weight {self.penalty_weight:g}; "
                "they must be from 0 to 1, and at least 0."
            )
        if self.penalty is None and (self.penalty_weight or self.decision == "least_penalty"):
            raise OptionError("A decision or loss by penalty needs the option 'penalty'.")
        if (self.penalty or self.neighbours) and self.codes is None:
            raise OptionError("'penalty' and 'neighbours' need 'codes', whose order they follow.")
        for name in ("penalty", "neighbours"):
            rows = getattr(self, name)
            if rows and len(rows) != len(self.codes or ()):
                raise OptionError(
                    f"'{name}' has {len(rows)} rows for {len(self.codes or ())} codes."
                )
        if self.codes is not None and list(self.codes) != sorted(set(self.codes)):
            raise OptionError(f"codes {self.codes} must ascend, each once.")

    @property
    def targets(self) -> tuple[str, ...]:
        """The curve of codes."""
        return (self.target,)

    @property
    def is_classification(self) -> bool:
        """Answers are probabilities."""
        return True

    def plan(self, tables: Sequence[LogTable]) -> ClassTable:
        """Classes of the training rows."""
        return fit_class_table(tables, self.codes)

    def plan_from_dict(self, plain: dict[str, Any]) -> ClassTable:
        """The classes from a checkpoint."""
        return ClassTable.from_dict(plain)

    def heads(self, plan: TargetPlan) -> tuple[tuple[str, int], ...]:
        """A logit a class."""
        return (("logits", len(_classes(plan).codes)),)

    def fed(self, targets: Tensor, plan: TargetPlan) -> Tensor:
        """1 for the true class and 0 for the others."""
        known = torch.isfinite(targets[..., 0])
        number = torch.where(known, targets[..., 0], torch.zeros_like(targets[..., 0])).long()
        coded = functional.one_hot(number, len(_classes(plan).codes)).to(targets.dtype)
        return coded.masked_fill(~known[..., None], torch.nan)

    def loss(self, output: dict[str, Tensor], targets: Tensor, plan: TargetPlan) -> Tensor:
        """Weighted cross-entropy, with the expected penalty if it is asked for."""
        logits = output["logits"]
        share = np.maximum(_classes(plan).share, 1e-3)
        rarity = share**-self.class_power
        weight = None
        if self.class_power:
            weight = logits.new_tensor(rarity / (rarity * share).sum() * share.sum())
        loss = masked_cross_entropy(logits, targets[..., 0], weight)
        if self.penalty_weight:
            penalty = logits.new_tensor(self.penalty)
            loss = loss + self.penalty_weight * expected_penalty_loss(
                logits, targets[..., 0], penalty
            )
        return loss

    def answers(self, output: dict[str, NDArray[np.float32]], plan: TargetPlan) -> Answers:
        """Probabilities of the classes."""
        return np.asarray(softmax(output["logits"].astype(np.float64), axis=1))

    def log_variance(
        self, output: dict[str, NDArray[np.float32]], plan: TargetPlan
    ) -> NDArray[np.float64] | None:
        """None: the probabilities are the spread."""
        return None

    def decide(self, probabilities: Answers, plan: TargetPlan) -> Answers:
        """Codes of the classes that are answered, shape (row, 1)."""
        codes = _classes(plan).codes
        if self.decision == "least_penalty":
            number = least_penalty(probabilities, np.array(self.penalty))
        else:
            number = probabilities.argmax(axis=1)
        return codes[number][:, None]

    def score(self, tables: Sequence[LogTable], decided: Sequence[Answers]) -> dict[str, float]:
        """Accuracy (micro F1), macro F1, and what neighbours and penalties ask for."""
        true = np.concatenate([table.targets[:, 0] for table in tables]).astype(np.float64)
        answer = np.concatenate([values[:, 0] for values in decided])
        known = np.isfinite(true) & np.isfinite(answer)
        true, answer = true[known], answer[known]
        codes = np.unique(np.concatenate([true, answer]) if self.codes is None else self.codes)
        number = {code: place for place, code in enumerate(codes)}
        near = [[number[code] for code in row] for row in self.neighbours]
        return facies_scores(
            np.searchsorted(codes, true),
            np.searchsorted(codes, answer),
            len(codes),
            neighbours=near,
            penalty=None if self.penalty is None else np.array(self.penalty),
        )


def _classes(plan: TargetPlan) -> ClassTable:
    assert isinstance(plan, ClassTable), "facies are learned with a table of classes"
    return plan
