"""Laws that every network keeps that draws sections."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest
import torch

from geoml.errors import OptionError
from geoml.models import SectionShape, build_model, model_config, rebuild
from geoml.models.posteriors import POSTERIORS, PosteriorNetwork
from geoml.models.posteriors.conditional_gan import ConditionalGan, ConditionalGanConfig
from geoml.models.posteriors.conditional_vae import (
    ConditionalVae,
    ConditionalVaeConfig,
    normal_divergence,
)
from geoml.models.posteriors.coupling_flow import CouplingFlow

SMALL = SectionShape(n_shots=2, n_samples=40, n_receivers=9, n_depth=13, n_distance=18)
COLUMN = SectionShape(n_shots=1, n_samples=96, n_receivers=2, n_depth=64, n_distance=8)
HEADS = ("velocity", "edges", "log_variance")
TRUNK = {"stem_widths": (16, 32), "widths": (32, 64), "norm_channels": 8}
SLIM: dict[str, Any] = {"trunk": TRUNK, "widths": (16, 24), "draws": 6}

CHANGES: dict[type, dict[str, object]] = {
    ConditionalVaeConfig: {"flow_steps": 3},
    ConditionalGanConfig: {},
}
ALL_CHANGES = {
    "trunk": {**TRUNK, "compression": 5.0},
    "widths": (16, 32),
    "code_channels": 4,
    "draws": 4,
}


def network(name: str, shape: SectionShape = SMALL, **options: object) -> PosteriorNetwork:
    torch.manual_seed(0)
    made = build_model(name, shape, HEADS, {**SLIM, **options})
    assert isinstance(made, PosteriorNetwork)
    return made


def gathers(shape: SectionShape = SMALL, n_batch: int = 2) -> torch.Tensor:
    size = (n_batch, shape.n_shots, shape.n_samples, shape.n_receivers)
    return torch.randn(size, generator=torch.Generator().manual_seed(1))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", POSTERIORS)
@pytest.mark.parametrize("shape", [SMALL, COLUMN], ids=str)
def test_samples_are_sections_that_follow_from_the_generator(
    name: str, shape: SectionShape
) -> None:
    model, shots = network(name, shape).eval(), gathers(shape)
    with torch.no_grad():
        samples, same = (model.sample(shots, 3, seeded(0)) for _ in range(2))
        other = model.sample(shots, 3, seeded(1))
    assert samples.shape == (3, 2, shape.n_depth, shape.n_distance)
    assert samples.dtype == torch.float32
    assert torch.equal(samples, same)
    assert (samples != other).any()
    assert samples.std(dim=0).min() > 0


@pytest.mark.parametrize("name", POSTERIORS)
def test_called_on_gathers_it_gives_mean_and_variance_of_its_samples(name: str) -> None:
    model, shots = network(name).eval(), gathers(n_batch=1)
    with torch.no_grad():
        torch.manual_seed(3)
        output = model(shots)
        torch.manual_seed(3)
        samples = model.sample(shots, 6)
    assert tuple(output) == HEADS
    torch.testing.assert_close(output["velocity"], samples.mean(0))
    torch.testing.assert_close(output["log_variance"].exp(), samples.var(0))


@pytest.mark.parametrize("name", POSTERIORS)
def test_gradient_reaches_every_weight(name: str) -> None:
    model, shots = network(name), gathers()
    context = model.context(shots)
    loss = model.drawn(model.noise(2, 2), context).square().mean()
    loss = loss + sum(m.square().mean() for m in context.maps.values())
    if isinstance(model, ConditionalVae):
        told = model.recognise(context, torch.randn(2, 13, 18))
        loss = loss + (told.decoded.square() * told.log_scale.exp()).mean() + told.kl.mean()
    loss.backward()
    for weight_name, weight in model.named_parameters():
        assert weight.grad is not None, weight_name
        assert weight.grad.abs().sum() > 0, weight_name


@pytest.mark.parametrize("name", POSTERIORS)
def test_network_rebuilt_from_its_config_draws_the_same(name: str) -> None:
    model = network(name).eval()
    twin = rebuild(json.loads(json.dumps(model_config(name, model)))).eval()
    twin.load_state_dict(model.state_dict())
    assert isinstance(twin, PosteriorNetwork)
    with torch.no_grad():
        drawn = [one.sample(gathers(), 2, seeded(0)) for one in (model, twin)]
    assert torch.equal(*drawn)


@pytest.mark.parametrize("name", POSTERIORS)
def test_every_setting_changes_the_output(name: str) -> None:
    model = network(name)
    changes: dict[str, Any] = {
        "shape": replace(SMALL, n_depth=14),
        "heads": ("velocity", "log_variance"),
        **ALL_CHANGES,
        **CHANGES[POSTERIORS[name].config],
    }
    own_test = {"critic_widths"}  # the critic's; see below
    assert set(changes) == {field.name for field in fields(model.config)} - own_test

    def fingerprint(config: object) -> dict[str, list[float]]:
        twin = type(model)(config).eval()  # type: ignore[arg-type]
        generators: dict[torch.Size, torch.Generator] = {}
        for weight in twin.parameters():
            of_shape = generators.setdefault(weight.shape, seeded(2))
            weight.data = 0.1 * torch.randn(weight.shape, generator=of_shape)
        torch.manual_seed(1)
        with torch.no_grad():
            return {head: m.flatten().tolist() for head, m in twin(gathers()).items()}

    base = fingerprint(model.config)
    for option, value in changes.items():
        assert fingerprint(replace(model.config, **{option: value})) != base, option


@pytest.mark.parametrize("name", POSTERIORS)
def test_a_window_is_judged_alone_whatever_shares_its_batch(name: str) -> None:
    model, shots = network(name).eval(), gathers(n_batch=3)
    with torch.no_grad():
        torch.manual_seed(0)
        together = model(shots)
        torch.manual_seed(0)
        alone = model(shots[1:2])
    for head in HEADS:
        torch.testing.assert_close(together[head][1:2], alone[head], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("options", [{"draws": 1}, {"code_channels": 1}, {"widths": (12,)}])
def test_impossible_settings_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        network("cvae", **options)


def test_a_task_without_spread_is_refused() -> None:
    with pytest.raises(OptionError, match="log_variance"):
        build_model("cvae", SMALL, ("velocity",), SLIM)


def test_zero_samples_are_refused() -> None:
    with pytest.raises(OptionError, match="0 posterior samples"):
        network("cwgan").sample(gathers(), 0)


def test_flow_goes_there_and_back_and_its_growth_is_the_determinant() -> None:
    torch.manual_seed(0)
    flow = CouplingFlow(2, 3, steps=4, hidden=8).double()
    flow.float()
    base, context = torch.randn(1, 2, 2, 2), torch.randn(1, 3, 2, 2)
    for weight in flow.parameters():
        weight.data = 0.5 * torch.randn_like(weight)
    code, growth = flow(base, context)
    back, same_growth = flow.inverse(code, context)
    torch.testing.assert_close(back, base, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(same_growth, growth, rtol=1e-3, atol=1e-4)
    jacobian = torch.autograd.functional.jacobian(lambda x: flow(x, context)[0], base)
    _, log_determinant = torch.linalg.slogdet(jacobian.reshape(8, 8))
    torch.testing.assert_close(growth[0], log_determinant, rtol=1e-3, atol=1e-4)


def test_divergence_is_that_of_torch() -> None:
    torch.manual_seed(0)
    mean, log_std, prior_mean, prior_log_std = torch.randn(4, 50)
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(
        normal(mean, log_std.exp()), normal(prior_mean, prior_log_std.exp())
    )
    told = normal_divergence(mean, log_std, prior_mean, prior_log_std)
    torch.testing.assert_close(told, expected)


def test_estimated_divergence_is_the_exact_one_on_average() -> None:
    # A flow of no couplings is exact; one that moves nothing has to estimate the same.
    exact, estimated = network("cvae", flow_steps=0), network("cvae", flow_steps=1)
    assert isinstance(exact, ConditionalVae)
    assert isinstance(estimated, ConditionalVae)
    estimated.load_state_dict({**estimated.state_dict(), **exact.state_dict()})
    for weight in estimated.flow.parameters():
        weight.data.zero_()
    velocity = torch.randn(1, 13, 18)
    with torch.no_grad():
        context = exact.context(gathers(n_batch=1))
        torch.manual_seed(0)
        kl = exact.recognise(context, velocity).kl
        draws = torch.stack([estimated.recognise(context, velocity).kl for _ in range(600)])
    error = draws.std() / 600**0.5
    assert abs(draws.mean() - kl) < 4 * error + 1e-3


def test_prior_with_a_flow_is_a_density_that_its_codes_follow() -> None:
    # One cell of two numbers, so that the density can be summed over the plane.
    tiny = SectionShape(n_shots=1, n_samples=40, n_receivers=9, n_depth=8, n_distance=8)
    model = network("cvae", tiny, widths=(8, 8, 8), code_channels=2, flow_steps=3)
    assert isinstance(model, ConditionalVae)
    for weight in model.flow.parameters():
        weight.data = 0.4 * torch.randn_like(weight)
    axis = torch.linspace(-15, 15, 301)
    plane = torch.cartesian_prod(axis, axis)[:, :, None, None]
    with torch.no_grad():
        context = model.context(gathers(tiny, 1))
        bottom = context.features[-1].expand(len(plane), -1, -1, -1)
        everywhere = context._replace(features=[*context.features[:-1], bottom])
        density = (model.log_prior(plane, everywhere) - math.log(2 * math.pi)).exp()
        cell = float(axis[1] - axis[0]) ** 2
        assert float(density.sum() * cell) == pytest.approx(1, abs=0.02)
        mean = (density[:, None] * plane[:, :, 0, 0]).sum(0) * cell
        codes = model.code(model.noise(20_000, 1, seeded(0)), context)[:, 0, :, 0, 0]
    torch.testing.assert_close(codes.mean(0), mean, rtol=0, atol=0.05)


def test_noise_of_a_section_draws_what_its_code_decodes_to() -> None:
    model = network("cvae", flow_steps=2)
    assert isinstance(model, ConditionalVae)
    velocity = torch.randn(2, 13, 18)
    with torch.no_grad():
        context = model.context(gathers())
        code, _ = model._codes_of((velocity - context.velocity) / context.scale, context)
        decoded = model.departure(code[None], context)
        drawn = model.drawn(model.noise_of(context, velocity), context)
    expected = context.velocity + context.scale * decoded
    torch.testing.assert_close(drawn, expected, rtol=1e-3, atol=1e-3)


def test_critic_reads_both_sections_and_the_gathers_and_has_its_widths() -> None:
    model = network("cwgan", critic_widths=(8, 16))
    assert isinstance(model, ConditionalGan)
    critic = model.critic()
    assert {m.out_channels for m in critic.modules() if isinstance(m, torch.nn.Conv2d)} == {
        1,
        8,
        16,
    }
    with torch.no_grad():
        told = model.context(gathers()).sections
        one, two = torch.randn(2, 2, 13, 18)
        base = critic(one, two, told)
        assert base.shape == (2,)
        for changed in ((one + 1, two, told), (one, two + 1, told), (one, two, told + 1)):
            assert (critic(*changed) != base).all()
