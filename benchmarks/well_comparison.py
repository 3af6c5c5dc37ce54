"""Tables of the wells' benchmark: models, ensembles and smoothers on left-out wells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geoml.registry import split_spec
from geoml.samples.log_table import LogTable
from geoml.samples.well_splits import WellSplit, split_wells
from geoml.samples.within_well import SUFFIX
from geoml.tasks import LogTask
from geoml.workflow.trivial_rows import sentinel_scores, trivial_scores
from geoml.workflow.well_choice import choose_ensemble, decided_by_fold, nested_choices
from geoml.workflow.well_folds import CrossValidation, cross_validate
from geoml.workflow.well_learning import WellLearning

Smoother = dict[str, Any]
MEDIANS: tuple[Smoother, ...] = ({}, {"median": {"rows": 5}}, {"median": {"rows": 11}})
VITERBIS: tuple[Smoother, ...] = ({}, {"viterbi": {"weight": 0.3}}, {"viterbi": {"weight": 1.0}})


@dataclass(frozen=True)
class Judge:
    """Which score decides.

    Attributes:
        score: A key of the task's scores.
        larger_is_better: Whether it grows with skill.
        smoothers: Candidates behind an ensemble; ``{}`` is none.
    """

    score: str
    larger_is_better: bool
    smoothers: Sequence[Smoother] = ({},)

    def better(self, one: float, other: float) -> bool:
        """Whether one score beats another."""
        return one > other if self.larger_is_better else one < other


def compare(
    tables: Sequence[LogTable], learning: WellLearning, task: LogTask, judge: Judge, n_seeds: int
) -> tuple[dict[int, float], Smoother]:
    """Print every model on left-out wells; the ensemble and smoother that are to answer.

    They are those chosen on all wells, unless the nested score says that the choice is worse than
    the mean of all models.
    """
    score = judge.score
    learning = learning.model_copy(update={"seeds": n_seeds})
    validation = cross_validate(tables, learning, task)
    folds = [part.fold for part in validation.folds]
    print(f"  {score}, left-out rows of {len(folds)} folds, median and range of {n_seeds} seeds")
    for name, row in trivial_scores(task, tables, folds).items():
        line(name, [row], score)
    for place, spec in enumerate(learning.models):
        line(label(spec), _scores(validation, {place: 1.0}, n_seeds), score)
    everything = dict.fromkeys(range(len(learning.models)), 1.0)
    mean = _scores(validation, everything, n_seeds)
    line("mean of all, nothing chosen", mean, score)
    if task.is_classification:
        _print_smoothers(validation, learning, judge, n_seeds)
    # Chosen on the first seed: the others tell what it is worth.
    first = _one_seed(validation, n_seeds, 0)
    larger, smoothers = judge.larger_is_better, judge.smoothers
    choice = choose_ensemble(first, score, larger_is_better=larger, smoothers=smoothers)
    weights, smoother = choice.weights, dict(choice.smoother)
    flattered = _scores(validation, weights, n_seeds, smoother)
    line("ensemble chosen and scored on the same left-out wells", flattered, score)
    members = " + ".join(f"{w:g} {label(learning.models[p])}" for p, w in weights.items())
    print(f"    = {members}; smoother {smoother or 'none'}")
    nested = nested_choices(first, score, larger_is_better=larger, smoothers=smoothers)
    seeds = [_one_seed(validation, n_seeds, seed) for seed in range(n_seeds)]
    honest = [task.score(tables, decided_by_fold(seed, nested)) for seed in seeds]
    line("ensemble chosen on the other wells (nested)", honest, score)
    medians = [float(np.median([row[score] for row in rows])) for rows in (mean, honest)]
    if judge.better(*medians):
        print("    the choice costs more than it gains: the mean of all is what answers")
        weights, smoother = everything, {}
    leak = split_wells(tables, WellSplit(by="random", allow_leak=True))
    line("leak sentinel: nearest depth, random split", [sentinel_scores(task, tables, leak)], score)
    return weights, smoother


def label(spec: Any) -> str:
    """A model's name with the options by which the benchmark's rows differ."""
    name, options = split_spec(spec, "model")
    sees = "" if "sees" not in options else f" ({', '.join(options['sees'])})"
    if SUFFIX in sees:
        sees = " (places in well)"
    sees += " on ridge" if "base" in options else ""
    sees += f", rare classes ^{options['class_power']:g}" if "class_power" in options else ""
    pretrained = options.get("training", {}).get("pretrain_steps")
    note = f", {pretrained} steps of masked logs before" if pretrained else ""
    return f"{'extra trees' if options.get('extra') else name}{sees}{note}"


def line(name: str, rows: Sequence[dict[str, float]], score: str | None = None) -> None:
    """Median and range over seeds of the first or the named score, and medians of others."""
    score = score or next(iter(rows[0]))
    values = [row[score] for row in rows]
    others = ("DTC_rmse", "DTS_rmse", "adjacent_accuracy", "penalty_score", "macro_f1", "accuracy")
    kept = [n for n in others if n in rows[0] and n != score and len(rows[0]) > 2]
    note = ", ".join(f"{n} {np.median([row[n] for row in rows]):.3f}" for n in kept)
    spread = f"{min(values):.4f} .. {max(values):.4f}"
    print(f"  {name:72s} {np.median(values):8.4f}   {spread}  {note}", flush=True)


def _scores(
    validation: CrossValidation,
    weights: dict[int, float],
    n_seeds: int,
    smoother: Smoother | None = None,
) -> list[dict[str, float]]:
    """Scores of an ensemble, one a seed; its places count models, not their seeds."""
    return [
        validation.score({p * n_seeds + seed: w for p, w in weights.items()}, smoother)
        for seed in range(n_seeds)
    ]


def _one_seed(validation: CrossValidation, n_seeds: int, seed: int) -> CrossValidation:
    """The validation with the models of one seed."""
    folds = [replace(part, answers=part.answers[seed::n_seeds]) for part in validation.folds]
    return replace(validation, labels=validation.labels[seed::n_seeds], folds=folds)


def _print_smoothers(
    validation: CrossValidation, learning: WellLearning, judge: Judge, n_seeds: int
) -> None:
    """Median against Viterbi behind the last boosted trees, each chosen on the other folds."""
    names = [split_spec(spec, "model")[0] for spec in learning.models]
    if "hist_boosting" not in names:
        return
    place = len(names) - 1 - names[::-1].index("hist_boosting")
    for name, smoothers in (("moving mean", MEDIANS), ("Viterbi", VITERBIS)):
        rows = [
            _nested_smoother(validation, place * n_seeds + seed, smoothers, judge)
            for seed in range(n_seeds)
        ]
        line(f"{label(learning.models[place])}, {name} (nested)", rows, judge.score)


def _nested_smoother(
    validation: CrossValidation, member: int, smoothers: Sequence[Smoother], judge: Judge
) -> dict[str, float]:
    """Scores of one model, each fold behind the smoother that the other folds like best."""
    task, tables = validation.task, validation.tables
    decided = [validation.decided({member: 1.0}, smoother) for smoother in smoothers]
    values = [np.full(one.shape, np.nan) for one in decided[0]]
    for part in validation.folds:
        best: tuple[float, int] | None = None
        for number, answers in enumerate(decided):
            reached = task.score(tables, list(_without(answers, part.fold.test)))[judge.score]
            if best is None or judge.better(reached, best[0]):
                best = reached, number
        assert best is not None, "there is a smoother"
        for place, rows in enumerate(part.fold.test):
            values[place][rows] = decided[best[1]][place][rows]
    return task.score(tables, values)


def _without(answers: Sequence[np.ndarray], hidden: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    for values, rows in zip(answers, hidden, strict=True):
        yield np.where(rows[:, None], np.nan, values)
