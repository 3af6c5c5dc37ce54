"""Laws that every network on gather patches keeps; a new entry adds a line to CHANGES."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
import torch
from torch import nn

from geoml.errors import OptionError, ShapeError, UnknownNameError
from geoml.models.gathers import GATHER_MODELS
from geoml.models.network_table import build_network, network_config, rebuild_network

N_TRACES, N_TIMES = 16, 32
FIXED = {"n_traces": N_TRACES, "n_times": N_TIMES}

SLIM: dict[str, dict[str, object]] = {
    "denoising_unet": {"widths": (8, 16)},
    "dncnn": {"width": 8, "depth": 4},
    "dense_autoencoder": {"widths": (32,), "code": 8},
    "component_autoencoder": {"widths": (8, 16), "code": 8},
    "conv_autoencoder": {"widths": (8, 16), "code": 8, "vector": True},
    "variational_autoencoder": {"widths": (8, 16), "code": 8, "vector": True},
    "neighbour_predictor": {"widths": (8, 12), "level_window": 9},
    "trace_transformer": {"width": 16, "depth": 2, "attention_heads": 2},
    "gather_vit": {"width": 16, "depth": 2, "attention_heads": 2, "decoder_width": 8},
}
"""Options that make a network quick; what it does does not hang on its width."""

CHANGES: dict[str, dict[str, object]] = {
    "denoising_unet": {
        "widths": (8, 16, 24),
        "blocks": 1,
        "kernel": (3, 5),
        "residual": True,
    },
    "dncnn": {"width": 16, "depth": 5, "kernel": (3, 5)},
    "dense_autoencoder": {"widths": (32, 16), "code": 9},
    "component_autoencoder": {"widths": (8, 24), "code": 9},
    "conv_autoencoder": {"widths": (8, 24), "code": 9, "vector": False},
    "variational_autoencoder": {"widths": (8, 24), "code": 9, "vector": False},
    "neighbour_predictor": {"widths": (8, 16), "reach": 2, "kernel": 5, "level_window": 11},
    "trace_transformer": {
        "width": 24,
        "depth": 1,
        "attention_heads": 4,
        "drawn": 3,
        "readout_width": 12,
        "kernel": 5,
        "dropout": 0.5,
    },
    "gather_vit": {
        "tile": (2, 8),
        "width": 24,
        "depth": 1,
        "attention_heads": 4,
        "drawn": 3,
        "decoder_width": 16,
        "dropout": 0.5,
    },
}
"""Another value of each option, the sizes of the patch left out."""


def build(name: str, **options: object) -> nn.Module:
    torch.manual_seed(0)
    return build_network(
        GATHER_MODELS, name, "gather network", FIXED, {**SLIM.get(name, {}), **options}
    ).eval()


def patches(n: int = 3) -> torch.Tensor:
    return torch.randn(n, N_TRACES, N_TIMES, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", GATHER_MODELS)
def test_signal_has_the_shape_of_the_patch(name: str) -> None:
    assert build(name)(patches())["signal"].shape == (3, N_TRACES, N_TIMES)


@pytest.mark.parametrize("name", GATHER_MODELS)
def test_gradient_reaches_every_weight(name: str) -> None:
    network = build(name).train()
    outputs = network(patches())
    sum(value.square().sum() for value in outputs.values()).backward()
    still = [n for n, w in network.named_parameters() if w.grad is None or not w.grad.any()]
    assert not still


@pytest.mark.parametrize("name", GATHER_MODELS)
def test_rebuilt_network_gives_the_same_output(name: str) -> None:
    network = build(name)
    config = json.loads(json.dumps(network_config(name, network)))
    again = rebuild_network(GATHER_MODELS, config, "gather network").eval()
    again.load_state_dict(network.state_dict())
    torch.testing.assert_close(again(patches())["signal"], network(patches())["signal"])


@pytest.mark.parametrize("name", GATHER_MODELS)
def test_every_option_has_a_case(name: str) -> None:
    options = {f.name for f in fields(GATHER_MODELS[name].config)} - set(FIXED)
    assert set(CHANGES[name]) == options


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in CHANGES for option in CHANGES[name]]
)
def test_every_option_changes_the_network(name: str, option: str) -> None:
    usual, other = build(name), build(name, **{option: CHANGES[name][option]})
    shapes = [[tuple(w.shape) for w in network.parameters()] for network in (usual, other)]
    if shapes[0] == shapes[1]:
        other.load_state_dict(usual.state_dict())
        other.train(), usual.train()
        outputs = []
        for network in (usual, other):
            torch.manual_seed(2)
            outputs.append(network(patches())["signal"])
        assert not torch.allclose(outputs[0], outputs[1])


@pytest.mark.parametrize("name", GATHER_MODELS)
def test_answer_does_not_hang_on_the_rest_of_the_batch(name: str) -> None:
    network = build(name)
    together = network(patches())["signal"]
    torch.testing.assert_close(
        network(patches()[1:2])["signal"], together[1:2], atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("name", GATHER_MODELS)
def test_network_learns_to_remove_noise(name: str) -> None:
    """A few steps on one repeated event under noise beat the noisy input and silence."""
    torch.manual_seed(0)
    network = build(name).train()
    time = torch.arange(N_TIMES) - N_TIMES / 2
    clean = torch.cos(time / 3) * torch.exp(-((time / 6) ** 2))
    clean = (clean / clean.square().mean().sqrt()).expand(8, N_TRACES, N_TIMES)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(60):
        found = network(clean + torch.randn_like(clean))["signal"]
        loss = (found - clean).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        found = network.eval()(clean + torch.randn_like(clean))["signal"]
    assert (found - clean).square().mean() < 0.5


@pytest.mark.parametrize(
    "name", [n for n, entry in GATHER_MODELS.items() if hasattr(entry.network, "encode")]
)
def test_code_decodes_to_the_signal(name: str) -> None:
    network = build(name)
    code = network.encode(patches())
    assert code.shape[0] == 3
    assert code.ndim == 2
    torch.testing.assert_close(network.decode(code), network(patches())["signal"])


@pytest.mark.parametrize("name", ["denoising_unet", "dncnn"])
def test_convolutions_take_any_size(name: str) -> None:
    odd = torch.randn(2, 7, 21)
    assert build(name)(odd)["signal"].shape == odd.shape


def test_dense_autoencoder_refuses_another_size() -> None:
    with pytest.raises(ShapeError, match=r"\(7, 21\) .* found, \(16, 32\) needed"):
        build("dense_autoencoder")(torch.randn(2, 7, 21))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("denoising_unet", {"widths": (12,)}, "multiples of 8"),
        ("denoising_unet", {"kernel": (2, 3)}, "odd"),
        ("denoising_unet", {"blocks": 0}, "at least one"),
        ("dncnn", {"width": 20}, "multiple of 8"),
        ("dncnn", {"depth": 1}, "at least 2"),
        ("dncnn", {"kernel": (3, 4)}, "odd"),
        ("dense_autoencoder", {"code": 0}, "at least 1"),
        ("dense_autoencoder", {"n_times": 12}, "follows from data"),
    ],
)
def test_impossible_options_are_refused(
    name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        build(name, **options)


def test_unknown_network_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'dncnn'"):
        build("dncn")
