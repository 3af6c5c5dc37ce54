"""What the distribution of codes draws."""

from __future__ import annotations

import torch

from geoml.models.priors.code_prior import CodePrior


def fitted() -> CodePrior:
    """Two Gaussians far apart, the first with correlated numbers."""
    prior = CodePrior(2, 2, n_condition=1)
    covariance = torch.tensor([[[4.0, 1.0], [1.0, 1.0]], [[0.25, 0.0], [0.0, 0.25]]])
    prior.set_mixture(
        torch.tensor([0.75, 0.25]),
        torch.tensor([[10.0, 0.0], [-10.0, 5.0]]),
        covariance,
        torch.tensor([[0.0, 2.0]]),
    )
    return prior


def test_codes_are_standard_normal_until_a_mixture_is_set() -> None:
    codes = CodePrior(3, 4).sample(20_000, torch.Generator().manual_seed(0))
    assert codes.mean(0).abs().max() < 0.03
    assert (codes.T.cov() - torch.eye(3)).abs().max() < 0.05


def test_codes_have_the_shares_means_and_covariances_of_the_mixture() -> None:
    codes = fitted().sample(40_000, torch.Generator().manual_seed(0))
    first, second = codes[codes[:, 0] > 0], codes[codes[:, 0] < 0]
    assert abs(len(first) / len(codes) - 0.75) < 0.01
    torch.testing.assert_close(first.mean(0), torch.tensor([10.0, 0.0]), atol=0.05, rtol=0)
    torch.testing.assert_close(second.mean(0), torch.tensor([-10.0, 5.0]), atol=0.05, rtol=0)
    wanted = torch.tensor([[4.0, 1.0], [1.0, 1.0]])
    torch.testing.assert_close(first.T.cov(), wanted, atol=0.1, rtol=0)


def test_moments_are_those_of_the_codes_together() -> None:
    codes = fitted().sample(200_000, torch.Generator().manual_seed(0))
    mean, factor = fitted().moments()
    torch.testing.assert_close(mean, codes.mean(0), atol=0.1, rtol=0)
    torch.testing.assert_close(factor @ factor.T, codes.T.cov(), atol=0.5, rtol=0.01)


def test_mixture_of_fewer_gaussians_leaves_the_others_out() -> None:
    prior = CodePrior(2, 5)
    prior.set_mixture(torch.ones(1), torch.full((1, 2), 7.0), torch.eye(2)[None], torch.zeros(0, 2))
    codes = prior.sample(20_000, torch.Generator().manual_seed(0))
    assert (codes.mean(0) - 7).abs().max() < 0.03


def test_condition_moves_codes_along_its_slope() -> None:
    prior = fitted()
    plain = prior.sample(5, torch.Generator().manual_seed(0), torch.zeros(5, 1))
    moved = prior.sample(5, torch.Generator().manual_seed(0), torch.full((5, 1), 3.0))
    torch.testing.assert_close(moved - plain, torch.tensor([0.0, 6.0]).expand(5, 2))


def test_coloured_zeros_are_the_mean_and_gradients_pass() -> None:
    white = torch.zeros(1, 2, requires_grad=True)
    code = fitted().colour(white)
    torch.testing.assert_close(code, torch.tensor([[10.0, 0.0]]))
    code[0, 0].backward()
    torch.testing.assert_close(white.grad, torch.tensor([[2.0, 0.0]]))  # the Cholesky factor
