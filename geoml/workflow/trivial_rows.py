"""Rows that no model may lose to: a constant, the nearest depth, a straight line across a gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoml.prediction.logs import decided
from geoml.samples.leak_sentinel import nearest_depth
from geoml.samples.log_scaling import TargetScaling
from geoml.samples.log_table import LogTable
from geoml.samples.well_splits import Fold
from geoml.tasks import Imputation, LogTask
from geoml.tasks.log_task import Answers

Scores = dict[str, float]


def trivial_scores(
    task: LogTask, tables: Sequence[LogTable], folds: Sequence[Fold]
) -> dict[str, Scores]:
    """Scores of every trivial row that has an answer under the split."""
    rows = {
        "constant": constant_scores(task, tables, folds),
        "nearest depth (no logs)": sentinel_scores(task, tables, folds),
    }
    if isinstance(task, Imputation):
        rows["straight line across the gap"] = straight_line_scores(task, tables, folds)
    return {name: scores for name, scores in rows.items() if scores}


def constant_scores(task: LogTask, tables: Sequence[LogTable], folds: Sequence[Fold]) -> Scores:
    """Scores of the training rows' mean, or of the class that is best to answer everywhere."""
    values = _unknown(tables)
    for fold in folds:
        plan = task.plan(fold.train_tables(tables))
        if isinstance(plan, TargetScaling):
            scaled = np.concatenate([plan.scaled(t.targets) for t in fold.train_tables(tables)])
            answer = decided(np.nanmean(scaled, axis=0, keepdims=True), task, plan)
        else:
            answer = decided(plan.share[None], task, plan)
        for place, rows in enumerate(fold.test):
            values[place][rows] = answer[0]
    return task.score(tables, values)


def sentinel_scores(task: LogTask, tables: Sequence[LogTable], folds: Sequence[Fold]) -> Scores:
    """Scores of the nearest depth in the same well, a lookup without logs; empty if unknown."""
    values = _unknown(tables)
    for fold in folds:
        for place, answer in enumerate(nearest_depth(tables, fold)):
            values[place] = np.where(np.isfinite(answer), answer, values[place])
    return _scores_if_known(task, tables, values)


def straight_line_scores(
    task: Imputation, tables: Sequence[LogTable], folds: Sequence[Fold]
) -> Scores:
    """Scores of straight lines between the rows beside each gap; empty where whole wells hide."""
    values = _unknown(tables)
    for fold in folds:
        for place, table in enumerate(tables):
            bridged = task.straight_line(fold.known_targets(place, table), table.depth_m)
            rows = fold.test[place]
            values[place][rows] = bridged[rows]
    return _scores_if_known(task, tables, values)


def _unknown(tables: Sequence[LogTable]) -> list[Answers]:
    return [np.full(table.targets.shape, np.nan) for table in tables]


def _scores_if_known(
    task: LogTask, tables: Sequence[LogTable], values: Sequence[Answers]
) -> Scores:
    known = any(
        (np.isfinite(v) & np.isfinite(t.targets)).any() for v, t in zip(values, tables, strict=True)
    )
    return task.score(tables, values) if known else {}
