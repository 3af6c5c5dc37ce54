"""Training of networks that draw sections: what moves, what stays, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from geoml.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from geoml.errors import CheckpointError, OptionError
from geoml.models import rebuild
from geoml.models.posteriors import POSTERIORS
from geoml.prediction.network import WindowPredictor
from geoml.survey.pairs import open_pairs
from geoml.training import TrainingOptions, train
from geoml.training.pair_data import PairData
from geoml.training.posterior import with_trunk
from geoml.training.posterior_options import PosteriorOptions

TRUNK = {"stem_widths": (8, 16), "widths": (16, 32), "norm_channels": 8}
MODEL: dict[str, Any] = {"trunk": TRUNK, "widths": (16,), "draws": 4}
SLIM: dict[str, dict[str, Any]] = {"cvae": {"flow_steps": 1}, "cwgan": {"critic_widths": (8, 16)}}
OPTIONS = TrainingOptions(
    max_epochs=3, batch_size=24, augmentation=None, patience=None, precision="32-true"
)


def trained(pairs: Path, out: Path, name: str, **options: Any) -> Checkpoint:
    settings = {**MODEL, **SLIM[name]} if name in POSTERIORS else TRUNK
    given = {key: value for key, value in options.items() if key != "announce"}
    train(
        pairs,
        out,
        task="velocity",
        model={name: settings},
        options=replace(OPTIONS, **given),
        announce=lambda _: None,
    )
    return load_checkpoint(out)


@pytest.fixture(scope="module")
def trunk(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trunk") / "run"
    trained(pairs, out, "mh_unet_s", max_epochs=1)
    return out


@pytest.fixture(scope="module", params=list(POSTERIORS))
def drawing(
    request: pytest.FixtureRequest, pairs: Path, trunk: Path, tmp_path_factory: Any
) -> Checkpoint:
    out = tmp_path_factory.mktemp(request.param) / "run"
    return trained(pairs, out, request.param, max_epochs=3, posterior={"trunk": str(trunk)})


def test_models_that_the_trunk_saw_are_told_with_the_run(
    pairs: Path, trunk: Path, tmp_path: Path
) -> None:
    checkpoint = load_checkpoint(trunk)
    seen = {"source": {"seed": 3}, "first": 0, "count": 9}
    told = {**checkpoint.training["pairs"], "model_runs": {"stored": seen}}
    known = replace(checkpoint, training={**checkpoint.training, "pairs": told})
    save_checkpoint(known, tmp_path / "trunk")
    options = replace(OPTIONS, posterior={"trunk": str(tmp_path / "trunk")})
    assert PairData(pairs, options).model_runs() == {"stored": None, "trunk_stored": seen}


def test_frozen_trunk_keeps_its_weights_and_the_rest_learns(
    drawing: Checkpoint, trunk: Path
) -> None:
    before = load_checkpoint(trunk)
    assert drawing.scaling == before.scaling
    for name, weight in before.state.items():
        assert torch.equal(drawing.state[f"trunk.{name}"], weight), name
    losses = [line["validation/loss"] for line in drawing.training["curve"]]
    assert losses[-1] < losses[0]


def test_samples_spread_about_as_far_as_their_mean_is_off(drawing: Checkpoint, pairs: Path) -> None:
    store = open_pairs(pairs)
    some = np.arange(90, 96)
    samples = WindowPredictor(drawing).samples(store["amplitude"][some].values, 16)
    truth = store["velocity"][some].values
    spread = samples.std(axis=0).mean()
    error = np.abs(samples.mean(axis=0) - truth).mean()
    assert 0.1 * error < spread < 10 * error


def test_checkpoint_is_calibrated_like_any_other(drawing: Checkpoint) -> None:
    assert set(drawing.calibration["factors"]) == {"0.5", "0.8", "0.95"}
    assert drawing.training["scores"]["network"]["mae_m_s"] > 0


def test_without_a_trunk_all_weights_learn(pairs: Path, tmp_path: Path) -> None:
    learned = trained(pairs, tmp_path / "run", "cvae", max_epochs=1)
    torch.manual_seed(OPTIONS.seed)  # what training draws first weights by
    fresh = rebuild(learned.model_config).state_dict()
    moved = [name for name, weight in learned.state.items() if not torch.equal(weight, fresh[name])]
    assert set(moved) == {name for name, _ in rebuild(learned.model_config).named_parameters()}
    assert {"train/elbo", "train/kl", "train/score"} <= set(learned.training["curve"][-1])


def test_weight_of_the_critic_reaches_the_generator(
    pairs: Path, trunk: Path, tmp_path: Path
) -> None:
    plain, judged = (
        trained(
            pairs,
            tmp_path / str(weight),
            "cwgan",
            max_epochs=1,
            posterior={"trunk": str(trunk), "adversarial_weight": weight},
        )
        for weight in (0.0, 5.0)
    )
    name = "up.enter.weight"
    assert not torch.equal(plain.state[name], judged.state[name])
    assert {"train/wasserstein", "train/gradient_penalty"} <= set(judged.training["curve"][-1])


def test_trunk_of_another_size_is_refused(pairs: Path, trunk: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="do not fit the trunk"):
        train(
            pairs,
            tmp_path / "run",
            task="velocity",
            model={"cvae": {**MODEL, "trunk": {**TRUNK, "widths": (32, 96)}}},
            options=replace(OPTIONS, posterior={"trunk": str(trunk)}),
        )


def test_trunk_brings_its_own_options_and_has_to_be_a_multi_head_u_net(
    pairs: Path, trunk: Path, tmp_path: Path
) -> None:
    options = replace(OPTIONS, posterior={"trunk": str(trunk)})
    told = with_trunk({"draws": 4}, options)
    assert told["draws"] == 4
    assert told["trunk"]["widths"] == list(TRUNK["widths"])
    assert with_trunk({"trunk": {"blocks": 2}}, options)["trunk"]["blocks"] == 2
    other = tmp_path / "other"
    save_checkpoint(replace(load_checkpoint(trunk), model_name="inversion_net"), other)
    with pytest.raises(CheckpointError, match="is a 'inversion_net'"):
        trained(pairs, tmp_path / "run", "cvae", posterior={"trunk": str(other)})


def test_trunk_may_have_a_head_that_the_task_does_not_ask_for(pairs: Path, tmp_path: Path) -> None:
    train(
        pairs,
        tmp_path / "trunk",
        task="velocity_edges",
        model={"mh_unet_s": TRUNK},
        options=replace(OPTIONS, max_epochs=1),
        announce=lambda _: None,
    )
    trunk = str(tmp_path / "trunk")
    learned = trained(pairs, tmp_path / "run", "cwgan", max_epochs=1, posterior={"trunk": trunk})
    assert not any("edges" in name for name in learned.state)
    name = "heads.velocity.out.weight"
    assert torch.equal(learned.state[f"trunk.{name}"], load_checkpoint(trunk).state[name])


def test_options_for_draws_are_refused_where_nothing_draws(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="'mh_unet_s' draws no sections"):
        trained(pairs, tmp_path / "run", "mh_unet_s", posterior={"score_weight": 2.0})


@pytest.mark.parametrize(
    "options",
    [
        {"score_weight": -1},
        {"critic_steps": 0},
        {"validation_draws": 1},
        {"critic_learning_rate": 0},
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        PosteriorOptions(**options)
