"""Scores of samples against distributions whose scores are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import norm

from geoml.errors import OptionError, ShapeError
from geoml.objectives.conditional_elbo import conditional_elbo
from geoml.objectives.pair_critic import pair_distance, pair_penalty
from geoml.objectives.sample_score import (
    pair_crps,
    sample_crps,
    sample_interval,
    sample_scores,
)


def test_crps_of_two_samples_by_hand() -> None:
    # |1 - 2| and |4 - 2| make 1.5; the samples are 3 apart, of which half is 1.5.
    assert sample_crps([[1.0], [4.0]], [2.0]) == pytest.approx(0.0)
    one, other, true = (torch.tensor([x]) for x in (1.0, 4.0, 2.0))
    assert float(pair_crps(one, other, true)) == pytest.approx(0.0)


def test_crps_of_samples_is_that_of_their_normal_distribution() -> None:
    rng = np.random.default_rng(0)
    mean, std, true = 3.0, 2.0, rng.normal(3.0, 3.0, 4000)
    samples = rng.normal(mean, std, (12, 4000))
    z = (true - mean) / std
    exact = std * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - np.pi**-0.5)
    assert sample_crps(samples, true) == pytest.approx(exact.mean(), rel=0.02)


def test_crps_is_least_for_the_true_spread() -> None:
    rng = np.random.default_rng(1)
    true, base = rng.standard_normal(6000), rng.standard_normal((2, 6000))
    pairs = {k: torch.from_numpy(k * base) for k in (0.5, 1.0, 2.0)}
    scores = {k: float(pair_crps(p[0], p[1], torch.from_numpy(true))) for k, p in pairs.items()}
    assert scores[1.0] < min(scores[0.5], scores[2.0])


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("n", [39, 60])
def test_interval_of_samples_holds_its_share_of_further_ones(level: float, n: int) -> None:
    rng = np.random.default_rng(2)
    low, high = sample_interval(rng.gumbel(size=(n, 20_000)), level)
    true = rng.gumbel(size=20_000)
    assert ((true >= low) & (true <= high)).mean() == pytest.approx(level, abs=0.008)


def test_scores_name_every_level_that_the_samples_can_tell() -> None:
    rng = np.random.default_rng(3)
    scores = sample_scores(rng.standard_normal((20, 5, 4, 3)), np.zeros((5, 4, 3)))
    assert {"coverage_50", "coverage_90", "width_80"} <= set(scores)
    assert "coverage_95" not in scores
    with pytest.raises(OptionError, match="draw 39 or more"):
        sample_interval(rng.standard_normal((20, 3)), 0.95)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="at least two draws"):
        sample_crps(np.zeros((1, 4)), np.zeros(4))
    with pytest.raises(ShapeError):
        sample_crps(np.zeros((3, 4)), np.zeros(5))


def test_bound_is_the_likelihood_less_the_divergence_by_cell() -> None:
    departure, decoded = torch.tensor([[[1.0, 3.0]]]), torch.tensor([[[0.0, 3.0]]])
    log_scale, kl = torch.tensor(np.log(2.0)), torch.tensor([0.5])
    # Laplace of scale 2: -log 4 a cell, and 1/2 for the one that is off; 0.5 nat over two cells.
    expected = -np.log(4.0) - 0.25 - 0.25
    assert float(conditional_elbo(departure, decoded, log_scale, kl)) == pytest.approx(expected)


def test_scale_that_maximises_the_bound_is_the_mean_error() -> None:
    torch.manual_seed(0)
    error = torch.randn(1, 50, 40)
    log_scale = torch.zeros((), requires_grad=True)
    at_best = error.abs().mean().log()
    for value, sign in ((at_best - 0.5, 1), (at_best, 0), (at_best + 0.5, -1)):
        log_scale.data = value
        bound = conditional_elbo(error, 0 * error, log_scale, torch.zeros(1))
        (slope,) = torch.autograd.grad(bound, log_scale)
        assert float(slope) == pytest.approx(0, abs=1e-5) if sign == 0 else slope * sign > 0


def test_critic_distance_is_zero_for_draws_like_the_truth_and_finds_equal_draws() -> None:
    torch.manual_seed(0)
    true, first, second = torch.randn(3, 4000, 1, 1)
    apart = lambda one, other: (one - other).abs().flatten(1).sum(1)  # noqa: E731
    assert float(pair_distance(apart, true, first, second)) == pytest.approx(0, abs=0.06)
    assert float(pair_distance(apart, true, first, first)) > 0.5


def test_penalty_is_zero_at_slope_one() -> None:
    pair = lambda one, other: (0.6 * one + 0.8 * other).flatten(1).sum(1)  # noqa: E731
    true, first, second = torch.randn(3, 6, 1, 1)
    assert float(pair_penalty(pair, true, first, second)) == pytest.approx(0, abs=1e-10)
    steep = lambda one, other: 3 * pair(one, other)  # noqa: E731
    assert float(pair_penalty(steep, true, first, second)) == pytest.approx(4)
