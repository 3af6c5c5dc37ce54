"""The loop of generator and critic: whose turn it is, what is kept, what is warned of."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from geoml.errors import OptionError
from geoml.models.network_table import build_network
from geoml.models.priors import PRIORS
from geoml.training.adversarial_fit import collapse_warning, fit_adversaries
from geoml.training.adversarial_options import AdversarialFitOptions
from geoml.training.prior_data import endless_batches, scaled
from tests.made_prior import SHAPE, SMALL, layered_sections

TRUE = scaled(layered_sections(64).velocity, (1500, 4500))


def network(name: str = "wasserstein_gan") -> Any:
    torch.manual_seed(0)
    return build_network(PRIORS, name, "prior", {"shape": SHAPE}, SMALL)


def fitted(
    name: str = "wasserstein_gan", true: Tensor = TRUE, **options: Any
) -> tuple[Any, list[dict[str, float]]]:
    chosen = AdversarialFitOptions(
        **{
            "steps": 4,
            "batch_size": 8,
            "validate_every": 2,
            "n_watched": 16,
            "critic_head_start": 0,
            **options,
        }
    )
    built = network(name)
    batches = endless_batches({"velocity": true}, chosen.batch_size, 0, False)
    return built, fit_adversaries(built, batches, true, chosen)


def weights(part: Any) -> Tensor:
    return torch.cat([w.detach().flatten() for w in part.parameters()])


def test_each_look_is_a_row_and_both_networks_learn() -> None:
    built, curve = fitted()
    assert [row["step"] for row in curve] == [2, 4]
    assert {"critic_loss", "generator_loss", "gradient_penalty"} <= set(curve[0])
    fresh = network()
    assert (weights(built.generator) != weights(fresh.generator)).any()
    assert (weights(built.critic) != weights(fresh.critic)).any()
    assert not built.training


def test_logistic_game_has_no_penalty() -> None:
    assert "gradient_penalty" not in fitted("dcgan")[1][0]


@pytest.mark.parametrize(("name", "still"), [("generator", "critic"), ("critic", "generator")])
def test_each_learns_at_its_own_rate(name: str, still: str) -> None:
    rates = {"generator": "learning_rate", "critic": "critic_learning_rate"}
    chosen: dict[str, Any] = {rates[still]: 1e-12}
    built, _ = fitted(ema_decay=0.0, **chosen)
    fresh = network()
    assert (weights(getattr(built, still)) - weights(getattr(fresh, still))).abs().max() < 1e-6
    assert (weights(getattr(built, name)) - weights(getattr(fresh, name))).abs().max() > 1e-5


def test_critic_takes_its_steps_between_those_of_the_generator() -> None:
    seen: list[int] = []

    def counted() -> Any:
        for batch in endless_batches({"velocity": TRUE}, 8, 0, False):
            seen.append(1)
            yield batch

    options = AdversarialFitOptions(
        steps=3, critic_steps=4, critic_head_start=5, batch_size=8, n_watched=4
    )
    curve = fit_adversaries(network(), counted(), TRUE, options)
    assert curve[-1]["step"] == 3
    assert 17 <= len(seen) <= 18  # the loader may read one ahead


def test_generator_against_a_strong_critic_draws_sections_of_the_kind() -> None:
    """The critic ahead: the variogram comes near and the samples stay diverse."""
    _, curve = fitted(
        steps=200,
        batch_size=16,
        validate_every=100,
        critic_head_start=30,
        critic_learning_rate=2e-3,
        n_watched=128,
        learning_rate=5e-4,
    )
    assert curve[-1]["critic_loss"] < -0.5
    assert curve[-1]["variogram_error"] < 0.4
    assert curve[-1]["diversity"] > 0.6


def test_samples_that_are_alike_are_warned_of() -> None:
    warning = collapse_warning(0.31)
    assert warning is not None
    assert warning.startswith("Two samples differ by 31% of what two training sections differ by")
    assert collapse_warning(0.95) is None


def test_diversity_is_that_of_the_samples_over_that_of_the_sections() -> None:
    alike = TRUE[:1] + 1e-4 * torch.randn(64, *SHAPE)
    _, curve = fitted(true=alike)
    assert curve[-1]["diversity"] > 10
    _, curve = fitted()
    assert 0 < curve[-1]["diversity"] < 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"critic_steps": 0}, "'critic_steps' is 0; it must be above 0"),
        ({"ema_decay": 1.0}, "under 1"),
        ({"n_watched": 1}, "at least 2"),
        ({"critic_head_start": -1}, "at least 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        AdversarialFitOptions(**options)
