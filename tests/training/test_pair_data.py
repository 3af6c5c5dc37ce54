"""Which part of a store does what: nothing that judges a network has a hand in its training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_training import options, run

from geoml.checkpoint import load_checkpoint
from geoml.objectives import conformal_factors, coverage
from geoml.prediction.network import WindowPredictor
from geoml.samples import split_pairs
from geoml.samples.dataset import fit_pair_scaling
from geoml.survey.pairs import open_pairs
from geoml.training.baselines import gradient_model
from geoml.training.pair_data import PairData

PARTS = split_pairs(96)


def test_scaling_knows_the_training_part_alone(pairs: Path) -> None:
    data = PairData(pairs, options())
    assert data.scaling == fit_pair_scaling(pairs, PARTS.train)
    assert data.scaling != fit_pair_scaling(pairs, np.arange(96))


def test_held_out_ground_is_never_scaled(pairs: Path) -> None:
    data = PairData(pairs, options(augmentation={"velocity_factor": [0.8, 1.2]}))
    stored = open_pairs(pairs)["velocity"].values
    for part in ("validation", "calibration", "test"):
        found = data.part(part).__getitems__([0, 1])["velocity"].numpy()
        true = stored[getattr(PARTS, part)[:2]]
        np.testing.assert_allclose(data.scaling.unscale_velocity(found), true, rtol=1e-5)
    trained = data.train_pairs.__getitems__(range(10))["velocity"].numpy()
    away = data.scaling.unscale_velocity(trained) / stored[PARTS.train[:10]] - 1
    assert np.abs(away).max() > 0.02


def test_calibration_and_scores_are_those_of_their_parts(pairs: Path, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(run(pairs, tmp_path / "run", max_epochs=1, augmentation=None))
    store, predictor = open_pairs(pairs), WindowPredictor(checkpoint)

    def residual_and_std(part: str) -> tuple[np.ndarray, np.ndarray]:
        rows = getattr(PARTS, part)
        found = predictor.uncalibrated(store["amplitude"].values[rows])
        assert found.velocity_std is not None
        return found.velocity - store["velocity"].values[rows], found.velocity_std

    factors = checkpoint.calibration["factors"]
    assert factors == pytest.approx(conformal_factors(*residual_and_std("calibration")), rel=1e-3)
    shares = coverage(*residual_and_std("test"), factors)
    assert checkpoint.calibration["coverage"] == pytest.approx(shares, abs=0.01)
    velocity = store["velocity"].values
    known = velocity[PARTS.train]
    for name, model in (
        ("mean model", known.mean(axis=0)),
        ("best gradient of all", gradient_model(known)),
    ):
        away = np.abs(model - velocity[PARTS.test]).mean()
        assert checkpoint.training["scores"][name]["mae_m_s"] == pytest.approx(away, rel=1e-4)


@pytest.fixture(scope="module")
def plain(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    folder = tmp_path_factory.mktemp("plain")
    return load_checkpoint(run(pairs, folder / "run", max_epochs=1, batch_size=16)).state


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "adamw"},
        {"learning_rate": 1e-3},
        {"muon_learning_rate": 1e-3},
        {"weight_decay": 0.5},
        {"warmup": 0.9},
        {"ema_decay": 0.0},
        {"gradient_clip": 1e-3},
        {"augmentation": None},
        {"augmentation": {"dead_fraction": 0.5}},
    ],
    ids=str,
)
def test_every_option_of_a_step_matters(
    change: dict[str, Any], plain: dict[str, torch.Tensor], pairs: Path, tmp_path: Path
) -> None:
    other = load_checkpoint(
        run(pairs, tmp_path / "run", max_epochs=1, **{"batch_size": 16, **change})
    ).state
    away = max(float((other[name] - weight).abs().max()) for name, weight in plain.items())
    assert away > 1e-5
