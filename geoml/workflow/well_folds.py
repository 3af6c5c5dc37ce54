"""Every model on every fold: answers for rows whose wells did not train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.objectives.coverage import LEVELS
from geoml.objectives.log_score import conformal_by_well
from geoml.prediction.logs import LogAnswer, LogMemberModel, decided, joined_answers
from geoml.samples.log_scaling import LogScaling
from geoml.samples.log_table import LogTable
from geoml.samples.well_splits import Fold, split_wells, warn_of_leak
from geoml.tasks import Imputation, LogTask
from geoml.tasks.log_task import Answers, TargetPlan
from geoml.training.logs import depends_on_seed, fit_scalings, train_member
from geoml.well_checkpoint import LogMember
from geoml.workflow.trivial_rows import sentinel_scores
from geoml.workflow.well_learning import WellLearning

Announce = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class FoldAnswers:
    """What the models of one fold say.

    Attributes:
        fold: Rows that trained and rows that are predicted.
        plan: Scaling of the targets or classes, fitted in the fold.
        answers: For each model and each predicted well, by its place among the tables.
    """

    fold: Fold
    plan: TargetPlan
    answers: list[dict[int, LogAnswer]]


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Answers of all models for all rows by models that their wells did not train.

    Attributes:
        task: What is learned.
        tables: All wells.
        labels: Name of every model.
        folds: The folds.
    """

    task: LogTask
    tables: Sequence[LogTable]
    labels: list[str]
    folds: list[FoldAnswers]

    def decided(
        self, weights: Mapping[int, float], smoother: Mapping[str, Any] | None = None
    ) -> list[Answers]:
        """Decided values of a weighted mean of models, NaN at rows of no fold.

        Args:
            weights: Place of a model -> its weight.
            smoother: As in ``WellLearning``.
        """
        values = [np.full((t.n_rows, t.targets.shape[1]), np.nan) for t in self.tables]
        for part in self.folds:
            for place, answer in self._joined(part, weights, smoother).items():
                rows, table = part.fold.test[place], self.tables[place]
                answered = decided(answer.answers, self.task, part.plan)
                if isinstance(self.task, Imputation):
                    known = part.fold.known_targets(place, table)
                    answered = self.task.filled(known, answered, table.depth_m)
                values[place][rows] = answered[rows]
        return values

    def score(
        self, weights: Mapping[int, float], smoother: Mapping[str, Any] | None = None
    ) -> dict[str, float]:
        """Scores of a weighted mean of models over all rows."""
        return self.task.score(self.tables, self.decided(weights, smoother))

    def calibration(
        self, weights: Mapping[int, float], smoother: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Residual variance of the scaled targets, and conformal factors by well a target."""
        if self.task.is_classification:
            return {}
        residuals: list[list[NDArray[np.float64]]] = []
        for part in self.folds:
            for place, answer in self._joined(part, weights, smoother).items():
                rows = part.fold.test[place]
                truth = part.plan.scaled(self.tables[place].targets)[rows]
                residuals.append([answer.answers[rows] - truth])
        pooled = np.concatenate([r for (r,) in residuals])
        variance = np.nanmean(pooled**2, axis=0)
        stds = self._stds(weights, smoother, variance)
        factors: dict[str, dict[str, float]] = {}
        for column, target in enumerate(self.task.targets):
            known = [(r[:, column], s[:, column]) for (r,), s in zip(residuals, stds, strict=True)]
            known = [(r, s) for r, s in known if np.isfinite(r).any()]
            factors[target] = conformal_by_well(
                [r for r, _ in known], [s for _, s in known], LEVELS
            )
        return {"residual_variance": variance.tolist(), "factors": factors}

    def _stds(
        self,
        weights: Mapping[int, float],
        smoother: Mapping[str, Any] | None,
        variance: NDArray[np.float64],
    ) -> list[NDArray[np.float64]]:
        stds = []
        for part in self.folds:
            for place, answer in self._joined(part, weights, smoother, variance).items():
                assert answer.variance is not None, "the residual variance stands in"
                stds.append(np.sqrt(answer.variance)[part.fold.test[place]])
        return stds

    def _joined(
        self,
        part: FoldAnswers,
        weights: Mapping[int, float],
        smoother: Mapping[str, Any] | None,
        variance: NDArray[np.float64] | None = None,
    ) -> dict[int, LogAnswer]:
        chosen = [number for number, weight in weights.items() if weight > 0]
        shares = np.array([weights[number] for number in chosen])
        return {
            place: joined_answers(
                [part.answers[number][place] for number in chosen],
                shares,
                part.plan,
                smoother or {},
                None if variance is None else variance.tolist(),
            )
            for place in part.answers[chosen[0]]
        }


def cross_validate(
    tables: Sequence[LogTable],
    learning: WellLearning,
    task: LogTask,
    announce: Announce = print,
    progress: Callable[[int, int], None] | None = None,
) -> CrossValidation:
    """Train every model on every fold and answer for the rows that it left out.

    Scalings, medians for missing curves and class tables are fitted in the fold. Where the split is
    random, the score of the nearest-depth sentinel is told.
    """
    folds = split_wells(tables, learning.built_split())
    members = learning.members()
    parts = []
    for number, fold in enumerate(folds):
        training = fold.train_tables(tables)
        scaling, plan = fit_scalings(training, task, learning.built_training())
        answers = []
        same: dict[str, dict[int, LogAnswer]] = {}
        for place, (_, spec, seed) in enumerate(members):
            options = replace(learning.built_training(), seed=seed)
            key = f"{spec} {seed if depends_on_seed(spec) else ''}"
            if key not in same:
                member = train_member(training, spec, task, scaling, plan, options)
                same[key] = answers_for(member, task, scaling, plan, tables, fold)
            answers.append(same[key])
            if progress is not None:
                progress(number * len(members) + place + 1, len(folds) * len(members))
        parts.append(FoldAnswers(fold, plan, answers))
    result = CrossValidation(task, tables, [name for name, _, _ in members], parts)
    sentinel = sentinel_scores(task, tables, folds)
    main = "accuracy" if task.is_classification else "rmse"
    warn_of_leak(learning.built_split(), f"{main} {sentinel.get(main, np.nan):.4g}", announce)
    return result


def answers_for(
    member: LogMember,
    task: LogTask,
    scaling: LogScaling,
    plan: TargetPlan,
    tables: Sequence[LogTable],
    fold: Fold,
) -> dict[int, LogAnswer]:
    """A trained model's answers for every well with rows to predict."""
    model = LogMemberModel(member, task, scaling, plan)
    return {
        place: model.answer(table) for place, table in enumerate(tables) if fold.test[place].any()
    }


def greedy_weights(
    validation: CrossValidation,
    score: str,
    *,
    larger_is_better: bool,
    most: int = 8,
    smoother: Mapping[str, Any] | None = None,
) -> dict[int, float]:
    """Ensemble chosen on the left-out wells: the model that helps most joins, again and again.

    Returns:
        Place of a model -> how often it was taken.

    References:
        Caruana et al. (2004), Ensemble selection from libraries of models, ICML.
    """
    sign = 1 if larger_is_better else -1
    chosen: dict[int, float] = {}
    best = -np.inf
    for _ in range(most):
        trials = []
        for number in range(len(validation.labels)):
            weights = {**chosen, number: chosen.get(number, 0.0) + 1}
            trials.append((sign * validation.score(weights, smoother)[score], number))
        reached, number = max(trials)
        if reached <= best:
            break
        best = reached
        chosen[number] = chosen.get(number, 0.0) + 1
    return chosen
