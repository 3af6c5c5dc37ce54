"""The network that finds a set of events."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
import torch

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers.event_queries import (
    EventQueries,
    EventQueriesConfig,
    along_hyperbolas,
)
from geoml.models.network_table import network_config, rebuild_network
from geoml.training.event_picking import EVENT_MODELS

SIZES = {"n_traces": 10, "n_times": 40}
SLIM = {"n_queries": 3, "width": 16, "depth": 1, "rounds": 2, "attention_heads": 2, "reach": 3}
CHANGES: dict[str, object] = {
    "n_queries": 4,
    "velocity_m_s": (1000.0, 3000.0),
    "tile": (2, 8),
    "width": 24,
    "depth": 2,
    "rounds": 1,
    "attention_heads": 4,
    "reach": 5,
    "dropout": 0.5,
}


def build(**options: object) -> EventQueries:
    torch.manual_seed(0)
    return EventQueries(EventQueriesConfig(**{**SIZES, **SLIM, **options})).eval()


def asked() -> tuple[torch.Tensor, torch.Tensor, float]:
    generator = torch.Generator().manual_seed(1)
    offset_m = torch.linspace(0, 900, 10).expand(2, -1)
    return torch.randn(2, 10, 40, generator=generator), offset_m, 0.008


def test_each_round_answers_for_every_query() -> None:
    found = build()(*asked())
    assert {name: tuple(part.shape) for name, part in found.items()} == dict.fromkeys(
        ("time_s", "velocity_m_s", "amplitude", "existence"), (2, 2, 3)
    )


def test_answers_stay_within_the_record_and_the_velocities() -> None:
    network = build(velocity_m_s=(1500.0, 4000.0))
    with torch.no_grad():
        for head in network.answer:
            torch.nn.init.normal_(head[-1].weight, std=50.0)
    found = network(*asked())
    assert 0 <= found["time_s"].min() <= found["time_s"].max() <= 39 * 0.008 + 1e-6
    assert found["velocity_m_s"].min() + 0.01 >= 1500
    assert found["velocity_m_s"].max() <= 4000.01


def test_gradient_reaches_every_weight() -> None:
    network = build().train()
    sum(value.square().sum() for value in network(*asked()).values()).backward()
    still = [n for n, w in network.named_parameters() if w.grad is None or not w.grad.any()]
    assert not still


def test_rebuilt_network_gives_the_same_events() -> None:
    network = build()
    config = json.loads(json.dumps(network_config("event_queries", network)))
    again = rebuild_network(EVENT_MODELS, config, "event network").eval()
    again.load_state_dict(network.state_dict())
    for name, part in network(*asked()).items():
        torch.testing.assert_close(again(*asked())[name], part)


def test_every_option_has_a_case() -> None:
    assert set(CHANGES) == {f.name for f in fields(EventQueriesConfig)} - set(SIZES)


@pytest.mark.parametrize("option", CHANGES)
def test_every_option_changes_the_network(option: str) -> None:
    usual, other = build(), build(**{option: CHANGES[option]})
    shapes = [[tuple(w.shape) for w in network.parameters()] for network in (usual, other)]
    if shapes[0] == shapes[1]:
        other.load_state_dict(usual.state_dict())
        answers = []
        for network in (usual.train(), other.train()):
            torch.manual_seed(2)
            answers.append(network(*asked())["time_s"] + network(*asked())["velocity_m_s"])
        assert not torch.allclose(answers[0], answers[1])


def test_offset_and_interval_change_the_answer() -> None:
    network, (samples, offset_m, dt_s) = build(), asked()
    usual = network(samples, offset_m, dt_s)["existence"]
    assert not torch.allclose(usual, network(samples, 2 * offset_m, dt_s)["existence"])
    assert not torch.allclose(usual, network(samples, offset_m, dt_s / 2)["existence"])


def test_event_lies_flat_along_its_own_hyperbola() -> None:
    offset_m = torch.linspace(0, 900, 10)[None]
    arrival = torch.sqrt(0.1**2 + (offset_m / 4000) ** 2) / 0.008
    samples = torch.exp(-0.5 * ((torch.arange(60) - arrival[..., None]) / 2) ** 2)
    apexes, velocity = torch.tensor([[0.1, 0.1]]), torch.tensor([[4000.0, 2500.0]])
    cut = along_hyperbolas(samples, offset_m, apexes, velocity, 0.008, 4)[0]
    assert cut.shape == (2, 10, 9)
    assert (cut[0].argmax(dim=1) == 4).all()
    assert cut[0, :, 4].min() > 0.95
    # Too slow a hyperbola runs late: the event comes before it at the far traces.
    assert cut[1, -1].argmax() < 4


def test_nothing_is_read_beyond_the_record() -> None:
    cut = along_hyperbolas(
        torch.ones(1, 2, 20), torch.tensor([[0.0, 900.0]]), torch.tensor([[0.02]]),
        torch.tensor([[2000.0]]), 0.008, 4,
    )  # fmt: skip
    assert cut[0, 0, 0].tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert not cut[0, 0, 1].any()


def test_other_sizes_and_impossible_options_are_refused() -> None:
    samples, offset_m, dt_s = asked()
    with pytest.raises(ShapeError, match="reads 10 traces of 40 samples; found shape"):
        build()(samples[:, :9], offset_m[:, :9], dt_s)
    with pytest.raises(OptionError, match="every size must be at least 1"):
        EventQueriesConfig(**SIZES, rounds=0)
    with pytest.raises(OptionError, match="the slower first"):
        EventQueriesConfig(**SIZES, velocity_m_s=(3000.0, 1500.0))
