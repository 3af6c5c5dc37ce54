"""Losses and scores of velocity and of its spread."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError, ShapeError
from geoml.objectives import (
    conformal_factors,
    coverage,
    depth_weighted_l1,
    edge_gradient_l1,
    laplace_loss,
    velocity_scores,
)


def test_depth_weighted_l1_by_hand() -> None:
    true = torch.zeros(1, 3, 2)
    predicted = torch.tensor([[[1.0, 1.0], [0.0, 0.0], [2.0, 4.0]]])
    assert depth_weighted_l1(predicted, true).item() == pytest.approx((1 + 0 + 3) / 3)
    # Rows weigh 1, 2 and 3 of an average of 2.
    assert depth_weighted_l1(predicted, true, 2.0).item() == pytest.approx((0.5 + 0 + 4.5) / 3)


@given(st.floats(0, 5), st.integers(0, 100))
def test_an_error_equal_at_all_depths_costs_the_same_under_any_weight(
    weight: float, seed: int
) -> None:
    true = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(seed))
    assert depth_weighted_l1(true + 0.5, true, weight).item() == pytest.approx(0.5, rel=1e-5)


def test_edge_gradient_l1_by_hand() -> None:
    true = torch.tensor([[[0.0, 0, 0], [0, 0, 0], [2, 2, 2], [2, 2, 2]]])
    edges = torch.tensor([[[0.0, 0, 0], [1, 1, 1], [0, 0, 0], [0, 0, 0]]])
    smeared = torch.tensor([[[0.0, 0, 0], [0.5, 0.5, 0.5], [1.5, 1.5, 1.5], [2, 2, 2]]])
    # On the edge itself 3 steps down miss 1 each, and the 2 steps along are right.
    assert edge_gradient_l1(smeared, true, edges, 0).item() == pytest.approx(3 / 5)
    # A cell around it: rows 0 to 2 step down by 0.5, -1 and 0.5 too much, and 6 steps along.
    assert edge_gradient_l1(smeared, true, edges, 1).item() == pytest.approx(3 * 2 / (9 + 6))


def test_edge_gradient_l1_sees_steps_along_the_line_too() -> None:
    true = torch.zeros(1, 3, 4)
    true[..., 2:] = 1
    edges = torch.zeros(1, 3, 4)
    edges[..., 1] = 1
    flat = torch.zeros(1, 3, 4)
    assert edge_gradient_l1(flat, true, edges, 0).item() == pytest.approx(3 / (2 + 3))


@given(st.integers(0, 1000), st.integers(0, 3), st.floats(-2, 2))
def test_edge_gradient_l1_forgets_a_constant_and_grows_with_the_error(
    seed: int, dilation: int, shift: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    true, wrong = torch.randn((2, 2, 7, 9), generator=generator)
    edges = (torch.rand((2, 7, 9), generator=generator) > 0.8).float()
    loss = edge_gradient_l1(true + wrong, true, edges, dilation)
    shifted = edge_gradient_l1(true + wrong + shift, true, edges, dilation)
    torch.testing.assert_close(shifted, loss, rtol=1e-4, atol=1e-5)
    doubled = edge_gradient_l1(true + 2 * wrong, true, edges, dilation)
    torch.testing.assert_close(doubled, 2 * loss, rtol=1e-4, atol=1e-5)


def test_far_from_every_edge_a_wrong_step_costs_nothing() -> None:
    true, edges = torch.zeros(2, 1, 9, 9)
    edges[0, 0, 0] = 1
    wrong = true.clone()
    wrong[0, 5:] = 3
    assert edge_gradient_l1(wrong, true, edges, 2).item() == 0
    assert edge_gradient_l1(wrong, true, edges, 4).item() > 0
    assert edge_gradient_l1(wrong, true, torch.zeros_like(edges)).item() == 0


def test_laplace_loss_is_the_likelihood_that_torch_computes() -> None:
    generator = torch.Generator().manual_seed(0)
    log_variance = torch.randn(2, 4, 5, generator=generator)
    residual = torch.randn(2, 4, 5, generator=generator)
    scale = (log_variance / 2).exp() / math.sqrt(2)
    expected = -torch.distributions.Laplace(0.0, scale).log_prob(residual).mean()
    torch.testing.assert_close(laplace_loss(log_variance, residual), expected)


def test_laplace_loss_is_least_at_the_true_variance() -> None:
    residual = torch.distributions.Laplace(0.0, 0.3).sample((1, 400, 500))
    true = math.log(2 * 0.3**2)
    losses = [laplace_loss(torch.full_like(residual, true + d), residual) for d in (-0.3, 0, 0.3)]
    assert losses[1] < min(losses[0], losses[2])


def test_spread_never_pulls_at_the_velocity() -> None:
    velocity = torch.zeros(1, 2, 2, requires_grad=True)
    log_variance = torch.zeros(1, 2, 2, requires_grad=True)
    laplace_loss(log_variance, velocity - 1).backward()
    assert velocity.grad is None
    assert log_variance.grad is not None


def test_laplace_loss_stays_finite_for_absurd_spreads() -> None:
    log_variance = torch.tensor([[[-500.0, 60.0]]])
    assert torch.isfinite(laplace_loss(log_variance, torch.ones(1, 1, 2)))


def test_velocity_scores_by_hand() -> None:
    true = torch.linspace(1500, 4500, 20 * 20).reshape(1, 20, 20)
    predicted = true.clone()
    predicted[0, :10] += 100
    predicted[0, 10:] -= 50
    scores = velocity_scores(predicted, true)
    assert scores["mae_m_s"] == pytest.approx(75, rel=1e-4)
    assert scores["bias_m_s"] == pytest.approx(25, rel=1e-3)
    assert scores["rmse_m_s"] == pytest.approx(math.sqrt((100**2 + 50**2) / 2), rel=1e-4)
    assert 0.5 < scores["ssim"] < 1


def test_ssim_agrees_with_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    rng = np.random.default_rng(0)
    true = 3000 + 500 * np.cumsum(rng.standard_normal((1, 40, 50)), axis=1) / 5
    predicted = true + 200 * rng.standard_normal(true.shape)
    low, high = true.min(), true.max()
    unit_true, unit_predicted = ((v[0] - low) / (high - low) for v in (true, predicted))
    _, ssim_map = metrics.structural_similarity(
        unit_true,
        unit_predicted,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    ours = velocity_scores(torch.tensor(predicted), torch.tensor(true), (low, high))["ssim"]
    # The two treat the outer 5 cells differently; over the whole map that is under 0.02.
    assert ours == pytest.approx(ssim_map.mean(), abs=0.02)


def test_perfect_prediction_has_perfect_scores() -> None:
    true = torch.rand(2, 12, 15) * 1000 + 1500
    scores = velocity_scores(true, true)
    assert scores == pytest.approx({"mae_m_s": 0, "rmse_m_s": 0, "bias_m_s": 0, "ssim": 1})


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.floats(0.05, 20))
def test_conformal_intervals_hold_their_share_on_fresh_data_however_wrong_the_spread(
    seed: int, mistake: float
) -> None:
    rng = np.random.default_rng(seed)
    std = rng.uniform(0.5, 2, (2, 60, 20, 20))
    residual = rng.laplace(scale=std)
    factors = conformal_factors(residual[0], mistake * std[0])
    held = coverage(residual[1], mistake * std[1], factors)
    assert list(held) == ["0.5", "0.8", "0.95"]
    for level, share in held.items():
        assert share == pytest.approx(float(level), abs=0.02)


def test_conformal_factor_by_hand() -> None:
    residual = np.array([[[1.0, -2.0, 3.0, -4.0]]])
    assert conformal_factors(residual, np.ones_like(residual), (0.5,)) == {"0.5": 3.0}
    assert coverage(residual, np.ones_like(residual), {"0.5": 3.0}) == {"0.5": 0.75}


def test_spread_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(3,\)"):
        conformal_factors(np.ones((2, 3)), np.ones(3))


def test_level_that_is_no_share_is_refused() -> None:
    with pytest.raises(OptionError, match="level 80 is not between 0 and 1"):
        conformal_factors(np.ones(3), np.ones(3), (80,))
