"""Which models of a cross-validation join an ensemble, and what that choice itself is worth.

An ensemble scored on the wells that chose it is flattered: with many candidates one of them fits
those wells by luck. The nested score chooses on the other folds alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geoml.tasks.log_task import Answers
from geoml.workflow.well_folds import CrossValidation, greedy_weights

Smoother = Mapping[str, Any]


@dataclass(frozen=True)
class EnsembleChoice:
    """An ensemble and what smooths its answers.

    Attributes:
        weights: Place of a model -> its weight.
        smoother: As in ``WellLearning``.
    """

    weights: dict[int, float]
    smoother: Smoother


def choose_ensemble(
    validation: CrossValidation,
    score: str,
    *,
    larger_is_better: bool,
    smoothers: Sequence[Smoother] = ({},),
) -> EnsembleChoice:
    """The greedy ensemble and the smoother that score best on the rows of the validation.

    Args:
        validation: Answers of all models.
        score: A key of the task's scores.
        larger_is_better: Whether the score grows with skill.
        smoothers: Candidates; ``{}`` is none.
    """
    sign = 1 if larger_is_better else -1
    best: tuple[float, EnsembleChoice] | None = None
    for smoother in smoothers:
        weights = greedy_weights(
            validation, score, larger_is_better=larger_is_better, smoother=smoother
        )
        reached = sign * validation.score(weights, smoother)[score]
        if best is None or reached > best[0]:
            best = reached, EnsembleChoice(weights, smoother)
    assert best is not None, "there is at least one smoother"
    return best[1]


def nested_choices(
    validation: CrossValidation,
    score: str,
    *,
    larger_is_better: bool,
    smoothers: Sequence[Smoother] = ({},),
) -> list[EnsembleChoice]:
    """For every fold the ensemble that the other folds choose; arguments as ``choose_ensemble``.

    References:
        Varma and Simon (2006), Bias in error estimation when using cross-validation for model
        selection, BMC Bioinformatics 7, 91.
    """
    choices = []
    for number in range(len(validation.folds)):
        others = [part for place, part in enumerate(validation.folds) if place != number]
        choices.append(
            choose_ensemble(
                replace(validation, folds=others),
                score,
                larger_is_better=larger_is_better,
                smoothers=smoothers,
            )
        )
    return choices


def decided_by_fold(
    validation: CrossValidation, choices: Sequence[EnsembleChoice]
) -> list[Answers]:
    """Decided values, each fold by its own ensemble; NaN at rows of no fold."""
    values: list[Answers] = [
        np.full((table.n_rows, table.targets.shape[1]), np.nan) for table in validation.tables
    ]
    for part, choice in zip(validation.folds, choices, strict=True):
        alone = replace(validation, folds=[part])
        answers = alone.decided(choice.weights, choice.smoother)
        for place, rows in enumerate(part.fold.test):
            values[place][rows] = answers[place][rows]
    return values
