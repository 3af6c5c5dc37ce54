"""What every task on logs offers to training and to prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from geoml.samples.class_table import ClassTable
from geoml.samples.log_scaling import TargetScaling
from geoml.samples.log_table import LogTable

Answers = NDArray[np.float64]
"""What a model says of every row, shape (row, output): scaled targets, or probabilities."""
TargetPlan = TargetScaling | ClassTable
"""Between the units or codes of a file and what is learned; fitted on training rows."""


class LogTask(Protocol):
    """Which curves are learned, with which heads and losses, and how they are judged."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Curves that are learned."""

    @property
    def is_classification(self) -> bool:
        """Whether answers are probabilities of classes."""

    def plan(self, tables: Sequence[LogTable]) -> TargetPlan:
        """Fit the target's scaling or classes on training rows."""

    def plan_from_dict(self, plain: dict[str, Any]) -> TargetPlan:
        """The plan from a checkpoint."""

    def heads(self, plan: TargetPlan) -> tuple[tuple[str, int], ...]:
        """Heads of a network: name and output channels."""

    def fed(self, targets: Tensor, plan: TargetPlan) -> Tensor:
        """True answers in the form of the main head, NaN where unknown, for a decoder."""

    def loss(self, output: dict[str, Tensor], targets: Tensor, plan: TargetPlan) -> Tensor:
        """Scalar to minimise."""

    def answers(self, output: dict[str, NDArray[np.float32]], plan: TargetPlan) -> Answers:
        """Answers of a network from the values of its heads."""

    def log_variance(
        self, output: dict[str, NDArray[np.float32]], plan: TargetPlan
    ) -> NDArray[np.float64] | None:
        """Logarithm of the variance of the scaled answers, None where no head tells it."""

    def score(self, tables: Sequence[LogTable], decided: Sequence[Answers]) -> dict[str, float]:
        """Scores of decided values in the file's units or codes, over all rows together."""
