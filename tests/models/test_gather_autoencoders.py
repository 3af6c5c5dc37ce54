"""What the convolutional autoencoders do beyond the laws of every gather network."""

from __future__ import annotations

import math

import pytest
import torch

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers.component_autoencoder import (
    ComponentAutoencoder,
    ComponentAutoencoderConfig,
)
from geoml.models.gathers.conv_autoencoder import ConvAutoencoder, ConvAutoencoderConfig
from geoml.models.gathers.variational_autoencoder import (
    VariationalAutoencoder,
    VariationalAutoencoderConfig,
    reparameterised,
)
from geoml.objectives.kl_divergence import active_units, kl_to_standard_normal

BOTH = [
    (ConvAutoencoder, ConvAutoencoderConfig),
    (VariationalAutoencoder, VariationalAutoencoderConfig),
]


@pytest.mark.parametrize(("network", "config"), BOTH)
def test_map_takes_any_size(network: type, config: type) -> None:
    patches = torch.randn(2, 13, 37)
    built = network(config(widths=(4, 8))).eval()
    assert built(patches)["signal"].shape == patches.shape
    assert built.encode(patches).shape == (2, 32, 4, 10)


@pytest.mark.parametrize(("network", "config"), BOTH)
def test_vector_has_so_many_numbers_and_decodes_to_the_patch(network: type, config: type) -> None:
    built = network(config(widths=(4, 8), code=5, vector=True, n_traces=13, n_times=37)).eval()
    code = built.encode(torch.randn(2, 13, 37))
    assert code.shape == (2, 5)
    assert built.decode(code).shape == (2, 13, 37)


@pytest.mark.parametrize(("network", "config"), BOTH)
def test_vector_refuses_patches_of_another_size(network: type, config: type) -> None:
    built = network(config(widths=(4,), vector=True, n_traces=12, n_times=16))
    with pytest.raises(ShapeError, match="codes patches of 12 traces and 16 times; found 13"):
        built(torch.randn(2, 13, 16))


@pytest.mark.parametrize(("network", "config"), BOTH)
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"widths": ()}, OptionError, "at least one width"),
        ({"code": 0}, OptionError, "at least 1"),
        ({"vector": True}, OptionError, "needs n_traces and n_times"),
        ({"vector": True, "n_traces": 4, "n_times": 64}, ShapeError, "too small for 3"),
    ],
)
def test_impossible_bottleneck_is_refused(
    network: type, config: type, options: dict[str, object], error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        config(**options)


def test_code_is_drawn_in_training_and_the_mean_in_use() -> None:
    network = VariationalAutoencoder(VariationalAutoencoderConfig(widths=(4,)))
    patches = torch.randn(2, 8, 8)
    first, second = (network(patches)["signal"] for _ in range(2))
    assert not torch.allclose(first, second)
    network.eval()
    torch.testing.assert_close(network(patches)["signal"], network(patches)["signal"])


def test_draws_have_the_mean_and_the_variance_that_were_asked_for() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.full((100_000,), 3.0), torch.full((100_000,), math.log(4.0))
    drawn = reparameterised(mean, log_variance, generator)
    assert drawn.mean() == pytest.approx(3, abs=0.03)
    assert drawn.std() == pytest.approx(2, abs=0.03)


def test_gradient_of_a_draw_reaches_mean_and_variance() -> None:
    mean, log_variance = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    reparameterised(mean, log_variance, torch.Generator().manual_seed(0)).sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones(4))
    assert log_variance.grad is not None
    assert log_variance.grad.abs().min() > 0


def test_divergence_equals_that_of_torch_distributions() -> None:
    mean, log_variance = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0))
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(
        normal(mean, torch.exp(0.5 * log_variance)), normal(0.0, 1.0)
    )
    torch.testing.assert_close(kl_to_standard_normal(mean, log_variance), wanted.sum(dim=1))


def test_divergence_of_the_standard_normal_is_zero() -> None:
    assert kl_to_standard_normal(torch.zeros(2, 3), torch.zeros(2, 3)).tolist() == [0, 0]


def test_units_that_stay_put_are_not_active() -> None:
    mean = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    mean[:, 2] = 1.7
    assert active_units(mean) == 3
    assert active_units(mean[:1]) == 0


def test_network_on_components_is_pca_before_it_has_learned() -> None:
    torch.manual_seed(0)
    mixed = torch.randn(200, 5) @ torch.randn(5, 96)
    patches = (mixed + 3).unflatten(1, (8, 12))
    config = ComponentAutoencoderConfig(8, 12, widths=(4, 8), code=5)
    network = ComponentAutoencoder(config).eval()
    network.start(patches)
    with torch.no_grad():
        for layer in (network.to_code[1], network.decoder[-1]):
            layer.weight.zero_()
            layer.bias.zero_()
        code, signal = network.encode(patches), network(patches)["signal"]
    torch.testing.assert_close(signal, patches, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(code.var(dim=0), torch.ones(5), atol=1e-3, rtol=1e-3)


def test_first_weights_leave_the_components_nearly_as_they_are() -> None:
    torch.manual_seed(0)
    patches = (10 * torch.randn(200, 5) @ torch.randn(5, 96)).unflatten(1, (8, 12))
    network = ComponentAutoencoder(ComponentAutoencoderConfig(8, 12, widths=(4, 8), code=5)).eval()
    network.start(patches)
    with torch.no_grad():
        error = (network(patches)["signal"] - patches).square().mean()
    assert error < 0.01 * patches.square().mean()
