"""A network trained against a critic learns, resumes, and leaves no critic in its checkpoint."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from geoml.checkpoint import Checkpoint, load_checkpoint
from geoml.errors import OptionError
from geoml.models import SECTION_NETWORKS, build_model
from geoml.training import TrainingOptions, train
from geoml.training.adversarial import AdversarialOptions, gradient_penalty
from geoml.training.pair_data import PairData
from geoml.training.weight_average import newest_share
from geoml.training.window_options import section_shape

WIDTHS = {"time_widths": [8], "widths": [16], "latent": 16, "section_widths": [16, 8]}
MODEL: dict[str, Any] = {"velocity_gan": WIDTHS}


def run(pairs: Path, out: Path, **changes: Any) -> Path:
    base: dict[str, Any] = {
        "max_epochs": 2,
        "batch_size": 8,
        "precision": "32-true",
        "accelerator": "cpu",
        "adversarial": {"critic_steps": 2},
    }
    given = {key: changes.pop(key) for key in ("model", "resume", "announce") if key in changes}
    settings = {"model": MODEL, "announce": lambda line: None, **given}
    return train(pairs, out, options=TrainingOptions(**{**base, **changes}), **settings)


def slim_down(patch: pytest.MonkeyPatch) -> None:
    """A critic as narrow as the network; the full one takes longer than all else in a batch."""
    patch.setattr("geoml.models.velocity_gan._WIDTHS", (16, 32, 32, 64))


@pytest.fixture
def slim_critic(monkeypatch: pytest.MonkeyPatch) -> None:
    slim_down(monkeypatch)


@pytest.fixture(scope="module")
def taught(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """What a plain run leaves."""
    with pytest.MonkeyPatch.context() as patch:
        slim_down(patch)
        return load_checkpoint(run(pairs, tmp_path_factory.mktemp("taught") / "run", max_epochs=4))


class Plane(nn.Module):
    """A critic whose gradient has a known length everywhere."""

    def __init__(self, slope: torch.Tensor) -> None:
        super().__init__()
        self.slope = nn.Parameter(slope)

    def forward(self, velocity: torch.Tensor) -> torch.Tensor:
        return (self.slope * velocity).sum((1, 2))


def test_penalty_is_the_squared_distance_of_the_slope_from_one() -> None:
    slope = torch.zeros(3, 4)
    slope[0, 1], slope[2, 3] = 3.0, 4.0
    critic = Plane(slope)
    penalty = gradient_penalty(critic, torch.randn(5, 3, 4), torch.randn(5, 3, 4))
    assert float(penalty.detach()) == pytest.approx((5 - 1) ** 2)
    penalty.backward()
    # d (|s| - 1)^2 / ds = 2 (|s| - 1) s / |s|
    torch.testing.assert_close(critic.slope.grad, 2 * 4 * slope / 5)


def test_network_learns_velocity_and_the_critic_tells_true_from_drawn(
    pairs: Path, tmp_path: Path
) -> None:
    changes = {"max_epochs": 12, "augmentation": None, "learning_rate": 1e-2, "patience": None}
    out = run(pairs, tmp_path / "run", **changes, ema_decay=0.9)
    checkpoint = load_checkpoint(out)
    scores = checkpoint.training["scores"]
    assert scores["network"]["mae_m_s"] < 0.6 * scores["mean model"]["mae_m_s"]
    assert not any("critic" in name for name in checkpoint.state)
    assert checkpoint.model_name == "velocity_gan"
    with (out / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    # It starts nearly flat, far from a slope of one, and gets there.
    penalties = [float(row["train/gradient_penalty"]) for row in rows]
    assert penalties[-1] < 0.3 * penalties[0]
    assert max(float(row["train/wasserstein"]) for row in rows) > 0
    assert all("train/critic_loss" in row for row in rows)


@pytest.mark.usefixtures("slim_critic")
def test_critic_learns_to_find_the_true_models_truer(pairs: Path, tmp_path: Path) -> None:
    still = {"learning_rate": 1e-12, "muon_learning_rate": 1e-12, "augmentation": None}
    game = {"critic_steps": 2, "critic_learning_rate": 1e-3, "penalty_weight": 1.0}
    out = run(pairs, tmp_path / "run", max_epochs=3, adversarial=game, **still)
    told = [line["train/wasserstein"] for line in load_checkpoint(out).training["curve"]]
    assert told[-1] > 0.3
    assert told == sorted(told)


def test_network_goes_where_the_critic_finds_more_truth(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, bias_m_s = SECTION_NETWORKS["velocity_gan"], {}
    game = {"critic_steps": 1, "critic_learning_rate": 1e-12, "adversarial_weight": 100.0}
    for liked, slope in (("fast", 1.0), ("slow", -1.0)):
        critic = partial(Plane, torch.full((12, 16), slope))
        monkeypatch.setitem(SECTION_NETWORKS, "velocity_gan", replace(entry, critic=critic))
        out = run(pairs, tmp_path / liked, max_epochs=1, ema_decay=0.0, adversarial=game)
        bias_m_s[liked] = load_checkpoint(out).training["scores"]["network"]["bias_m_s"]
    assert bias_m_s["fast"] - bias_m_s["slow"] > 100


@pytest.mark.usefixtures("slim_critic")
def test_resumed_run_ends_with_the_weights_of_one_that_was_never_stopped(
    pairs: Path, tmp_path: Path
) -> None:
    class PowerCutError(Exception):
        pass

    def announce(line: str) -> None:
        if line.startswith("epoch 2/"):
            raise PowerCutError

    # Nine batches an epoch: the turns of the network go on across epochs.
    changes = {"max_epochs": 3, "adversarial": {"critic_steps": 4}}
    whole = load_checkpoint(run(pairs, tmp_path / "whole", **changes))
    with pytest.raises(PowerCutError):
        run(pairs, tmp_path / "cut", announce=announce, **changes)
    resumed = load_checkpoint(run(pairs, tmp_path / "cut", resume=True, **changes))
    for name, weight in whole.state.items():
        assert torch.equal(resumed.state[name], weight), name


@pytest.mark.usefixtures("slim_critic")
def test_mean_of_the_weights_counts_the_steps_of_the_network_alone(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []

    def watched(decay: float, n_averaged: int) -> float:
        counted.append(n_averaged)
        return newest_share(decay, n_averaged)

    monkeypatch.setattr("geoml.training.weight_average.newest_share", watched)
    run(pairs, tmp_path / "run", max_epochs=1, adversarial={"critic_steps": 3})
    # Nine batches, three steps of the network; the first of them begins the mean.
    assert counted == [1, 2]


@pytest.mark.usefixtures("slim_critic")
def test_time_limit_ends_the_run_and_its_schedule(pairs: Path, tmp_path: Path) -> None:
    changes = {"max_epochs": 10_000, "max_cpu_minutes": 1.5 / 60, "patience": None}
    training = load_checkpoint(run(pairs, tmp_path / "run", **changes)).training
    last = training["curve"][-1]
    assert last["epoch"] < 10_000
    assert last["learning_rate"] < 0.1 * training["options"]["learning_rate"]


def test_learning_rate_ends_with_the_last_epoch(taught: Checkpoint) -> None:
    rates = [line["learning_rate"] for line in taught.training["curve"]]
    assert rates[-1] < 0.05 * max(rates)
    assert rates[-2] > 0.1 * max(rates)


@pytest.mark.usefixtures("slim_critic")
def test_network_moves_only_when_its_turn_has_come(
    pairs: Path, taught: Checkpoint, tmp_path: Path
) -> None:
    # More steps of the critic than batches: the network keeps its first weights.
    changes = {"max_epochs": 1, "adversarial": {"critic_steps": 1000}}
    kept = load_checkpoint(run(pairs, tmp_path / "kept", **changes)).state
    shape = section_shape(PairData(pairs, TrainingOptions()).train_pairs.acquisition)
    torch.manual_seed(0)
    heads = ("velocity", "edges", "log_variance")
    fresh = build_model("velocity_gan", shape, heads, WIDTHS)
    for name, weight in fresh.named_parameters():
        assert torch.equal(kept[name], weight), name
    assert any(
        not torch.equal(taught.state[name], weight) for name, weight in fresh.named_parameters()
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"critic_steps": 0}, "critic_steps is 0"),
        ({"critic_learning_rate": 0.0}, "at least 1 and above 0"),
        ({"penalty_weight": -1.0}, "'penalty_weight' is -1"),
    ],
)
def test_option_that_cannot_work_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        AdversarialOptions(**options)


def test_options_for_a_critic_are_refused_where_there_is_none(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="'inversion_net' has no critic"):
        run(pairs, tmp_path / "run", model={"inversion_net": WIDTHS})


def test_half_precision_with_a_loss_scale_is_refused(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="choose bf16-mixed or 32-true"):
        run(pairs, tmp_path / "run", precision="16-mixed")
