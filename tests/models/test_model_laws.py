"""Laws that every registered network keeps."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
import torch

from geoml.errors import OptionError
from geoml.models import (
    MODELS,
    SectionShape,
    build_model,
    enable_dropout,
    model_config,
    rebuild,
)
from geoml.models.dual_decoder import DualDecoderConfig
from geoml.models.fcnvmb import FcnvmbConfig
from geoml.models.inversion_net import InversionNetConfig
from geoml.models.mh_unet_config import MhUnetConfig
from geoml.models.vit_inversion import VitInversionConfig

SMALL = SectionShape(n_shots=3, n_samples=61, n_receivers=11, n_depth=17, n_distance=23)
LAND = SectionShape(n_shots=18, n_samples=188, n_receivers=33, n_depth=50, n_distance=108)
MARINE = SectionShape(n_shots=4, n_samples=250, n_receivers=120, n_depth=60, n_distance=132)
SAMPLE = SectionShape(n_shots=8, n_samples=250, n_receivers=48, n_depth=50, n_distance=105)
WIDE = SectionShape(n_shots=1, n_samples=16, n_receivers=2, n_depth=70, n_distance=9)
HEADS = ("velocity", "edges", "log_variance")

SLIM: dict[type, dict[str, object]] = {
    InversionNetConfig: {
        "time_widths": (8, 16),
        "widths": (16, 24),
        "latent": 32,
        "section_widths": (32, 16, 12),
    },
    FcnvmbConfig: {"widths": (8, 16, 24)},
    DualDecoderConfig: {"time_widths": (8, 8), "widths": (12, 16, 24)},
    VitInversionConfig: {
        "patches": (4, 3),
        "width": 32,
        "depth": 2,
        "attention_heads": 4,
        "section_widths": (16, 8),
    },
}
"""Options that make the published networks quick; what they do does not hang on their width."""

CHANGES: dict[type, dict[str, object]] = {
    MhUnetConfig: {
        "stem_widths": (8, 16),
        "widths": (32, 64),
        "blocks": 4,
        "map_groups": 2,
        "attention_heads": 2,
        "dropout": 0.5,
        "compression": 20.0,
        "time_reduction": 2,
        "first_stride": (3, 2),
        "norm_channels": 8,
        "separate_decoders": True,
        "receiver_order": tuple(tuple(range(10, -1, -1)) for _ in range(3)),
    },
    InversionNetConfig: {
        "time_widths": (8, 24),
        "widths": (32, 24),
        "latent": 48,
        "section_widths": (32, 16, 8),
        "dropout": 0.5,
        "compression": 3.0,
        "velocity_limit": 2.0,
    },
    FcnvmbConfig: {"widths": (8, 16, 32), "dropout": 0.5},
    DualDecoderConfig: {
        "time_widths": (8, 12),
        "widths": (12, 16, 24, 32),
        "separate": False,
        "dropout": 0.5,
    },
    VitInversionConfig: {
        "patches": (5, 2),
        "width": 64,
        "depth": 3,
        "attention_heads": 2,
        "section_widths": (16, 16),
        "dropout": 0.5,
    },
}
"""Another value of every option."""

ONE_SIZE = list({(e.network, e.config): name for name, e in reversed(MODELS.items())}.values())
"""The first name of every network: the other sizes of it have the same settings."""


def network(name: str, shape: SectionShape = SMALL, **options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(name, shape, HEADS, {**SLIM.get(MODELS[name].config, {}), **options})


def gathers(shape: SectionShape, n_batch: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    size = (n_batch, shape.n_shots, shape.n_samples, shape.n_receivers)
    return torch.randn(size, generator=generator)


def trained_network(name: str, **options: object) -> torch.nn.Module:
    """A network that predicts, whose batch norms know their statistics."""
    model = network(name, **options).train()
    if any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules()):
        with torch.no_grad():
            for _ in range(20):
                model(gathers(SMALL, 8))
    return model.eval()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("shape", [SMALL, LAND, MARINE, SAMPLE, WIDE], ids=str)
def test_any_shape_of_gathers_gives_a_map_of_the_section(name: str, shape: SectionShape) -> None:
    with torch.no_grad():
        output = network(name, shape).eval()(gathers(shape, 1))
    assert set(output) == set(HEADS)
    for prediction in output.values():
        assert prediction.shape == (1, shape.n_depth, shape.n_distance)
        assert prediction.dtype == torch.float32
        assert torch.isfinite(prediction).all()


@pytest.mark.parametrize("name", MODELS)
def test_gradient_reaches_every_weight(name: str) -> None:
    model = network(name)
    # Batch norm of two samples hands back their signs, with hardly a gradient.
    sum((head**2).mean() for head in model(gathers(SMALL, 4)).values()).backward()
    for weight_name, weight in model.named_parameters():
        assert weight.grad is not None, weight_name
        assert weight.grad.abs().sum() > 0, weight_name


@pytest.mark.parametrize("name", MODELS)
def test_network_rebuilt_from_its_config_gives_the_same_output(name: str) -> None:
    model = trained_network(name)
    twin = rebuild(json.loads(json.dumps(model_config(name, model)))).eval()
    twin.load_state_dict(model.state_dict())
    shots = gathers(SMALL)
    for head, prediction in model(shots).items():
        torch.testing.assert_close(twin(shots)[head], prediction, rtol=0, atol=0)


@pytest.mark.parametrize("name", ONE_SIZE)
def test_every_setting_changes_the_output(name: str) -> None:
    changes = {
        "shape": replace(SMALL, n_depth=SMALL.n_depth + 1),
        "heads": ("velocity",),
        **CHANGES[MODELS[name].config],
    }
    model = network(name).train()
    assert set(changes) == {field.name for field in fields(model.config)}
    shots = gathers(SMALL)

    def fingerprint(config: object) -> dict[str, list[float]]:
        torch.manual_seed(0)
        twin = type(model)(config).train()
        # Fresh weights follow from every layer made before them: give each layer fixed ones that
        # follow from its shape, so that only what the setting does to the computation can differ.
        generators: dict[torch.Size, torch.Generator] = {}
        for weight in twin.parameters():
            of_shape = generators.setdefault(weight.shape, torch.Generator().manual_seed(2))
            weight.data = 0.1 * torch.randn(weight.shape, generator=of_shape)
        torch.manual_seed(1)
        return {head: map.detach().flatten().tolist() for head, map in twin(shots).items()}

    base = fingerprint(model.config)
    for option, value in changes.items():
        assert fingerprint(replace(model.config, **{option: value})) != base, option


@pytest.mark.parametrize("name", MODELS)
def test_a_window_is_judged_alone_whatever_shares_its_batch(name: str) -> None:
    model = trained_network(name)
    shots = gathers(SMALL, 3)
    with torch.no_grad():
        together, alone = model(shots), model(shots[1:2])
    for head in HEADS:
        torch.testing.assert_close(together[head][1:2], alone[head], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_channels_last_weights_give_the_same_answer(name: str) -> None:
    model = trained_network(name)
    shots = gathers(SMALL)
    with torch.no_grad():
        before = model(shots)["velocity"]
        after = model.to(memory_format=torch.channels_last)(shots)["velocity"]
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_bfloat16_autocast_stays_near_float32(name: str) -> None:
    model = trained_network(name)
    shots = gathers(SMALL)
    with torch.no_grad():
        exact = model(shots)["velocity"]
        with torch.autocast("cpu", torch.bfloat16):
            rough = model(shots)["velocity"]
    assert rough.dtype == torch.float32
    assert (rough - exact).abs().mean() < 0.05 * exact.std()


@pytest.mark.parametrize("name", MODELS)
def test_first_and_last_sample_and_receiver_are_seen(name: str) -> None:
    model = trained_network(name)
    shots = gathers(SMALL)
    with torch.no_grad():
        before = model(shots)["velocity"]
        for time, receiver in [(0, 0), (-1, -1)]:
            changed = shots.clone()
            changed[:, :, time, receiver] += 5
            assert (model(changed)["velocity"] != before).any()


@pytest.mark.parametrize("name", [n for n in MODELS if MODELS[n].config is MhUnetConfig])
def test_ordered_view_shows_the_receivers_it_names(name: str) -> None:
    order = [[-1, 0, 2, *[-1] * 8], [10] * 11, list(range(11))]
    model = network(name, receiver_order=order, compression=0.0).eval()
    seen: list[torch.Tensor] = []
    model.stem.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    shots = gathers(SMALL)
    model(shots)
    raw, view = seen[0][:, :3], seen[0][:, 3:]
    assert torch.equal(raw, shots)
    assert not view[:, 0, :, [0, *range(3, 11)]].any()
    assert torch.equal(view[:, 0, :, 1:3], shots[:, 0, :, [0, 2]])
    assert torch.equal(view[:, 1], shots[:, 1, :, 10:].expand(-1, -1, 11))
    assert torch.equal(view[:, 2], shots[:, 2])


@pytest.mark.parametrize("name", [n for n in MODELS if hasattr(MODELS[n].network, "encode")])
def test_encoding_is_one_row_a_window_and_tells_windows_apart(name: str) -> None:
    model = trained_network(name)
    shots = gathers(SMALL, 3)
    with torch.no_grad():
        features, alone = model.encode(shots), model.encode(shots[1:2])
    assert features.ndim == 2
    assert len(features) == 3
    torch.testing.assert_close(features[1:2], alone, rtol=1e-4, atol=1e-5)
    assert (features[0] - features[1]).abs().max() > 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_dropout_spreads_the_answers_and_leaves_the_statistics_alone(name: str) -> None:
    model = trained_network(name, dropout=0.3)
    enable_dropout(model)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    shots = gathers(SMALL)
    with torch.inference_mode():
        answers = torch.stack([model(shots)["velocity"] for _ in range(3)])
    assert answers.std(dim=0).max() > 1e-4
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    model.eval()
    with torch.inference_mode():
        assert torch.equal(model(shots)["velocity"], model(shots)["velocity"])


def test_network_without_dropout_has_no_spread_to_show() -> None:
    with pytest.raises(OptionError, match="trained without dropout"):
        enable_dropout(network("mh_unet_s"))
