"""Codes: trained, held against PCA, watched for collapse; and traces told from neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers import GATHER_MODELS
from geoml.models.gathers.variational_autoencoder import (
    VariationalAutoencoder,
    VariationalAutoencoderConfig,
)
from geoml.network_checkpoint import load_network_checkpoint, save_network_checkpoint
from geoml.prediction.codes import load_coder
from geoml.training.fit_network import FitOptions
from geoml.training.latent import CodeObjective, train_latent
from geoml.training.latent_data import LatentData, section_data
from geoml.training.latent_scores import explained, rebuilt_by_pca
from geoml.training.neighbours import NeighbourLikelihood, train_neighbours

FIT = FitOptions(
    steps=250, batch_size=16, validate_every=125, learning_rate=3e-3, ema_decay=0.95,
    accelerator="cpu", precision="32-true",
)  # fmt: skip
SLIM = {"widths": (8, 16)}


def moving_bumps(count: int, seed: int) -> np.ndarray:
    """Sections whose one layer moves: two numbers say all, and no two components do."""
    rng = np.random.default_rng(seed)
    depth = np.arange(16)[:, None]
    tilt = np.linspace(-1, 1, 16)
    top = rng.uniform(3, 12, (count, 1, 1)) + rng.uniform(-2, 2, (count, 1, 1)) * tilt
    return (2000 + 1000 / (1 + np.exp(-4 * (depth - top)))).astype(np.float32)


@pytest.fixture(scope="module")
def data() -> LatentData:
    return section_data(moving_bumps(400, 0), moving_bumps(100, 1), "bumps")


def test_code_of_moving_layers_beats_components_as_many_on_models_held_out(
    data: LatentData, tmp_path: Path
) -> None:
    checkpoint = train_latent(data, FIT, code=2, model_options=SLIM)
    scores = checkpoint.training["scores"]
    assert scores["r2/mean"] == pytest.approx(0)
    assert scores["r2/network"] > scores["r2/pca"] + 0.02 > 0.5
    folder = save_network_checkpoint(checkpoint, tmp_path / "network")
    coder = load_coder(folder)
    sections = np.swapaxes(moving_bumps(5, 2), 1, 2)
    code, level = coder.encode(sections)
    back = coder.decode(code, level)
    # Back in m/s, whatever the network reads.
    assert code.shape == (5, 2)
    assert np.abs(back - sections).mean() < 120


def test_warm_up_begins_without_the_divergence() -> None:
    network = VariationalAutoencoder(VariationalAutoencoderConfig(widths=(4,))).train()
    batch = {"samples": torch.randn(4, 8, 8)}
    objective = CodeObjective(beta=1.0, warmup_steps=10)
    weights = []
    for _ in range(12):
        parts = objective.loss(network, batch)
        rest = parts["loss"] - 0.5 * torch.log(parts["error"])
        weights.append(float((rest / (parts["kl"] / 64)).detach()))
    assert weights[0] == pytest.approx(0.1, abs=1e-3)
    assert weights[4] == pytest.approx(0.5, abs=1e-3)
    assert weights[11] == pytest.approx(1, abs=1e-3)


def test_units_in_use_are_logged_and_a_collapse_is_told(data: LatentData) -> None:
    told: list[str] = []
    brief = FitOptions(steps=20, batch_size=16, validate_every=10, accelerator="cpu",
                       precision="32-true")  # fmt: skip
    checkpoint = train_latent(
        data, brief, model="variational_autoencoder", code=3, model_options=SLIM, beta=1e6,
        kl_warmup=0.0, announce=told.append,
    )  # fmt: skip
    assert "validation/active_units" in checkpoint.training["curve"][0]
    assert "code has collapsed" in checkpoint.training["warnings"][0]
    assert told[-1] == checkpoint.training["warnings"][0]


def test_network_without_a_code_is_refused(data: LatentData) -> None:
    with pytest.raises(OptionError, match="'dncnn' has no code; networks with one: component_auto"):
        train_latent(data, FIT, model="dncnn")


def test_size_of_the_patch_is_not_the_users(data: LatentData) -> None:
    with pytest.raises(OptionError, match="'n_traces' of 'conv_autoencoder' follows"):
        train_latent(data, FIT, model_options={"n_traces": 3})


@pytest.mark.parametrize("option", [{"beta": 0.0}, {"kl_warmup": 2.0}, {"code": 0}])
def test_impossible_options_are_refused(data: LatentData, option: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=r"at least 1|needed above 0"):
        train_latent(data, FIT, **option)  # type: ignore[arg-type]


def test_as_many_components_as_numbers_explain_everything() -> None:
    patches = np.random.default_rng(0).normal(size=(40, 3, 4)).astype(np.float32)
    mean = patches.mean(axis=0)
    rebuilt = rebuilt_by_pca(patches, patches, 12)
    assert explained(patches, rebuilt, mean) == pytest.approx(1, abs=1e-5)
    assert explained(patches, np.broadcast_to(mean, patches.shape), mean) == pytest.approx(0)


def gathers(count: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    time = np.arange(96)
    arrivals = [30 + rng.uniform(0, 30) + 0.8 * np.arange(24)[:, None] for _ in range(count)]
    clean = [np.exp(-(((time - t) / 3) ** 2)) * np.sin((time - t) / 2) for t in arrivals]
    return [(c + 0.05 * rng.normal(size=c.shape)).astype(np.float32) for c in clean]


def test_traces_are_learned_from_their_neighbours(tmp_path: Path) -> None:
    fit = FitOptions(steps=120, batch_size=2, validate_every=120, learning_rate=5e-3,
                     ema_decay=0.9, accelerator="cpu", precision="32-true")  # fmt: skip
    checkpoint = train_neighbours(
        gathers(), fit, dt_s=0.004, patch_shape=(24, 96),
        model_options={"widths": (16, 24), "reach": 2, "level_window": 31},
    )  # fmt: skip
    folder = save_network_checkpoint(checkpoint, tmp_path / "network")
    network = load_network_checkpoint(folder, "neighbours").network(GATHER_MODELS)
    other = torch.from_numpy(gathers(5)[-1])[None]
    with torch.no_grad():
        error = (network(other)["signal"] - other)[0, 4:-4].square().mean()
    assert error < 0.3 * other.square().mean()


def test_likelihood_is_best_at_the_scale_of_the_errors() -> None:
    class Told(torch.nn.Module):
        def __init__(self, scale: float) -> None:
            super().__init__()
            self.scale = torch.tensor(scale)

        def forward(self, samples: torch.Tensor) -> dict[str, torch.Tensor]:
            nothing = torch.zeros_like(samples)
            return {"signal": nothing, "log_scale": nothing + torch.log(self.scale)}

    draws = torch.distributions.Laplace(0.0, 2.0)
    torch.manual_seed(0)
    batch = {"samples": draws.sample((1, 50, 200))}
    losses = [float(NeighbourLikelihood().loss(Told(s), batch)["loss"]) for s in (1.0, 2.0, 4.0)]
    assert losses[1] == min(losses)


def test_gathers_without_neighbours_are_refused() -> None:
    with pytest.raises(ShapeError, match="A gather of 2 traces has no neighbours"):
        train_neighbours([np.ones((2, 30), np.float32)], FIT, dt_s=0.004)
