"""What the networks of tokens on gathers do beyond the laws of every gather network."""

from __future__ import annotations

import pytest
import torch

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers.gather_vit import GatherVit, GatherVitConfig
from geoml.models.gathers.trace_transformer import TraceTransformer, TraceTransformerConfig
from geoml.models.token_encoder import OFFSET_FEATURES, offset_features, token_encoder

SLIM = {"width": 16, "depth": 2, "attention_heads": 2}


def transformer() -> TraceTransformer:
    torch.manual_seed(0)
    return TraceTransformer(TraceTransformerConfig(n_times=32, **SLIM)).eval()


def vit() -> GatherVit:
    torch.manual_seed(0)
    return GatherVit(GatherVitConfig(n_traces=10, n_times=30, decoder_width=8, **SLIM)).eval()


def gathers(n_traces: int, n_times: int) -> torch.Tensor:
    return torch.randn(2, n_traces, n_times, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("n_traces", [1, 7, 40])
def test_number_of_traces_is_free(n_traces: int) -> None:
    samples = gathers(n_traces, 32)
    assert transformer()(samples)["signal"].shape == samples.shape
    assert transformer().tokens(samples).shape == (2, n_traces, 16)


def test_hidden_trace_is_answered_from_the_others() -> None:
    samples = gathers(9, 32)
    samples[:, 4] = 0
    changed = samples.clone()
    changed[:, 5] *= -1
    network = transformer()
    difference = network(changed)["signal"][:, 4] - network(samples)["signal"][:, 4]
    assert difference.abs().max() > 1e-4


def test_offset_and_interval_change_the_answer() -> None:
    network, samples = transformer(), gathers(9, 32)
    offset_m = 67.0 * torch.arange(9).expand(2, -1)
    usual = network(samples, offset_m, 0.004)["signal"]
    assert not torch.allclose(usual, network(samples, -offset_m, 0.004)["signal"])
    assert not torch.allclose(usual, network(samples, offset_m, 0.008)["signal"])
    torch.testing.assert_close(usual, network(samples, offset_m)["signal"])


def test_offset_features_tell_near_and_far_apart_and_stay_within_one() -> None:
    features = offset_features(torch.tensor([0.0, 12.5, -12.5, 5000.0]))
    assert features.shape == (4, OFFSET_FEATURES)
    assert features.abs().max() <= 1
    # A quarter of the shortest wavelength: sine 1, either way of the source.
    assert features[1, 0] == pytest.approx(1, abs=1e-6)
    assert features[2, 0] == pytest.approx(-1, abs=1e-6)


def test_layers_of_the_transformer_begin_with_weights_of_their_own() -> None:
    first, second = (layer.linear1.weight for layer in token_encoder(16, 2, 2, 0.0).layers)
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("shape", [(10, 30), (3, 17), (1, 1)])
def test_vit_takes_gathers_up_to_its_size(shape: tuple[int, int]) -> None:
    samples = gathers(*shape)
    assert vit()(samples)["signal"].shape == samples.shape


def test_tile_lies_where_its_samples_lie() -> None:
    network, samples = vit(), torch.zeros(2, 10, 30)
    usual = network(samples)["signal"]
    samples[:, 5, 20] = 9.0
    # Without attention between tiles only the tile itself, and what the convolutions reach, moves.
    for layer in network.transformer.layers:
        torch.nn.init.zeros_(layer.self_attn.out_proj.weight)
    for norm in network.readout.join:
        if isinstance(norm, torch.nn.GroupNorm):
            norm.forward = lambda x: x  # type: ignore[method-assign]
    moved = (network(samples)["signal"] - network(torch.zeros(2, 10, 30))["signal"]).abs() > 1e-6
    assert usual.shape == moved.shape
    traces, times = moved[0].any(1).nonzero().ravel(), moved[0].any(0).nonzero().ravel()
    assert traces.min() >= 4 - 3
    assert times.min() >= 16 - 6
    assert moved[0, 4:8, 16:30].any()


@pytest.mark.parametrize("shape", [(11, 30), (10, 31)])
def test_vit_refuses_larger_gathers(shape: tuple[int, int]) -> None:
    with pytest.raises(ShapeError, match="at most 10 traces and 30 samples"):
        vit()(gathers(*shape))


def test_transformer_refuses_traces_of_another_length() -> None:
    with pytest.raises(ShapeError, match="with 32 samples a trace; found shape"):
        transformer()(gathers(5, 33))


@pytest.mark.parametrize(
    ("config", "options", "message"),
    [
        (TraceTransformerConfig, {"width": 18, "attention_heads": 4}, "does not divide width 18"),
        (TraceTransformerConfig, {"kernel": 4}, "kernel 4 has no middle"),
        (TraceTransformerConfig, {"drawn": 0}, "drawn and readout_width"),
        (TraceTransformerConfig, {"dropout": 1.0}, "dropout"),
        (GatherVitConfig, {"n_traces": 8, "depth": 0}, "must be at least 1"),
        (GatherVitConfig, {"n_traces": 8, "tile": (0, 4)}, "tile and drawn must be"),
        (GatherVitConfig, {"n_traces": 8, "decoder_width": 12}, "multiple of 8"),
    ],
)
def test_impossible_sizes_are_refused(config: type, options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        config(n_times=16, **options)
