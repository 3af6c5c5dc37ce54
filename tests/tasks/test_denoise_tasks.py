"""Laws of the denoising tasks: what is hidden stays hidden, dead stays dead, options matter."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.tasks.denoise import (
    DENOISE_TASKS,
    BlindSpot,
    BlindTrace,
    Supervised,
    denoise_task,
    denoised,
    task_settings,
    turned_down,
)

CHANGES: dict[str, dict[str, object]] = {
    "supervised": {"penalty": "l1", "most": 1.0},
    "blind_spot": {"share": 0.4, "reach": 1, "penalty": "l1", "passes": 4, "most": 1.0},
    "blind_trace": {"every": 2, "penalty": "l2", "most": 1.0},
}


class Recorder(nn.Module):
    """A network that returns its input and keeps what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        self.seen.append(samples)
        return {"signal": samples}


def patches() -> Tensor:
    return torch.randn(2, 16, 24, generator=torch.Generator().manual_seed(0))


def batch() -> dict[str, Tensor]:
    samples = patches()
    samples[:, 5] *= 3
    return {"samples": samples, "signal": 0.5 * samples}


@pytest.mark.parametrize("name", DENOISE_TASKS)
def test_settings_make_the_same_task_again(name: str) -> None:
    task = denoise_task({name: CHANGES[name]})
    assert denoise_task(json.loads(json.dumps(task_settings(task)))) == task


@pytest.mark.parametrize("name", DENOISE_TASKS)
def test_every_option_has_a_case(name: str) -> None:
    assert set(CHANGES[name]) == {f.name for f in fields(DENOISE_TASKS[name])}


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in CHANGES for option in CHANGES[name]]
)
def test_every_option_changes_training_or_prediction(name: str, option: str) -> None:
    results = []
    for options in ({}, {option: CHANGES[name][option]}):
        torch.manual_seed(0)
        task = denoise_task({name: options})
        network = nn.Conv2d(1, 1, 3, padding=1)

        def found(x: Tensor, network: nn.Module = network) -> dict[str, Tensor]:
            return {"signal": network(x[:, None])[:, 0]}

        torch.manual_seed(1)
        loss = task.loss(found, batch())["loss"]
        results.append((loss.item(), task.predict(found, batch()["samples"])))
    assert results[0][0] != results[1][0] or not torch.equal(results[0][1], results[1][1])


def test_supervised_loss_of_the_signal_itself_is_zero() -> None:
    clean = batch()
    clean["samples"] = clean["signal"] = patches()
    assert Supervised().loss(lambda x: {"signal": clean["signal"]}, clean)["loss"] == 0


def test_supervised_gain_by_hand() -> None:
    """Noise of 1 and an error of 0.1 are 20 dB apart."""
    samples = patches()
    data = {"samples": samples, "signal": samples - 1}
    parts = Supervised().loss(lambda x: {"signal": samples - 0.9}, data)
    np.testing.assert_allclose(parts["gain_db"], 20, rtol=1e-4)


def test_batch_without_noise_gains_nothing() -> None:
    samples = patches()
    data = {"samples": samples, "signal": samples}
    assert Supervised().loss(lambda x: {"signal": samples - 0.1}, data)["gain_db"] == 0


def test_blind_trace_never_shows_a_trace_to_its_own_prediction() -> None:
    network, task = Recorder(), BlindTrace(every=3)
    samples = patches()
    assert not task.predict(network, samples).any()  # a copy of what is hidden is nothing
    assert len(network.seen) == 3
    hidden = sum((~seen.any(dim=-1)).int() for seen in network.seen)
    torch.testing.assert_close(hidden, torch.ones_like(hidden))


def test_blind_trace_learns_from_hidden_traces_alone() -> None:
    samples = patches()
    loss = BlindTrace(every=3, penalty="l2").loss(Recorder(), {"samples": samples})["loss"]
    # The copy is zero where traces are hidden: the error there is the trace itself.
    np.testing.assert_allclose(loss, 1, atol=0.2)


def test_blind_trace_asks_nothing_of_dead_traces() -> None:
    dead = torch.zeros(2, 16, 24)
    assert (
        BlindTrace().loss(lambda x: {"signal": torch.ones_like(x)}, {"samples": dead})["loss"] == 0
    )


def test_blind_spot_hides_samples_behind_others() -> None:
    torch.manual_seed(0)
    network, samples = Recorder(), patches()
    BlindSpot(share=0.2).loss(network, {"samples": samples})
    changed = (network.seen[0] != samples).float().mean()
    np.testing.assert_allclose(changed, 0.2, atol=0.04)
    values = torch.isin(network.seen[0], samples)
    assert values.all()


@pytest.mark.parametrize("passes", [2, 5])
def test_blind_spot_passes_hide_every_sample_once(passes: int) -> None:
    torch.manual_seed(0)
    samples = patches()
    assert (BlindSpot(passes=passes).predict(Recorder(), samples) != samples).all()


def test_blind_spot_shows_all_where_no_passes_are_asked() -> None:
    samples = patches()
    torch.testing.assert_close(BlindSpot().predict(Recorder(), samples), turned_down(samples, 4))


def test_loud_trace_is_turned_down_to_its_neighbours() -> None:
    samples = torch.ones(1, 12, 8)
    samples[0, 6] = 100
    samples[0, 2] = 3
    found = turned_down(samples, 4)
    torch.testing.assert_close(found[0, 6], torch.full((8,), 4.0))
    torch.testing.assert_close(found[0, 2], samples[0, 2])


def test_live_trace_among_dead_ones_stays() -> None:
    samples = torch.zeros(1, 12, 8)
    samples[0, 6] = 2
    torch.testing.assert_close(turned_down(samples, 4), samples)


def test_identity_denoises_to_the_input_and_dead_traces_stay_dead() -> None:
    gather = np.random.default_rng(0).normal(size=(40, 90)).astype(np.float32)
    gather[7] = 0
    found = denoised(Recorder(), Supervised(), gather, (16, 32))
    np.testing.assert_allclose(found, gather, rtol=1e-5, atol=1e-7)
    shifted = denoised(lambda x: {"signal": x + 1}, Supervised(), gather, (16, 32))
    assert not shifted[7].any()
    assert shifted[6].all()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"supervised": {"most": 0.5}}, "'most'"),
        ({"supervised": {"penalty": "l3"}}, "penalty"),
        ({"blind_spot": {"share": 0.0}}, "'share'"),
        ({"blind_spot": {"passes": 1}}, "'passes'"),
        ({"blind_trace": {"every": 1}}, "'every'"),
        ("blind_trce", "Did you mean 'blind_trace'"),
    ],
)
def test_impossible_tasks_are_refused(spec: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        denoise_task(spec)  # type: ignore[arg-type]
