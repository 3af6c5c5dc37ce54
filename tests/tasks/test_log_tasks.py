"""Laws that every task on logs keeps, and what each of them does alone."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
import torch

from geoml.errors import OptionError
from geoml.samples.log_table import LogTable
from geoml.tasks import LOG_TASKS, Facies, Imputation, LogRegression

PENALTY = ((0.0, 2.0, 4.0), (2.0, 0.0, 1.0), (4.0, 1.0, 0.0))
TASKS = {
    "gaussian": LogRegression(("DTC", "DTS"), log10=("DTS",)),
    "quantile": LogRegression(("DTC", "DTS"), spread="quantile"),
    "none": LogRegression(("DTC", "DTS"), spread="none"),
    "imputation": Imputation(("DTC", "DTS")),
    "facies": Facies("LITHO", class_power=0.5),
    "penalty": Facies("LITHO", codes=(1, 2, 3), penalty=PENALTY, penalty_weight=0.5),
}


def tables(task) -> list[LogTable]:
    generator = np.random.default_rng(0)
    n = len(task.targets)
    if task.is_classification:
        targets = generator.integers(1, 4, size=(2, 40, n)).astype(np.float32)
    else:
        targets = generator.uniform(100, 300, size=(2, 40, n)).astype(np.float32)
    targets[0, 3] = np.nan
    depth_m = np.arange(40.0)
    return [
        LogTable(f"W{i}", "", depth_m, np.zeros((40, 1), np.float32), targets[i]) for i in (0, 1)
    ]


def learned(task):
    some = tables(task)
    plan = task.plan(some)
    return plan, torch.from_numpy(plan.scaled(some[0].targets))[None]


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_loss_reaches_every_head_and_falls_to_the_truth(task) -> None:
    plan, targets = learned(task)
    torch.manual_seed(0)
    output = {name: torch.randn(1, 40, size).requires_grad_() for name, size in task.heads(plan)}
    first = task.loss(output, targets, plan)
    first.backward()
    for name, head in output.items():
        assert head.grad is not None, name
        assert head.grad.abs().sum() > 0, name
    optimizer = torch.optim.Adam(output.values(), lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        task.loss(output, targets, plan).backward()
        optimizer.step()
    arrays = {name: head.detach()[0].numpy() for name, head in output.items()}
    answers = task.answers(arrays, plan)
    known = np.isfinite(targets[0].numpy()).all(axis=1)
    if task.is_classification:
        assert (answers.argmax(axis=1)[known] == targets[0].numpy()[known, 0]).all()
    else:
        np.testing.assert_allclose(answers[known], targets[0].numpy()[known], atol=0.1)
        variance = task.log_variance(arrays, plan)
        assert (variance is None) == (task.spread == "none")


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_truth_scores_best_and_plan_survives_json(task) -> None:
    some = tables(task)
    score = task.score(some, [table.targets.astype(np.float64) for table in some])
    assert score.get("rmse", 0.0) == 0
    assert score.get("accuracy", 1.0) == 1
    plan = task.plan(some)
    again = task.plan_from_dict(json.loads(json.dumps(plan.to_dict())))
    np.testing.assert_array_equal(again.scaled(some[0].targets), plan.scaled(some[0].targets))


def test_every_registered_task_is_tried_here() -> None:
    assert {type(task) for task in TASKS.values()} == set(LOG_TASKS.values())
    for task in LOG_TASKS.values():
        assert fields(task)


def test_decoder_is_shown_classes_as_ones_and_unknown_ones_as_unknown() -> None:
    task = TASKS["facies"]
    plan, targets = learned(task)
    fed = task.fed(targets, plan)
    assert torch.isnan(fed[0, 3]).all()
    known = torch.isfinite(fed[0, :, 0])
    assert (fed[0, known].sum(dim=1) == 1).all()
    assert torch.equal(fed[0, known].argmax(dim=1).float(), targets[0, known, 0])


def test_quantile_heads_tell_the_spread_of_the_same_normal_distribution() -> None:
    task = LogRegression(("DTC",), spread="quantile")
    heads = {"quantiles": np.array([[-1.2816, 1.2816]], np.float32) * 3}
    assert np.exp(task.log_variance(heads, task.plan)[0, 0] / 2) == pytest.approx(3, rel=1e-3)


def test_decision_by_penalty_differs_from_the_likeliest_class() -> None:
    chance = np.array([[0.45, 0.15, 0.40]])
    task = Facies("LITHO", codes=(1, 2, 3), penalty=PENALTY)
    careful = Facies("LITHO", codes=(1, 2, 3), penalty=PENALTY, decision="least_penalty")
    plan = task.plan(tables(task))
    assert task.decide(chance, plan).item() == 1
    assert careful.decide(chance, plan).item() == 2


def test_class_absent_from_training_still_has_its_place() -> None:
    task = Facies("LITHO", codes=(1, 2, 3, 8))
    assert task.heads(task.plan(tables(task))) == (("logits", 4),)


def test_imputation_touches_no_measured_value_and_bridges_by_straight_lines() -> None:
    task = Imputation(("DTC",), join_m=0.0)
    measured = np.array([[1.0], [np.nan], [np.nan], [4.0], [np.nan]])
    depth_m = np.arange(5.0)
    assert task.filled(measured, np.full((5, 1), 9.0), depth_m).ravel().tolist() == [1, 9, 9, 4, 9]
    assert task.straight_line(measured, depth_m).ravel().tolist() == [1, 2, 3, 4, 4]
    # By depth, not by row.
    assert task.straight_line(measured, np.array([0, 2, 3, 4.0, 5])).ravel()[1] == 2.5


def test_fill_joins_what_was_measured_beside_it_as_kriging_of_the_residual_does() -> None:
    generator = np.random.default_rng(0)
    depth_m = np.cumsum(generator.uniform(0.1, 0.5, 30))
    measured, predicted = generator.normal(size=(2, 30, 1))
    measured[:4] = measured[10:16] = measured[25:] = np.nan
    filled = Imputation(("DTC",), join_m=1.5).filled(measured, predicted, depth_m)
    beside = {0: [4], 3: [4], 10: [9, 16], 13: [9, 16], 15: [9, 16], 27: [24]}
    for row, known in beside.items():
        here, there = depth_m[known], depth_m[row]
        covariance = np.exp(-np.abs(here[:, None] - here) / 1.5)
        share = np.linalg.solve(covariance, np.exp(-np.abs(here - there) / 1.5))
        kriged = predicted[row, 0] + share @ (measured - predicted)[known, 0]
        np.testing.assert_allclose(filled[row, 0], kriged, rtol=1e-9)


def test_fill_of_a_logarithmic_curve_stays_positive() -> None:
    task = Imputation(("RDEP",), log10=("RDEP",), join_m=5.0)
    measured = np.array([[0.01], [np.nan], [np.nan], [0.01]])
    filled = task.filled(measured, np.full((4, 1), 100.0), np.arange(4.0))
    assert (filled > 0).all()
    assert filled[1, 0] < 1


def test_gap_without_a_prediction_stays() -> None:
    measured = np.array([[1.0], [np.nan], [np.nan]])
    predicted = np.array([[1.0], [np.nan], [3.0]])
    filled = Imputation(("DTC",)).filled(measured, predicted, np.arange(3.0))
    assert np.isnan(filled.ravel()).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (LogRegression, {"targets": ()}, "needed are a target"),
        (LogRegression, {"spread_weight": 0}, "above 0"),
        (Imputation, {"join_m": -1}, "at least 0"),
        (Facies, {"decision": "least_penalty"}, "needs the option 'penalty'"),
        (Facies, {"penalty": PENALTY}, "need 'codes'"),
        (Facies, {"penalty": PENALTY, "codes": (1, 2)}, "3 rows for 2 codes"),
        (Facies, {"codes": (2, 1)}, "must ascend"),
        (Facies, {"class_power": 2}, "from 0 to 1"),
    ],
)
def test_options_that_cannot_work_are_refused(kind, options, message) -> None:
    with pytest.raises(OptionError, match=message):
        kind(**options)
