"""Curves predicted from other curves, with a spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor

from geoml.errors import OptionError
from geoml.objectives.log_loss import masked_gaussian, masked_huber, masked_pinball
from geoml.objectives.log_score import log_scores
from geoml.samples.log_scaling import TargetScaling, fit_target_scaling
from geoml.samples.log_table import LogTable
from geoml.tasks.log_task import Answers, TargetPlan

_LEVELS = (0.1, 0.9)


@dataclass(frozen=True)
class LogRegression:
    """Predict one curve or several.

    Attributes:
        targets: Curves to learn.
        log10: Those of them that are learned as decimal logarithms.
        spread: How a network tells its spread: ``gaussian``, by a head of the variance,
            ``quantile``, by heads of the 10 % and 90 % quantiles, or ``none``.
        beta: Departure beyond which the loss grows linearly [target's standard deviations], >= 0.
        spread_weight: Weight of the spread's loss [1], > 0.
    """

    targets: tuple[str, ...] = ("DTC",)
    log10: tuple[str, ...] = ()
    spread: Literal["gaussian", "quantile", "none"] = "gaussian"
    beta: float = 0.5
    spread_weight: float = 0.2

    def __post_init__(self) -> None:
        if not self.targets or self.beta < 0 or self.spread_weight <= 0:
            raise OptionError(
                f"targets is {self.targets}, beta {self.beta:g}, spread_weight "
                f"{self.spread_weight:g}; needed are a target, at least 0 and above 0."
            )

    @property
    def is_classification(self) -> bool:
        """Answers are values."""
        return False

    def plan(self, tables: Sequence[LogTable]) -> TargetScaling:
        """Scaling of the targets."""
        return fit_target_scaling(tables, self.targets, self.log10)

    def plan_from_dict(self, plain: dict[str, Any]) -> TargetScaling:
        """The scaling from a checkpoint."""
        return TargetScaling.from_dict(plain)

    def heads(self, plan: TargetPlan) -> tuple[tuple[str, int], ...]:
        """A value a target, and what tells its spread."""
        n = len(self.targets)
        value = (("value", n),)
        if self.spread == "gaussian":
            return (*value, ("log_variance", n))
        return (*value, ("quantiles", n * len(_LEVELS))) if self.spread == "quantile" else value

    def fed(self, targets: Tensor, plan: TargetPlan) -> Tensor:
        """The scaled targets themselves."""
        return targets

    def loss(self, output: dict[str, Tensor], targets: Tensor, plan: TargetPlan) -> Tensor:
        """Huber distance of the values plus the loss of their spread."""
        loss = masked_huber(output["value"], targets, self.beta)
        if self.spread == "gaussian":
            residual = output["value"] - targets
            loss = loss + self.spread_weight * masked_gaussian(output["log_variance"], residual)
        if self.spread == "quantile":
            quantiles = output["quantiles"].unflatten(-1, (len(self.targets), len(_LEVELS)))
            # The value is not paid for by its quantiles: they are departures from it.
            quantiles = quantiles + output["value"].detach()[..., None]
            loss = loss + self.spread_weight * masked_pinball(quantiles, targets, _LEVELS)
        return loss

    def answers(self, output: dict[str, NDArray[np.float32]], plan: TargetPlan) -> Answers:
        """The scaled values."""
        return output["value"].astype(np.float64)

    def log_variance(
        self, output: dict[str, NDArray[np.float32]], plan: TargetPlan
    ) -> NDArray[np.float64] | None:
        """Of the head, or of the normal distribution with the same outer quantiles."""
        if self.spread == "gaussian":
            return output["log_variance"].astype(np.float64)
        if self.spread == "quantile":
            n_rows = len(output["quantiles"])
            quantiles = output["quantiles"].reshape(n_rows, len(self.targets), len(_LEVELS))
            width = np.maximum(quantiles[..., -1] - quantiles[..., 0], 1e-3)
            return 2 * np.log(width.astype(np.float64) / (ndtri(_LEVELS[-1]) - ndtri(_LEVELS[0])))
        return None

    def score(self, tables: Sequence[LogTable], decided: Sequence[Answers]) -> dict[str, float]:
        """RMSE over all targets' values together, and RMSE, MAE, bias, R2 of each."""
        true = np.concatenate([table.targets for table in tables]).astype(np.float64)
        predicted = np.concatenate(list(decided))
        known = np.isfinite(true) & np.isfinite(predicted)
        scores = {"rmse": log_scores(true[known], predicted[known])["rmse"]}
        for column, name in enumerate(self.targets):
            if known[:, column].any():
                own = log_scores(true[:, column], predicted[:, column])
                scores.update({f"{name}_{key}": value for key, value in own.items()})
        return scores
