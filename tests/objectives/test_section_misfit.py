"""Misfit of sections and the likelihood made of it."""

from __future__ import annotations

import math

import pytest
import torch

from geoml.objectives.section_misfit import laplace_nats_per_cell, step_aware_l1


def test_misfit_of_one_wrong_cell_by_hand() -> None:
    true, predicted = torch.zeros(1, 2, 3), torch.zeros(1, 2, 3)
    predicted[0, 0, 1] = 0.6
    # One cell of six; one step down of three; two steps along of four.
    assert step_aware_l1(predicted, true, 0.0) == pytest.approx(0.1)
    assert step_aware_l1(predicted, true, 0.5) == pytest.approx(0.1 + 0.5 * (0.2 + 0.3))


def test_constant_error_has_no_wrong_steps() -> None:
    true = torch.randn(2, 5, 5)
    assert step_aware_l1(true + 0.25, true, 7.0) == pytest.approx(0.25, abs=1e-5)


def test_likelihood_is_that_of_the_best_laplace_scale() -> None:
    torch.manual_seed(0)
    error = torch.distributions.Laplace(0.0, 0.3).sample((10_000,))
    best = laplace_nats_per_cell(error.abs().mean())
    constant = math.log(2) + 1
    for scale in (0.2, error.abs().mean().item(), 0.45):
        nats = -torch.distributions.Laplace(0.0, scale).log_prob(error).mean()
        assert best + constant <= nats + 1e-4


def test_perfect_reconstruction_has_a_finite_likelihood() -> None:
    assert torch.isfinite(laplace_nats_per_cell(torch.tensor(0.0)))
