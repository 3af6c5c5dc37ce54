"""Losses and scores of predicted curves and facies."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from geoml.errors import ShapeError
from geoml.objectives.facies_loss import expected_penalty_loss, masked_cross_entropy
from geoml.objectives.facies_score import confusion, facies_scores, least_penalty, penalty_score
from geoml.objectives.log_loss import masked_gaussian, masked_huber, masked_pinball
from geoml.objectives.log_score import conformal_by_well, log_scores

NAN = float("nan")
PENALTY = np.array([[0.0, 2, 4], [2, 0, 1], [4, 1, 0]])


def test_unknown_truth_counts_nothing() -> None:
    true = torch.tensor([1.0, NAN, 3.0])
    predicted = torch.tensor([2.0, 99.0, 3.0], requires_grad=True)
    loss = masked_huber(predicted, true, beta=0)
    assert loss.item() == pytest.approx(0.5)
    loss.backward()
    assert predicted.grad[1] == 0
    nothing = torch.tensor([NAN, NAN, NAN])
    for value in (
        masked_huber(predicted, nothing),
        masked_gaussian(predicted, nothing),
        masked_pinball(predicted[:, None], nothing, (0.5,)),
        masked_cross_entropy(predicted[:, None].expand(3, 2), nothing),
    ):
        assert value.item() == 0


def test_gaussian_loss_is_least_at_the_variance_of_the_residuals() -> None:
    residual = torch.tensor([1.0, -3.0, 2.0])
    level = torch.linspace(-2, 4, 601)
    loss = [masked_gaussian(torch.full((3,), float(v)), residual).item() for v in level]
    assert level[int(np.argmin(loss))] == pytest.approx(math.log(14 / 3), abs=0.01)


def test_gaussian_loss_never_moves_the_value() -> None:
    value = torch.zeros(3, requires_grad=True)
    masked_gaussian(torch.zeros(3, requires_grad=True), value - 1).backward()
    assert value.grad is None


def test_pinball_is_least_at_the_quantile() -> None:
    true = torch.arange(100.0)
    guess = torch.linspace(0, 99, 199)
    loss = [masked_pinball(torch.full((100, 1), float(g)), true, (0.8,)).item() for g in guess]
    assert guess[int(np.argmin(loss))] == pytest.approx(79, abs=1)


def test_class_weights_scale_the_loss_of_their_class() -> None:
    logits, classes = torch.zeros(2, 3), torch.tensor([0.0, 2.0])
    assert masked_cross_entropy(logits, classes).item() == pytest.approx(math.log(3))
    weighted = masked_cross_entropy(logits, classes, torch.tensor([3.0, 1.0, 1.0]))
    assert weighted.item() == pytest.approx(2 * math.log(3))


def test_expected_penalty_of_a_sure_answer_is_its_entry() -> None:
    logits = torch.full((1, 3), -50.0)
    logits[0, 2] = 50
    loss = expected_penalty_loss(logits, torch.tensor([0.0]), torch.tensor(PENALTY).float())
    assert loss.item() == pytest.approx(4)


def test_least_penalty_prefers_the_class_between_two_that_are_likelier() -> None:
    chance = np.array([[0.45, 0.15, 0.40]])
    assert chance.argmax() == 0
    assert least_penalty(chance, PENALTY).tolist() == [1]
    with pytest.raises(ShapeError):
        least_penalty(chance, PENALTY[:2, :2])


def test_expected_penalty_decision_costs_least_where_probabilities_are_true() -> None:
    generator = np.random.default_rng(0)
    chance = generator.dirichlet(np.full(3, 0.5), size=4000)
    true = np.array([generator.choice(3, p=p) for p in chance])
    scores = [
        penalty_score(true, answer, PENALTY)
        for answer in (least_penalty(chance, PENALTY), chance.argmax(axis=1))
    ]
    assert scores[0] > scores[1]


def test_scores_worked_by_hand() -> None:
    true, answer = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    scores = facies_scores(true, answer, 3, neighbours=[[1], [0, 2], [1]], penalty=PENALTY)
    assert scores["accuracy"] == 0.5
    assert scores["adjacent_accuracy"] == 0.75
    assert scores["penalty_score"] == -(2 + 4) / 4
    assert scores["macro_f1"] == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert confusion(true, answer, 3).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    with pytest.raises(ShapeError):
        facies_scores(true[:0], answer[:0], 3)


def test_curve_scores_worked_by_hand() -> None:
    scores = log_scores(np.array([1.0, 2, 3, NAN]), np.array([2.0, 2, 5, 1]))
    assert scores["rmse"] == pytest.approx(math.sqrt(5 / 3))
    assert scores["mae"] == scores["bias"] == pytest.approx(1)
    assert scores["r2"] == pytest.approx(1 - (5 / 3) / (2 / 3))
    with pytest.raises(ShapeError, match="nothing to score"):
        log_scores(np.array([NAN]), np.array([1.0]))


def test_interval_by_well_holds_its_share_in_new_wells() -> None:
    generator = np.random.default_rng(0)

    def residual() -> np.ndarray:
        return generator.normal(size=100) * generator.uniform(0.5, 2)

    held = []
    for _ in range(200):
        wells = [residual() for _ in range(15)]
        factor = conformal_by_well(wells, [np.ones(100)] * 15, (0.8,))["0.8"]
        held.append((np.abs(residual()) <= factor).mean())
    assert 0.79 < np.mean(held) < 0.92


def test_long_well_weighs_no_more_than_a_short_one() -> None:
    short, long = np.full(10, 3.0), np.full(10_000, 1.0)
    factor = conformal_by_well([short, long], [np.ones(10), np.ones(10_000)], (0.5,))["0.5"]
    assert factor == 3
