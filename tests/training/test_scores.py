"""Calibration and scores of answers whose quality is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from geoml.physics.edges import velocity_edges
from geoml.samples.scaling import Scaling
from geoml.tasks import TASKS
from geoml.training import TrainingOptions
from geoml.training.pair_data import PairData
from geoml.training.scores import calibrate, input_statistics, score

SCALING = Scaling(1.0, 2500.0, 500.0)
TASK = TASKS["velocity_edges"]()


def layered(seed: int, n_samples: int = 40) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    jumps = torch.rand((n_samples, 16, 1), generator=generator) > 0.85
    steps = jumps * 400.0 * torch.rand((n_samples, 16, 1), generator=generator)
    velocity_m_s = (1600 + steps.cumsum(1)).expand(-1, -1, 20)
    return {
        "velocity": SCALING.scale_velocity(velocity_m_s),
        "edges": torch.from_numpy(velocity_edges(velocity_m_s.numpy())).float(),
    }


def answer(batch: dict[str, torch.Tensor], seed: int, edge_level: float) -> dict[str, torch.Tensor]:
    """Velocity off by Laplace noise of known scale; edges of a stated probability, and rows that
    are none of half of it.
    """
    torch.manual_seed(seed)
    std = 0.02 + 0.1 * torch.rand(batch["velocity"].shape)
    noise = torch.distributions.Laplace(0.0, 1.0).sample(std.shape) * std / 2**0.5
    probability = torch.full_like(batch["edges"], 0.01)
    probability[:, 1::5] = 0.5 * edge_level
    probability = torch.where(batch["edges"] > 0, edge_level, probability)
    return {
        "velocity": batch["velocity"] + noise,
        "log_variance": 2 * std.log(),
        "edges": torch.logit(probability),
    }


def test_true_spread_needs_the_factors_of_a_laplace_distribution() -> None:
    batch = layered(0)
    factors = calibrate(TASK, answer(batch, 1, 0.9), batch)["factors"]
    for level, factor in factors.items():
        exact = -torch.log(torch.tensor(1 - float(level))).item() / 2**0.5
        assert factor == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("edge_level", [0.2, 0.5, 0.9])
def test_edge_threshold_finds_faint_edges(edge_level: float) -> None:
    batch = layered(0)
    threshold = calibrate(TASK, answer(batch, 1, edge_level), batch)["edge_threshold"]
    assert 0.5 * edge_level < threshold <= edge_level


def test_scores_of_fresh_models_under_that_calibration() -> None:
    batch, fresh = layered(0), layered(2)
    calibration = calibrate(TASK, answer(batch, 1, 0.4), batch)
    scores = score(TASK, answer(fresh, 3, 0.4), fresh, SCALING, calibration)
    for level, share in scores["coverage"].items():
        assert share == pytest.approx(float(level), abs=0.02)
    assert scores["edge_f1"] > 0.95
    mean_half_width = 0.07 * calibration["factors"]["0.8"] * 500
    assert scores["half_width_80_m_s"] == pytest.approx(mean_half_width, rel=0.05)


def test_perfect_velocity_has_perfect_edges_of_its_own() -> None:
    batch = layered(0)
    output = {**answer(batch, 1, 0.9), "velocity": batch["velocity"]}
    scores = score(TASK, output, batch, SCALING, calibrate(TASK, output, batch))
    assert scores["mae_m_s"] == pytest.approx(0, abs=1e-3)
    assert scores["edge_f1_of_velocity"] == 1


def test_task_without_edges_has_no_threshold() -> None:
    batch = layered(0)
    output = answer(batch, 1, 0.9)
    del output["edges"]
    task = TASKS["velocity"]()
    assert set(calibrate(task, output, batch)) == {"factors"}


def test_input_statistics_are_those_of_augmented_gathers(pairs: Path) -> None:
    def outer(augmentation: dict | None) -> float:
        data = PairData(pairs, TrainingOptions(augmentation=augmentation))
        return input_statistics(data.train_pairs)["quantiles"]["dead_share"][-1][0]

    assert outer(None) == 0
    assert outer({"dead_fraction": 0.5}) > 0.1


def test_parts_other_than_training_keep_their_noise(pairs: Path) -> None:
    data = PairData(pairs, TrainingOptions())
    part, training = data.part("validation"), data.train_pairs
    for dataset, same in ((part, True), (training, False)):
        dataset.set_epoch(0)
        first = dataset[0]["shots"]
        dataset.set_epoch(1)
        assert torch.equal(dataset[0]["shots"], first) == same
