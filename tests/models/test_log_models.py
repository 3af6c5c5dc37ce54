"""Laws that every network on logs keeps."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
import torch

from geoml.errors import OptionError, UnknownNameError
from geoml.models.logs import (
    LOG_MODELS,
    build_log_network,
    log_network_config,
    rebuild_log_network,
)
from geoml.models.logs.attention import RelativeBias, sinusoidal_positions

HEADS = (("value", 2), ("log_variance", 2))
SMALL = {"width": 8, "dropout": 0.0}


def network(name: str, n_inputs: int = 3, **options: object):
    torch.manual_seed(0)
    return build_log_network(name, n_inputs, HEADS, {**SMALL, **options}).eval()


def rows(n_batch: int = 2, n_rows: int = 20, n_inputs: int = 3, seed: int = 1):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn((n_batch, n_rows, n_inputs), generator=generator)
    return values, (torch.rand(values.shape, generator=generator) > 0.2).float()


@pytest.mark.parametrize("name", LOG_MODELS)
def test_every_row_gets_every_head(name: str) -> None:
    values, present = rows()
    output = network(name)(values, present)
    assert {head: tuple(v.shape) for head, v in output.items()} == dict.fromkeys(
        ("value", "log_variance"), (2, 20, 2)
    )
    assert all(torch.isfinite(value).all() for value in output.values())


@pytest.mark.parametrize("name", LOG_MODELS)
def test_gradient_reaches_every_weight(name: str) -> None:
    model = network(name).train()
    values, present = rows()
    extra = (torch.randn(2, 20, 2),) if model.reads_targets else ()
    output = model(values, present, torch.ones(2, 20), *extra)
    sum((head**2).sum() for head in output.values()).backward()
    for weight_name, weight in model.named_parameters():
        assert weight.grad is not None, weight_name
        assert weight.grad.abs().sum() > 0, weight_name


@pytest.mark.parametrize("name", LOG_MODELS)
def test_network_rebuilt_from_its_config_gives_the_same_output(name: str) -> None:
    model = network(name)
    twin = rebuild_log_network(json.loads(json.dumps(log_network_config(name, model)))).eval()
    twin.load_state_dict(model.state_dict())
    values, present = rows()
    for head, value in model(values, present).items():
        assert torch.equal(twin(values, present)[head], value)


@pytest.mark.parametrize("name", LOG_MODELS)
def test_masked_value_is_never_read(name: str) -> None:
    model = network(name)
    values, present = rows()
    changed = torch.where(present > 0, values, values + 5)
    assert torch.equal(model(values, present)["value"], model(changed, present)["value"])
    assert not torch.equal(
        model(values, torch.ones_like(present))["value"], model(values, present)["value"]
    )


@pytest.mark.parametrize("name", LOG_MODELS)
def test_padding_changes_no_real_row(name: str) -> None:
    model = network(name)
    values, present = rows(n_rows=12)
    alone = model(values, present)["value"]
    generator = torch.Generator().manual_seed(2)
    padded = torch.cat([values, torch.randn((2, 8, 3), generator=generator)], dim=1)
    masks = torch.cat([present, torch.ones(2, 8, 3)], dim=1)
    real = (torch.arange(20) < 12).float().expand(2, 20)
    torch.testing.assert_close(model(padded, masks, real)["value"][:, :12], alone)


@pytest.mark.parametrize(
    ("name", "sees_below"),
    [(name, name not in ("lstm",)) for name in LOG_MODELS],
)
def test_only_the_one_way_lstm_is_blind_to_what_lies_below(name: str, sees_below: bool) -> None:
    model = network(name)
    values, present = rows()
    present = torch.ones_like(present)
    changed = values.clone()
    changed[:, 12] += 3
    before = (model(changed, present)["value"] - model(values, present)["value"])[:, :12]
    assert bool(before.abs().max() > 0) == sees_below


def test_decoder_never_reads_the_answer_of_its_own_row_or_below() -> None:
    model = network("sequence_to_sequence")
    values, present = rows()
    targets = torch.randn(2, 20, 2)
    other = targets.clone()
    other[:, 10:] += 3
    real = torch.ones(2, 20)
    first, second = (model(values, present, real, t)["value"] for t in (targets, other))
    assert torch.equal(first[:, :11], second[:, :11])
    assert not torch.equal(first[:, 11:], second[:, 11:])


def test_decoder_feeds_itself_as_it_was_taught() -> None:
    model = network("sequence_to_sequence")
    values, present = rows()
    written = model(values, present)["value"]
    taught = model(values, present, torch.ones(2, 20), written)["value"]
    torch.testing.assert_close(written, taught)


def test_relative_positions_do_not_care_where_the_window_begins() -> None:
    bias = RelativeBias(2)(30, 30)
    torch.testing.assert_close(bias[:, 3:, 3:], bias[:, :-3, :-3])
    assert not torch.equal(bias[:, 10, 12], bias[:, 12, 10])


def test_sinusoidal_positions_differ_from_row_to_row() -> None:
    positions = sinusoidal_positions(50, 9)
    assert positions.shape == (50, 9)
    gaps = torch.cdist(positions, positions) + 10 * torch.eye(50)
    assert gaps.min() > 0.1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tcn", {"kernel": 4}),
        ("transformer", {"width": 10}),
        ("lstm", {"layers": 0}),
        ("gru", {"dropout": 1.0}),
        ("sequence_to_sequence", {"hidden_rows": 1.0}),
    ],
)
def test_options_that_cannot_work_are_refused(name: str, options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        network(name, **options)


def test_unknown_network_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'bilstm'"):
        build_log_network("bilstmm", 3, HEADS)


def test_every_setting_of_a_network_is_a_plain_value() -> None:
    for name, entry in LOG_MODELS.items():
        assert {f.name for f in fields(entry.config)} >= {"n_inputs", "heads", "width"}, name
