"""Laws that every registered task keeps."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from geoml.errors import OptionError
from geoml.registry import build, with_options
from geoml.samples.scaling import Scaling
from geoml.tasks import TASKS

SCALING = Scaling(amplitude=2.0, velocity_centre_m_s=2500.0, velocity_scale_m_s=600.0)
MAPS = (3, 14, 17)


def batch() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    velocity = torch.randn(MAPS, generator=generator).cumsum(1) / 4
    return {
        "shots": torch.randn((3, 2, 30, 6), generator=generator),
        "velocity": velocity,
        "edges": (torch.rand(MAPS, generator=generator) > 0.9).float(),
    }


def answer(task, seed: int = 1) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {head: torch.randn(MAPS, generator=generator).requires_grad_() for head in task.heads}


@pytest.mark.parametrize("name", TASKS)
def test_loss_reaches_every_head(name: str) -> None:
    task = build(TASKS, name, "task")
    output = answer(task)
    parts = task.loss(output, batch())
    assert all(part.ndim == 0 and torch.isfinite(part) for part in parts.values())
    assert task.kept_by in parts
    parts["loss"].backward()
    for head, prediction in output.items():
        assert prediction.grad is not None, head
        assert prediction.grad.abs().sum() > 0, head


@pytest.mark.parametrize("name", TASKS)
def test_every_option_changes_the_loss(name: str) -> None:
    task = replace(TASKS[name](), gradient_weight=0.3)
    base = float(task.loss(answer(task), batch())["loss"].detach())
    for option in fields(task):
        value = getattr(task, option.name)
        if isinstance(value, bool):
            value = not value
        elif option.name == "edge_release":
            value = 10.0  # above the velocity loss of such an answer
        else:
            value += 1 if isinstance(value, int) else 0.2
        changed = replace(task, **{option.name: value})
        assert float(changed.loss(answer(task), batch())["loss"].detach()) != base, option.name


@pytest.mark.parametrize("name", TASKS)
def test_weight_of_zero_switches_its_part_off_and_keeps_its_head(name: str) -> None:
    task = TASKS[name]()
    weights = [f.name for f in fields(task) if f.name.endswith("_weight")]
    off = replace(task, **dict.fromkeys(weights, 0.0))
    assert off.heads == task.heads
    output = answer(off)
    loss = off.loss(output, batch())["loss"]
    torch.testing.assert_close(loss, (output["velocity"] - batch()["velocity"]).abs().mean())
    loss.backward()
    for head in set(off.heads) - {"velocity"}:
        # A gradient of zeros and not None: distributed training waits for every weight's.
        assert output[head].grad.abs().sum() == 0


def test_one_two_or_three_heads() -> None:
    heads = {
        (name, spread): TASKS[name](spread=spread).heads
        for name in ("velocity", "velocity_edges")
        for spread in (False, True)
    }
    assert heads == {
        ("velocity", False): ("velocity",),
        ("velocity", True): ("velocity", "log_variance"),
        ("velocity_edges", False): ("velocity", "edges"),
        ("velocity_edges", True): ("velocity", "edges", "log_variance"),
    }


@pytest.mark.parametrize("name", TASKS)
def test_without_spread_the_rest_of_the_loss_is_the_same(name: str) -> None:
    task = TASKS[name]()
    output = answer(task)
    with_it, without = (replace(task, spread=s).loss(output, batch()) for s in (True, False))
    rest = with_it["loss"] - task.spread_weight * with_it["spread_loss"]
    torch.testing.assert_close(rest, without["loss"])
    assert "spread_loss" not in without


@pytest.mark.parametrize("name", TASKS)
def test_descending_the_loss_brings_the_truth(name: str) -> None:
    task, truth = TASKS[name](), batch()
    output = answer(task)
    optimizer = torch.optim.Adam(output.values(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        task.loss(output, truth)["loss"].backward()
        optimizer.step()
    final = {head: prediction.detach() for head, prediction in output.items()}
    assert (final["velocity"] - truth["velocity"]).abs().mean() < 0.1
    if "edges" in final:
        assert torch.equal(final["edges"] > 0, truth["edges"] > 0)


@pytest.mark.parametrize("name", TASKS)
def test_targets_are_what_the_loss_reads(name: str) -> None:
    task, truth = TASKS[name](), batch()
    output = answer(task)
    targets = task.targets(truth)
    assert "shots" not in targets
    whole, part = (float(task.loss(output, b)["loss"].detach()) for b in (truth, targets))
    assert whole == part


@pytest.mark.parametrize("name", TASKS)
def test_metrics_are_in_metres_per_second(name: str) -> None:
    task, truth = TASKS[name](), batch()
    output = {head: prediction.detach() for head, prediction in answer(task).items()}
    output["velocity"] = truth["velocity"] + 0.1
    if "edges" in output:
        output["edges"] = 20 * truth["edges"] - 10
    scores = task.metrics(output, truth, SCALING)
    assert scores["mae_m_s"] == pytest.approx(60, rel=1e-4)
    assert scores["bias_m_s"] == pytest.approx(60, rel=1e-4)
    assert scores.get("edge_f1", 1) == 1


@pytest.mark.parametrize("name", TASKS)
def test_epoch_is_chosen_by_the_velocity_alone(name: str) -> None:
    task, truth = TASKS[name](), batch()
    one, other = answer(task, 1), answer(task, 2)
    mixed = {**other, "velocity": one["velocity"]}
    alike, apart = (task.loss(output, truth) for output in (mixed, other))
    kept = task.loss(one, truth)[task.kept_by]
    assert alike[task.kept_by] == kept != apart[task.kept_by]
    assert alike["loss"] != task.loss(one, truth)["loss"]


def test_edges_up_to_two_cells_off_are_found() -> None:
    task = TASKS["velocity_edges"]()
    edges = torch.zeros(1, 20, 20)
    edges[:, 8] = 1
    truth = {"velocity": torch.randn(1, 20, 20), "edges": edges}
    for cells, found in ((2, 1.0), (3, 0.0)):
        logit = 20 * edges.roll(cells, 1) - 10
        scores = task.metrics({"velocity": truth["velocity"], "edges": logit}, truth, SCALING)
        assert scores["edge_f1"] == found


def test_edges_weigh_in_proportion_where_the_velocity_is_nearly_right() -> None:
    task = TASKS["velocity_edges"](spread=False, edge_weight=2.0, edge_release=0.1)
    true = batch()
    for error, share in ((1.0, 1.0), (0.1, 1.0), (0.05, 0.5), (0.001, 0.01)):
        output = answer(task) | {"velocity": (true["velocity"] + error).requires_grad_()}
        parts = task.loss(output, true)
        edges = parts["loss"] - parts["velocity_loss"]
        torch.testing.assert_close(edges, 2.0 * share * parts["edge_loss"], rtol=1e-3, atol=1e-5)
        parts["loss"].backward()
        # A weight, not a loss: what the edges miss says nothing about the velocity.
        slope = torch.full_like(true["velocity"], 1 / true["velocity"].numel())
        torch.testing.assert_close(output["velocity"].grad, slope)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"edge_share": 1.5}, "'edge_share' is 1.5; it lies between 0 and 1"),
        ({"edge_weight": -0.5}, "'edge_weight' is -0.5; it must be at least 0"),
        ({"edge_release": -0.1}, "'edge_release' is -0.1"),
        ({"spread_weight": -1}, "'spread_weight' is -1"),
        ({"gradient_weight": float("nan")}, "'gradient_weight' is nan"),
        ({"edge_dilation_cells": -1}, "'edge_dilation_cells' is -1"),
        ({"edge_dilation_cells": 1.5}, "edge_dilation_cells.*integer"),
        ({"edge_weigth": 1}, "Did you mean 'edge_weight'"),
    ],
)
def test_option_that_cannot_work_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message) as refusal:
        with_options(TASKS["velocity_edges"], options, "velocity_edges")
    assert "\n" not in str(refusal.value)
