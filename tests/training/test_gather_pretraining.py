"""Pre-training and tuning on gathers: what is kept, what is drawn anew, what stays frozen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from moveout_gathers import moveout_gathers

from geoml.errors import CheckpointError, OptionError
from geoml.models.gathers import GATHER_MODELS
from geoml.network_checkpoint import load_network_checkpoint, save_network_checkpoint
from geoml.samples.augment import Augmentation
from geoml.samples.labelled_gathers import LabelledGathers
from geoml.tasks import GATHER_TASKS
from geoml.training.fit_options import FitOptions
from geoml.training.gather_pretraining import GatherTraining, train_on_gathers

SLIM = {"width": 16, "depth": 1, "attention_heads": 2}
QUICK = FitOptions(steps=4, batch_size=4, validate_every=2, accelerator="cpu", ema_decay=0.5)
NOISE = Augmentation(snr_db=(5, 20), noise_probability=1.0)


def training(**changes: object) -> GatherTraining:
    return replace(GatherTraining(model_options=SLIM, fit=QUICK, augmentation=NOISE), **changes)


@pytest.fixture(scope="module")
def gathers() -> LabelledGathers:
    return moveout_gathers(24)


@pytest.fixture(scope="module")
def pretrained(gathers: LabelledGathers):
    return train_on_gathers(gathers, "masked_traces", training())


@pytest.mark.parametrize("task", GATHER_TASKS)
@pytest.mark.parametrize("model", ["trace_transformer", "gather_vit"])
def test_every_task_trains_and_its_checkpoint_answers_again(
    task: str, model: str, gathers: LabelledGathers, tmp_path: Path
) -> None:
    made = train_on_gathers(gathers, task, training(model=model))
    save_network_checkpoint(made, tmp_path / "run")
    again = load_network_checkpoint(tmp_path / "run", "gather")
    assert again.settings == {"task": {task: {}}, "n_traces": 9, "n_times": 48, "dt_s": 0.008}
    assert all(np.isfinite(value) for value in again.training["scores"]["validation"].values())
    samples = torch.randn(2, 9, 48)
    torch.testing.assert_close(
        again.network(GATHER_MODELS)(samples), made.network(GATHER_MODELS)(samples)
    )


def test_tuning_starts_from_the_pretrained_weights(gathers, pretrained) -> None:
    still = replace(QUICK, steps=1, learning_rate=1e-12, muon_learning_rate=1e-12, ema_decay=0.0)
    tuned = train_on_gathers(gathers, "first_breaks", training(fit=still), pretrained)
    for name, weight in tuned.state.items():
        if not name.startswith("readout.join.4"):
            torch.testing.assert_close(weight, pretrained.state[name], msg=name)
    last = "readout.join.4.weight"
    assert not torch.allclose(tuned.state[last], pretrained.state[last])
    assert tuned.training["started_from"] == {"masked_traces": {}}


def test_going_on_with_a_task_keeps_what_it_reads_out(gathers, pretrained) -> None:
    still = replace(QUICK, steps=1, learning_rate=1e-12, muon_learning_rate=1e-12, ema_decay=0.0)
    again = train_on_gathers(gathers, "masked_traces", training(fit=still), pretrained)
    for name, weight in again.state.items():
        torch.testing.assert_close(weight, pretrained.state[name], msg=name)


def test_frozen_network_changes_in_its_readout_alone(gathers, pretrained) -> None:
    tuned = train_on_gathers(gathers, "first_breaks", training(frozen=True), pretrained)
    moved = {
        name
        for name, weight in tuned.state.items()
        if not torch.equal(weight, pretrained.state[name])
    }
    assert moved
    assert all(name.startswith("readout.") for name in moved)
    assert "readout.draw.weight" in moved


def test_training_lowers_the_loss(gathers) -> None:
    fit = replace(QUICK, steps=60, batch_size=8, validate_every=30, ema_decay=0.8)
    made = train_on_gathers(gathers, "first_breaks", training(fit=fit, augmentation=None))
    losses = [row["validation/loss"] for row in made.training["curve"]]
    assert losses[-1] < 0.8 * losses[0]


def test_same_seed_gives_the_same_weights(gathers) -> None:
    first, second = (train_on_gathers(gathers, "first_breaks", training()) for _ in range(2))
    for name, weight in first.state.items():
        torch.testing.assert_close(weight, second.state[name])


def test_frozen_needs_a_trained_network(gathers) -> None:
    with pytest.raises(OptionError, match="Only a trained network can be frozen"):
        train_on_gathers(gathers, "first_breaks", training(frozen=True))


def test_gathers_without_picks_are_refused(gathers) -> None:
    bare = LabelledGathers(
        gathers.samples, gathers.offset_m, np.full_like(gathers.first_break_s, np.nan),
        gathers.stack_m_s, gathers.group, gathers.dt_s,
    )  # fmt: skip
    with pytest.raises(OptionError, match="no labels for the task 'first_breaks'"):
        train_on_gathers(bare, "first_breaks", training())


def test_other_sampling_than_in_training_is_refused(pretrained) -> None:
    longer = moveout_gathers(24, n_times=50)
    with pytest.raises(CheckpointError, match=r"traces of 48 samples .* these have 50"):
        train_on_gathers(longer, "first_breaks", training(), pretrained)


def test_network_without_a_readout_cannot_be_frozen(gathers) -> None:
    dncnn = training(model="dncnn", model_options={"width": 8, "depth": 3})
    made = train_on_gathers(gathers, "signal", dncnn)
    with pytest.raises(OptionError, match="'dncnn' has no readout"):
        train_on_gathers(gathers, "signal", replace(dncnn, frozen=True), made)


def test_gains_of_the_augmentation_do_not_count_as_noise_to_remove(gathers) -> None:
    uneven = replace(NOISE, snr_db=(60.0, 60.0), trace_gain_db=12.0, window_gain_db=12.0)
    made = train_on_gathers(gathers, "signal", training(augmentation=uneven))
    assert made.training["scores"]["validation"]["input_db"] > 50
