"""Laws that every velocity prior keeps; a new entry adds a line to SLIM and to CHANGES."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor

from geoml.errors import OptionError, UnknownNameError
from geoml.models.network_table import build_network, network_config, rebuild_network
from geoml.models.priors import PRIORS

SHAPE = (18, 21)
CONVOLUTIONS: dict[str, object] = {"widths": (8, 8, 16), "code": 6}

SLIM: dict[str, dict[str, object]] = {
    "vae": CONVOLUTIONS,
    "conditional_vae": CONVOLUTIONS,
    "gan": {"widths": (16, 24), "code": 6},
    "non_saturating_gan": {"widths": (16, 24), "code": 6},
    "dcgan": CONVOLUTIONS,
    "conditional_gan": CONVOLUTIONS,
    "wasserstein_gan": CONVOLUTIONS,
}
"""Options that make a network quick."""

_CONVOLUTION_CHANGES: dict[str, object] = {
    "widths": (8, 16, 16),
    "code": 7,
    "levels": 0,
    "fine_width": 0,
}
CHANGES: dict[str, dict[str, object]] = {
    "vae": {**_CONVOLUTION_CHANGES, "components": 2},
    "conditional_vae": {**_CONVOLUTION_CHANGES, "components": 2},
    "gan": {"widths": (16, 16), "code": 7},
    "non_saturating_gan": {"widths": (16, 16), "code": 7},
    "dcgan": {"widths": (8, 16, 16), "code": 7},
    "conditional_gan": _CONVOLUTION_CHANGES,
    "wasserstein_gan": _CONVOLUTION_CHANGES,
}
"""Another value of each option, what follows from the sections left out."""

FOLLOWS = {"shape", "n_labels", "n_trend"}
every_prior = pytest.mark.parametrize("name", PRIORS)
every_vae = pytest.mark.parametrize("name", [n for n in PRIORS if "vae" in n])


def is_conditional(name: str) -> bool:
    return bool(getattr(PRIORS[name].network, "conditional"))  # noqa: B009


def build(name: str, **options: object) -> Any:
    torch.manual_seed(0)
    conditional = is_conditional(name)
    fixed = {"shape": SHAPE, "n_labels": 2 * conditional, "n_trend": 3 * conditional}
    return build_network(PRIORS, name, "prior", fixed, {**SLIM[name], **options}).eval()


def condition(network: Any, n: int) -> Tensor | None:
    size = network.config.n_condition
    if size == 0:
        return None
    return torch.randn(n, size, generator=torch.Generator().manual_seed(2))


def samples(network: Any, n: int = 5, seed: int = 1) -> Tensor:
    drawn: Tensor = network.sample(n, torch.Generator().manual_seed(seed), condition(network, n))
    return drawn


def outputs(network: Any) -> list[Tensor]:
    """Everything that a network can say of sections and codes."""
    sections = torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(3)) * 2 - 1
    torch.manual_seed(4)
    return list(network(sections, condition(network, 3)).values())


@every_prior
def test_samples_are_scaled_sections(name: str) -> None:
    drawn = samples(build(name))
    assert drawn.shape == (5, *SHAPE)
    assert drawn.abs().max() <= 1
    assert not drawn.requires_grad


@every_prior
def test_same_generator_gives_the_same_samples_and_another_gives_others(name: str) -> None:
    network = build(name)
    assert torch.equal(samples(network), samples(network))
    assert not torch.equal(samples(network), samples(network, seed=2))


@every_prior
def test_sampling_leaves_the_common_random_numbers_alone(name: str) -> None:
    network = build(name)
    before = torch.get_rng_state()
    samples(network)
    assert torch.equal(torch.get_rng_state(), before)


@every_prior
def test_gradient_reaches_every_weight(name: str) -> None:
    network = build(name).train()
    sum((value.square().sum() for value in outputs(network)), torch.tensor(0.0)).backward()
    still = [n for n, w in network.named_parameters() if w.grad is None or not w.grad.any()]
    assert not still


@every_prior
def test_rebuilt_network_draws_the_same_samples(name: str) -> None:
    network = build(name)
    config = json.loads(json.dumps(network_config(name, network)))
    again = rebuild_network(PRIORS, config, "prior").eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(samples(again), samples(network))


@every_prior
def test_every_option_has_a_case(name: str) -> None:
    assert set(CHANGES[name]) == {f.name for f in fields(PRIORS[name].config)} - FOLLOWS


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in CHANGES for option in CHANGES[name]]
)
def test_every_option_changes_the_network(name: str, option: str) -> None:
    usual, other = build(name), build(name, **{option: CHANGES[name][option]})
    shapes = [[w.shape for w in network.state_dict().values()] for network in (usual, other)]
    if shapes[0] == shapes[1]:
        other.load_state_dict(usual.state_dict())
        pairs = zip(outputs(usual), outputs(other), strict=True)
        assert any(not torch.allclose(one, two) for one, two in pairs)


@every_prior
def test_conditional_network_follows_its_condition_and_another_refuses_one(name: str) -> None:
    network = build(name)
    if not is_conditional(name):
        with pytest.raises(OptionError, match="reads no condition"):
            build_network(PRIORS, name, "prior", {"shape": SHAPE, "n_trend": 3}, SLIM[name])
        return
    with pytest.raises(OptionError, match="needs a condition"):
        build_network(PRIORS, name, "prior", {"shape": SHAPE}, SLIM[name])
    n_condition = network.config.n_condition
    drawn = [
        network.sample(2, torch.Generator().manual_seed(1), value * torch.ones(2, n_condition))
        for value in (-1.0, 1.0)
    ]
    assert not torch.allclose(*drawn)


@every_prior
def test_sampling_under_no_condition_takes_one_of_the_training(name: str) -> None:
    network = build(name)
    if not is_conditional(name):
        assert torch.equal(network.sample(2, torch.Generator().manual_seed(1)), samples(network, 2))
        return
    kept = torch.randn(4, network.config.n_condition)
    network.known_conditions.keep(kept, torch.Generator().manual_seed(0))
    drawn = network.known_conditions.draw(9, torch.Generator().manual_seed(1))
    assert all(any(torch.equal(row, one) for one in kept) for row in drawn)
    network.known_conditions.keep(kept[:1], torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    network.known_conditions.draw(5, generator)
    wanted = network.sample(5, generator, kept[:1].expand(5, -1))
    assert torch.equal(network.sample(5, torch.Generator().manual_seed(1)), wanted)


@every_prior
@pytest.mark.parametrize("shape", [(8, 8), (9, 30), (70, 70)])
def test_any_size_of_section(name: str, shape: tuple[int, int]) -> None:
    conditional = is_conditional(name)
    network: Any = build_network(
        PRIORS, name, "prior", {"shape": shape, "n_trend": 3 * conditional}, SLIM[name]
    )
    assert samples(network.eval(), 2).shape == (2, *shape)


@every_vae
def test_mean_code_decodes_to_the_reconstruction(name: str) -> None:
    network = build(name)
    sections, given = torch.rand(3, *SHAPE), condition(network, 3)
    mean, _ = network.encode(sections, given)
    assert mean.shape == (3, network.config.code)
    torch.testing.assert_close(network.decode(mean, given), network(sections, given)["velocity"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"code": 0}, "must be at least 1, 0 and 0"),
        ({"widths": (12, 16)}, "multiple of 8"),
        ({"widths": ()}, "at least one"),
        ({"levels": 1}, "0 or at least 2"),
        ({"fine_width": -1}, "at least 0"),
        ({"components": 0}, "at least 1"),
        ({"shape": (70, 70)}, "follows from data"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        build("vae", **options)


def test_small_section_is_refused() -> None:
    with pytest.raises(OptionError, match="4 x 9 cells; at least 8 x 8"):
        build_network(PRIORS, "vae", "prior", {"shape": (4, 9)})


def test_section_too_small_for_the_critic_is_refused() -> None:
    with pytest.raises(OptionError, match="9 x 40 cells are too small to halve 4 times"):
        build_network(PRIORS, "wasserstein_gan", "prior", {"shape": (9, 40)})


def test_fine_convolution_leaves_no_checkerboard() -> None:
    """Constant features give a constant section but for its rim; four cells at once need not."""
    relief = {}
    for fine_width in (8, 0):
        generator = build("wasserstein_gan", fine_width=fine_width).generator
        torch.nn.init.normal_(generator.leave.weight)
        features = torch.randn(1, generator.leave.in_channels, 1, 1).expand(-1, -1, 9, 11)
        section = generator._at_full_resolution(features)[..., 2:-2, 2:-2]
        relief[fine_width] = float(section.detach().std(dim=(2, 3)).max())
    assert relief[8] < 1e-5
    assert relief[0] > 0.1


def test_unknown_prior_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'vae'"):
        build_network(PRIORS, "vaee", "prior", {"shape": SHAPE})
