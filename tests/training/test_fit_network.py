"""Training of any network: it learns, keeps its best weights, and repeats itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.training.fit_network import FitOptions, fit_network

SLOPE = torch.tensor([[1.0, -2.0, 0.5]])
OPTIONS = FitOptions(steps=60, validate_every=20, learning_rate=0.2, optimizer="adamw",
                     ema_decay=0.8, precision="32-true", accelerator="cpu")  # fmt: skip


class Square:
    """Squared distance from a linear map, of inputs under noise drawn anew."""

    noise = 0.01

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        inputs = batch["inputs"] + self.noise * torch.randn_like(batch["inputs"])
        square = (network(inputs) - batch["targets"]).square().mean()
        return {"loss": square, "root": square.sqrt()}


def batches(seed: int = 0) -> Iterator[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    while True:
        inputs = torch.randn(8, 3, generator=generator)
        yield {"inputs": inputs, "targets": inputs @ SLOPE.T}


def linear() -> nn.Module:
    torch.manual_seed(1)
    return nn.Linear(3, 1, bias=False)


def test_network_learns_the_map_and_is_left_to_predict() -> None:
    network = linear()
    curve = fit_network(network, Square(), batches(), list(islice(batches(9), 2)), OPTIONS)
    assert not network.training
    torch.testing.assert_close(network.weight, SLOPE, atol=0.05, rtol=0)  # type: ignore[arg-type]
    assert [row["step"] for row in curve] == [20, 40, 60]
    assert set(curve[0]) == {"step", "cpu_s", "train/loss", "train/root", "validation/loss",
                             "validation/root"}  # fmt: skip
    assert curve[-1]["validation/loss"] < 0.1 * curve[0]["validation/loss"]


def test_same_seed_gives_the_same_weights_and_leaves_random_numbers_alone() -> None:
    networks = []
    for _ in range(2):
        torch.manual_seed(5)
        network = nn.Linear(3, 1, bias=False)
        before = torch.get_rng_state()
        fit_network(network, Square(), batches(), list(islice(batches(9), 1)), OPTIONS)
        assert torch.equal(torch.get_rng_state(), before)
        networks.append(network)
    assert torch.equal(networks[0].weight, networks[1].weight)


def test_best_weights_are_kept_where_later_ones_are_worse() -> None:
    network = linear()

    def turning() -> Iterator[dict[str, Tensor]]:
        """After the first interval every target has the other sign."""
        for number, batch in enumerate(batches()):
            sign = 1 if number < 40 else -1
            yield {"inputs": batch["inputs"], "targets": sign * batch["targets"]}

    curve = fit_network(network, Square(), turning(), list(islice(batches(9), 2)), OPTIONS)
    losses = [row["validation/loss"] for row in curve]
    assert losses[1] < losses[2]
    torch.manual_seed(OPTIONS.seed)
    with torch.no_grad():
        again = [Square().loss(network, batch)["loss"] for batch in islice(batches(9), 2)]
    assert float(torch.stack(again).mean()) == pytest.approx(min(losses), rel=1e-5)


def test_validation_draws_the_same_numbers_every_time() -> None:
    frozen = FitOptions(steps=40, validate_every=20, learning_rate=1e-12, optimizer="adamw",
                        weight_decay=0, precision="32-true", accelerator="cpu")  # fmt: skip
    curve = fit_network(linear(), Square(), batches(), list(islice(batches(9), 2)), frozen)
    assert curve[0]["validation/loss"] == pytest.approx(curve[1]["validation/loss"], rel=1e-6)


def test_numbers_of_the_training_do_not_come_again_after_a_validation() -> None:
    drawn: list[float] = []

    class Watched(Square):
        def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            if network.training:
                drawn.append(float(torch.rand(())))
            return super().loss(network, batch)

    often = replace(OPTIONS, steps=30, validate_every=3)
    fit_network(linear(), Watched(), batches(), list(islice(batches(9), 1)), often)
    assert len(drawn) == len(set(drawn)) == 30


def test_without_validation_the_last_mean_is_kept_and_losses_are_told() -> None:
    network, lines = linear(), []
    curve = fit_network(network, Square(), batches(), [], OPTIONS, announce=lines.append)
    assert [row["step"] for row in curve] == [20, 40, 60]
    assert lines[0].startswith("step 20, ")
    torch.testing.assert_close(network.weight, SLOPE, atol=0.1, rtol=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("validated", [True, False])
def test_last_steps_are_validated_where_the_interval_does_not_divide_them(validated: bool) -> None:
    validation = list(islice(batches(9), 1)) if validated else []
    odd = replace(OPTIONS, steps=50)
    curve = fit_network(linear(), Square(), batches(), validation, odd)
    assert [row["step"] for row in curve] == [20, 40, 50]
    assert ("validation/loss" in curve[-1]) == validated


def test_time_limit_ends_the_run_with_a_validation() -> None:
    limited = FitOptions(steps=10**6, max_cpu_minutes=0.01, validate_every=10**5, optimizer="adamw",
                         learning_rate=0.05, precision="32-true", accelerator="cpu")  # fmt: skip
    told: list[tuple[int, int]] = []
    curve = fit_network(linear(), Square(), batches(), list(islice(batches(9), 1)), limited,
                        progress=lambda done, total: told.append((done, total)))  # fmt: skip
    assert curve[-1]["step"] < 10**5
    assert "validation/loss" in curve[-1]
    assert told[-1] == (10**6, 10**6)


def test_divergence_is_told() -> None:
    class Broken(Square):
        def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            return {"loss": network(batch["inputs"]).mean() * float("nan")}

    with pytest.raises(OptionError, match=r"diverged; lower learning_rate \(now 0\.2\)"):
        fit_network(linear(), Broken(), batches(), list(islice(batches(9), 1)), OPTIONS)
    with pytest.raises(OptionError, match="'steps' is 0; it must be above 0"):
        FitOptions(steps=0)
