"""Games of generator and critic, against values by hand."""

from __future__ import annotations

import math

import pytest
import torch

from geoml.objectives.adversarial_loss import (
    ADVERSARIAL_LOSSES,
    cross_entropy_critic,
    minimax_generator,
    non_saturating_generator,
    wasserstein_critic,
    wasserstein_generator,
)

EVEN = torch.zeros(4)  # s(0) = 1/2
THREE = torch.tensor([math.log(3.0)])  # s = 3/4


def test_critic_that_cannot_tell_pays_log_four() -> None:
    assert cross_entropy_critic(EVEN, EVEN) == pytest.approx(math.log(4))


def test_logistic_games_by_hand() -> None:
    assert cross_entropy_critic(THREE, THREE) == pytest.approx(-math.log(0.75) - math.log(0.25))
    assert minimax_generator(THREE) == pytest.approx(math.log(0.25))
    assert non_saturating_generator(THREE) == pytest.approx(-math.log(0.75))


def test_wasserstein_game_by_hand() -> None:
    true, drawn = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.0])
    assert wasserstein_critic(true, drawn) == pytest.approx(-2.5)
    assert wasserstein_generator(drawn) == pytest.approx(0.5)


def test_minimax_is_a_game_of_zero_sum() -> None:
    drawn = torch.randn(7)
    true_part = cross_entropy_critic(EVEN, drawn) - math.log(2)
    assert minimax_generator(drawn) == pytest.approx(-float(true_part), abs=1e-6)


def test_sure_critic_leaves_a_gradient_to_the_non_saturating_generator_alone() -> None:
    gradient = {}
    for name in ("minimax", "non_saturating"):
        judgement = torch.tensor([-20.0], requires_grad=True)
        ADVERSARIAL_LOSSES[name].generator(judgement).backward()
        assert judgement.grad is not None
        gradient[name] = float(judgement.grad)
    assert abs(gradient["minimax"]) < 1e-8
    assert gradient["non_saturating"] == pytest.approx(-1)


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_generator_is_better_off_the_truer_its_sections_look(name: str) -> None:
    game = ADVERSARIAL_LOSSES[name]
    assert game.generator(EVEN + 1) < game.generator(EVEN)
    assert game.critic(EVEN + 1, EVEN) < game.critic(EVEN, EVEN)
    assert game.critic(EVEN, EVEN + 1) > game.critic(EVEN, EVEN)
