"""What an ensemble's choice may see."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.prediction.logs import LogAnswer
from geoml.samples.log_table import LogTable
from geoml.samples.well_splits import split_wells
from geoml.tasks import LogRegression
from geoml.workflow.well_choice import choose_ensemble, decided_by_fold, nested_choices
from geoml.workflow.well_folds import CrossValidation, FoldAnswers

TASK = LogRegression(("DTC",))
HOW = {"larger_is_better": False}


def validation(errors: list[list[float]]) -> CrossValidation:
    """Models whose scaled answers are off by ``errors[model][well]``, three wells left out."""
    generator = np.random.default_rng(0)
    tables = [
        LogTable(name, "", np.arange(40.0), np.zeros((40, 1), np.float32), truth)
        for name in "ABC"
        for truth in [generator.normal(size=(40, 1)).astype(np.float32)]
    ]
    folds = []
    for well, fold in enumerate(split_wells(tables)):
        plan = TASK.plan(fold.train_tables(tables))
        true = plan.scaled(tables[well].targets).astype(float)
        answers = [{well: LogAnswer(true + row[well], None)} for row in errors]
        folds.append(FoldAnswers(fold, plan, answers))
    return CrossValidation(TASK, tables, [str(n) for n in range(len(errors))], folds)


def test_choice_for_a_well_does_not_see_that_well() -> None:
    # The second model is right by luck in the last well alone.
    lucky = validation([[0.1, 0.1, 5.0], [5.0, 5.0, 0.0]])
    assert nested_choices(lucky, "rmse", **HOW)[2].weights.keys() == {0}


def test_nested_score_is_no_better_than_that_of_the_choice_on_the_same_wells() -> None:
    lucky = validation([[0.1, 2.0, 3.0], [3.0, 0.1, 2.0], [2.0, 3.0, 0.1]])
    choice = choose_ensemble(lucky, "rmse", **HOW)
    nested = decided_by_fold(lucky, nested_choices(lucky, "rmse", **HOW))
    flattered = lucky.score(choice.weights, choice.smoother)["rmse"]
    assert TASK.score(lucky.tables, nested)["rmse"] >= flattered


def test_model_that_is_best_everywhere_gives_its_own_score() -> None:
    plain = validation([[0.1, 0.1, 0.1], [4.0, 4.0, 4.0]])
    nested = decided_by_fold(plain, nested_choices(plain, "rmse", **HOW))
    own = plain.score({0: 1.0})["rmse"]
    assert TASK.score(plain.tables, nested)["rmse"] == pytest.approx(own, rel=1e-9)


def test_smoother_is_chosen_with_the_ensemble() -> None:
    noisy = validation([[0.0, 0.0, 0.0]])
    constant = [np.zeros((40, 1), np.float32) + (np.arange(40) >= 20)[:, None] for _ in range(3)]
    spikes = np.where(np.arange(40) % 7 == 3, 4.0, 0.0)[:, None]
    tables = [
        LogTable(t.well, "", t.depth_m, t.inputs, c.astype(np.float32))
        for t, c in zip(noisy.tables, constant, strict=True)
    ]
    folds = []
    for well, fold in enumerate(split_wells(tables)):
        plan = TASK.plan(fold.train_tables(tables))
        answer = plan.scaled(tables[well].targets).astype(float) + spikes
        folds.append(FoldAnswers(fold, plan, [{well: LogAnswer(answer, None)}]))
    spiky = CrossValidation(TASK, tables, ["0"], folds)
    choice = choose_ensemble(spiky, "rmse", smoothers=({}, {"median": {"rows": 3}}), **HOW)
    assert choice.smoother == {"median": {"rows": 3}}
