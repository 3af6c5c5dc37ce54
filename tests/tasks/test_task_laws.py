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
    parts["loss"].backward()
    for head, prediction in output.items():
        assert prediction.grad is not None, head
        assert prediction.grad.abs().sum() > 0, head


@pytest.mark.parametrize("name", TASKS)
def test_every_option_changes_the_loss(name: str) -> None:
    task = TASKS[name]()
    base = float(task.loss(answer(task), batch())["loss"].detach())
    for option in fields(task):
        changed = replace(task, **{option.name: getattr(task, option.name) + 0.2})
        assert float(changed.loss(answer(task), batch())["loss"].detach()) != base, option.name


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
def test_spread_is_declared_where_it_is_predicted(name: str) -> None:
    assert TASKS[name].has_spread == ("log_variance" in TASKS[name]().heads)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"edge_share": 1.5}, "edge_share 1.5"),
        ({"edge_weight": 0}, "edge_weight is 0"),
        ({"spread_weight": -1}, "spread_weight -1"),
        ({"edge_weigth": 1}, "Did you mean 'edge_weight'"),
    ],
)
def test_option_that_cannot_work_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        with_options(TASKS["velocity_edges"], options, "velocity_edges")
