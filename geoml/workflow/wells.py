"""Wells in, a checkpoint of models on logs out; and its predictions beside the measured curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geoml.errors import OptionError
from geoml.registry import split_spec
from geoml.samples.log_table import LogTable
from geoml.tasks import LogTask
from geoml.training.logs import fit_scalings, train_member
from geoml.well_checkpoint import WellCheckpoint, save_well_checkpoint
from geoml.workflow.trivial_rows import trivial_scores
from geoml.workflow.well_folds import CrossValidation, cross_validate
from geoml.workflow.well_learning import WellLearning, learning_tables
from geoml.workflow.well_tables import score_table, well_table

Announce = Callable[[str], None]
Progress = Callable[[int, int], None]


def train_wells(
    wells: Sequence[xr.Dataset],
    out: str | Path,
    learning: WellLearning,
    *,
    announce: Announce = print,
    progress: Progress | None = None,
) -> Path:
    """Train what is asked for on all wells and write the checkpoint.

    With ``calibrate`` the folds are trained before: their scores go beside the trivial rows into
    the checkpoint, their residuals calibrate the spread.

    Args:
        wells: Training wells.
        out: Folder of the checkpoint.
        learning: Task, inputs, models.
        announce: Told one line at a time.
        progress: Told the work done and in all.

    Returns:
        ``out``.
    """
    task = learning.built_task()
    channels, tables = learning_tables(wells, learning, task)
    _tell_kept(wells, tables, learning, announce)
    members = learning.members()
    scores: dict[str, Any] = {}
    calibration: dict[str, Any] = {}
    if learning.calibrate:
        validation = cross_validate(tables, learning, task, announce, progress)
        scores = fold_scores(validation, learning)
        calibration = validation.calibration(member_weights(learning), learning.smoother)
        for line in score_table(scores):
            announce(line)
    options = learning.built_training()
    scaling, plan = fit_scalings(tables, task, options)
    trained = []
    for number, (_, spec, seed) in enumerate(members):
        mine = replace(options, seed=seed)
        trained.append(train_member(tables, spec, task, scaling, plan, mine))
        if progress is not None:
            progress(number + 1, len(members))
    checkpoint = WellCheckpoint(
        members=tuple(trained),
        task=split_spec(learning.task, "well task")[0],
        task_options=task_options(task),
        channels=channels.to_dict(),
        scaling=scaling.to_dict(),
        plan=plan.to_dict(),
        units={target: _unit(wells, target) for target in task.targets},
        smoother=learning.smoother,
        calibration=calibration,
        training={
            "wells": [table.well for table in tables],
            "learning": learning.model_dump(mode="json"),
            "scores": scores,
            "versions": {name: version(name) for name in ("geoml", "torch", "scikit-learn")},
        },
    )
    return save_well_checkpoint(checkpoint, out)


def evaluate_wells(
    wells: Sequence[xr.Dataset],
    learning: WellLearning,
    *,
    announce: Announce = print,
    progress: Progress | None = None,
) -> dict[str, dict[str, float]]:
    """Score every model of a learning on left-out wells, and print it beside the trivial rows.

    Returns:
        Row name -> scores.
    """
    task = learning.built_task()
    _, tables = learning_tables(wells, learning, task)
    _tell_kept(wells, tables, learning, announce)
    validation = cross_validate(tables, learning, task, announce, progress)
    scores = fold_scores(validation, learning)
    values = validation.decided(member_weights(learning), learning.smoother)
    for line in (*score_table(scores), "", *well_table(task, tables, values)):
        announce(line)
    return scores


def fold_scores(validation: CrossValidation, learning: WellLearning) -> dict[str, dict[str, float]]:
    """Scores of each model, of their mean, and of the trivial rows."""
    folds = [part.fold for part in validation.folds]
    rows: dict[str, dict[str, float]] = {}
    places: dict[str, list[int]] = {}
    for place, label in enumerate(validation.labels):
        places.setdefault(label, []).append(place)
    for label, same in places.items():
        rows[label] = validation.score(dict.fromkeys(same, 1.0), learning.smoother)
    if len(places) > 1:
        rows["all together"] = validation.score(member_weights(learning), learning.smoother)
    return {**rows, **trivial_scores(validation.task, validation.tables, folds)}


def member_weights(learning: WellLearning) -> dict[int, float]:
    """Place of each model -> weight in the mean."""
    weights = {}
    for place, (_, spec, _) in enumerate(learning.members()):
        _, options = split_spec(spec, "log model")
        weights[place] = float(options.get("weight", 1.0))
    return weights


def task_options(task: LogTask) -> dict[str, Any]:
    """The task's options as plain JSON values."""
    return {f.name: getattr(task, f.name) for f in fields(task)}  # type: ignore[arg-type]


def _tell_kept(
    wells: Sequence[xr.Dataset],
    tables: Sequence[LogTable],
    learning: WellLearning,
    announce: Announce,
) -> None:
    """What ``keep`` takes from the scores must be known to whoever reads them."""
    if not learning.keep:
        return
    targets = learning.built_task().targets
    n_all = sum(int(w[name].notnull().sum()) for w in wells for name in targets if name in w)
    n_kept = sum(int(np.isfinite(table.targets).sum()) for table in tables)
    share = n_kept / max(n_all, 1)
    announce(f"keep: {n_kept} of {n_all} measured values ({share:.0%}) are learned and scored")


def _unit(wells: Sequence[xr.Dataset], target: str) -> str:
    units = {str(well[target].attrs.get("units", "")) for well in wells if target in well}
    if len(units) > 1:
        raise OptionError(
            f"Target '{target}' comes in several units: {', '.join(sorted(units))}; convert first."
        )
    return units.pop()
