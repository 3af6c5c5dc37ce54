"""Training of the network that finds events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from geoml.network_checkpoint import load_network_checkpoint, save_network_checkpoint
from geoml.synthetic.event_gather import EventGatherOptions, event_gathers
from geoml.training.event_picking import (
    EventTraining,
    event_batch,
    found_events,
    rebuilt,
    train_events,
)
from geoml.training.fit_options import FitOptions

SMALL = EventGatherOptions(
    n_traces=8, n_times=64, n_events=(1, 2), first_time_s=0.05, noise=(0.0, 0.1)
)
SLIM = {"n_queries": 3, "width": 16, "depth": 1, "rounds": 2, "attention_heads": 2, "reach": 4}
QUICK = EventTraining(
    gathers=SMALL,
    network=SLIM,
    n_validation=16,
    fit=FitOptions(steps=3, batch_size=4, validate_every=1, ema_decay=0.5, accelerator="cpu"),
)


def test_checkpoint_finds_the_same_events_again(tmp_path: Path) -> None:
    made = train_events(QUICK)
    save_network_checkpoint(made, tmp_path / "events")
    again = load_network_checkpoint(tmp_path / "events", "events")
    gathers = event_gathers(3, np.random.default_rng(0), SMALL)
    first, second = (found_events(rebuilt(c), QUICK.task, gathers) for c in (made, again))
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, rtol=1e-5)
    assert set(again.training["scores"]["validation"]) >= {"precision", "recall", "f1"}
    assert again.settings["dt_s"] == SMALL.dt_s


def test_training_teaches_which_queries_stand_for_an_event() -> None:
    fit = replace(
        QUICK.fit, steps=50, batch_size=8, validate_every=10, learning_rate=2e-2,
        muon_learning_rate=5e-2,
    )  # fmt: skip
    one = replace(SMALL, n_events=(1, 1))
    curve = train_events(replace(QUICK, fit=fit, gathers=one)).training["curve"]
    # One query of three is right: guessing a third costs 0.64.
    assert curve[-1]["validation/existence"] < 0.5
    assert curve[-1]["validation/curve_ms"] < curve[0]["validation/curve_ms"]


def test_same_seed_gives_the_same_network() -> None:
    first, second = (train_events(QUICK).state for _ in range(2))
    for name, weight in first.items():
        torch.testing.assert_close(weight, second[name])
    other = train_events(replace(QUICK, fit=replace(QUICK.fit, seed=1))).state
    assert not torch.allclose(first["query"], other["query"])


def test_amplitudes_are_in_units_of_the_gathers_rms_and_come_back() -> None:
    gathers = event_gathers(5, np.random.default_rng(0), SMALL)
    batch = event_batch(gathers)
    rms = batch["samples"].square().mean(dim=(1, 2)).sqrt()
    torch.testing.assert_close(rms, torch.ones(5), atol=1e-4, rtol=0)
    louder = replace(gathers, samples=10 * gathers.samples, amplitude=10 * gathers.amplitude)
    torch.testing.assert_close(event_batch(louder)["amplitude"], batch["amplitude"], equal_nan=True)
    network = rebuilt(train_events(QUICK))
    task = replace(QUICK.task, least_chance=0.0)
    quiet, loud = (found_events(network, task, g)["amplitude"] for g in (gathers, louder))
    np.testing.assert_allclose(loud, 10 * quiet, rtol=1e-3)


@pytest.mark.parametrize("field", ["time_s", "velocity_m_s"])
def test_events_are_told_in_physical_units(field: str) -> None:
    found = found_events(
        rebuilt(train_events(QUICK)), replace(QUICK.task, least_chance=0.0),
        event_gathers(4, np.random.default_rng(1), SMALL),
    )  # fmt: skip
    low, high = {"time_s": (0, 63 * 0.008), "velocity_m_s": (1300, 6000)}[field]
    assert low <= found[field].min() <= found[field].max() <= high
