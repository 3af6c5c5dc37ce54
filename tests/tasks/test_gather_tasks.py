"""Tasks on gathers: what each loss rewards, what each score says, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from moveout_gathers import moveout_gathers
from torch import Tensor, nn

from geoml.errors import OptionError
from geoml.samples.labelled_gathers import gather_batch
from geoml.tasks.first_breaks import FirstBreaks, pick_scores
from geoml.tasks.gather_signal import GatherSignal, decibels
from geoml.tasks.gather_task import ask
from geoml.tasks.masked_traces import MaskedTraces
from geoml.tasks.stack_velocities import StackVelocities


class Says(nn.Module):
    """Answers with what a function makes of the samples."""

    def __init__(self, answer) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        return {"signal": self.answer(samples)}


class Geometry(nn.Module):
    """Answers with what it is told of the geometry."""

    reads_geometry = True

    def forward(self, samples: Tensor, offset_m: Tensor, dt_s: float) -> dict[str, Tensor]:
        return {"signal": offset_m[..., None] * dt_s + 0 * samples}


def batch(**options: object) -> dict[str, Tensor]:
    return gather_batch(moveout_gathers(**options))


def scores_of(truth: Tensor, n_times: int, width: float) -> Tensor:
    """Scores whose probability is a bell round the true sample."""
    return -0.5 * ((torch.arange(n_times) - truth[..., None]) / width) ** 2


def test_network_that_reads_geometry_is_told_it() -> None:
    asked = batch()
    told = ask(Geometry(), asked)
    torch.testing.assert_close(told[:, :, 0], asked["offset_m"] * 0.008)


def test_first_break_loss_is_zero_for_the_label_itself_and_above_elsewhere() -> None:
    asked, task = batch(), FirstBreaks(label_width=1.0)
    true = Says(lambda s: scores_of(asked["first_break"], s.shape[2], 1.0))
    late = Says(lambda s: scores_of(asked["first_break"] + 2, s.shape[2], 1.0))
    assert task.loss(true, asked)["loss"].item() == pytest.approx(0, abs=1e-5)
    # Two equal bells two widths apart: half the squared distance.
    assert task.loss(late, asked)["loss"].item() == pytest.approx(2.0, rel=0.01)


def test_unknown_and_dead_traces_teach_nothing() -> None:
    asked, task = batch(), FirstBreaks()
    says = Says(lambda s: s.cumsum(2))
    usual = task.loss(says, asked)["loss"]
    asked["first_break"][:, 3] = torch.nan
    some = task.loss(says, asked)["loss"]
    asked["first_break"][:, 3] = 5.0
    asked["samples"][:, 3] = 0.0
    torch.testing.assert_close(task.loss(says, asked)["loss"], some)
    assert usual != some


def test_pick_is_read_to_a_fraction_of_a_sample() -> None:
    truth = torch.tensor([[10.0, 10.3, 20.75]])
    place, held = FirstBreaks().read(scores_of(truth, 48, 1.0))
    torch.testing.assert_close(place, truth, atol=0.02, rtol=0)
    assert held.min() > 0.99


def test_unsure_trace_and_dead_trace_have_no_pick() -> None:
    asked = batch(n=6)
    asked["samples"][:, 2] = 0
    flat = Says(lambda s: torch.where(torch.arange(9)[:, None] == 4, 0.0, 1.0) * 9 * (s > 2))
    answers = FirstBreaks(least_confidence=0.5).answers(flat, asked)
    assert np.isnan(answers["first_break"][:, [2, 4]]).all()
    assert answers["confidence"][:, 4] == pytest.approx(4 / 48, abs=0.1)
    assert np.isfinite(FirstBreaks().answers(flat, asked)["first_break"][:, 4]).all()


def test_pick_scores_by_hand() -> None:
    truth = [[0.1, 0.2, 0.3, np.nan, 0.5]]
    picks = [[0.102, 0.188, np.nan, 0.1, 0.504]]
    found = pick_scores(picks, truth)
    assert found["median_ms"] == pytest.approx(4)
    assert found["mean_ms"] == pytest.approx(6)
    assert found["bias_ms"] == pytest.approx(2)
    assert found["picked"] == pytest.approx(3 / 4)
    assert found["within"] == pytest.approx(2 / 4)
    assert pick_scores([np.nan], [0.1])["within"] == 0


def test_masked_loss_is_one_for_silence_and_nothing_for_the_truth() -> None:
    asked, task = batch(noise=0.0), MaskedTraces()
    torch.manual_seed(0)
    silent = task.loss(Says(torch.zeros_like), asked)
    assert silent["hidden"].item() == pytest.approx(1, rel=1e-4)
    assert silent["seen"].item() == pytest.approx(1, rel=1e-4)
    assert silent["loss"].item() == pytest.approx(1.1, rel=1e-4)
    assert task.loss(Says(lambda _: asked["samples"]), asked)["loss"] == 0


def test_network_never_sees_a_hidden_trace() -> None:
    asked, task = batch(), MaskedTraces(seen_weight=0.0)
    torch.manual_seed(0)
    # Handing the input back is perfect on what is seen and says nothing of what is hidden.
    parts = task.loss(Says(lambda s: s), asked)
    assert parts["seen"] == 0
    assert parts["hidden"].item() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize(("share", "run"), [(0.3, 1), (0.3, 5), (0.6, 3)])
def test_share_of_hidden_traces_is_the_one_asked_for(share: float, run: int) -> None:
    torch.manual_seed(0)
    live = torch.ones(400, 60, dtype=torch.bool)
    live[:, 7] = False
    hidden = MaskedTraces(hidden_share=share, run=run).hide(live)
    assert hidden.float().mean().item() == pytest.approx(share, abs=0.04)
    assert not hidden[:, 7].any()
    starts = (hidden[:, 1:] & ~hidden[:, :-1]).sum()
    if run > 1:
        assert hidden.sum() / starts > run * 0.8


def test_filled_traces_are_scored_beside_the_mean_of_their_neighbours() -> None:
    asked, task = batch(noise=0.0), MaskedTraces()
    perfect = Says(lambda _: asked["samples"])
    scores = task.scores(task.answers(perfect, asked), asked)
    assert scores["explained"] == pytest.approx(1)
    assert scores["explained_by_mean_of_neighbours"] < 0.9


def test_decibels_by_hand() -> None:
    clean = np.array([[1.0, 0.0], [2.0, 0.0]])
    other = clean + np.array([[0.0, 0.1], [0.0, 0.2]])
    assert decibels(clean, other) == pytest.approx(20)


def test_signal_gain_is_what_a_halved_noise_gains() -> None:
    asked = batch(noise=0.0)
    asked["samples"] = asked["clean"] + 0.5 * torch.randn_like(asked["clean"])
    half = Says(lambda s: (s + asked["clean"]) / 2)
    task = GatherSignal()
    scores = task.scores(task.answers(half, asked), asked)
    assert scores["gain_db"] == pytest.approx(20 * np.log10(2), abs=1e-3)
    assert task.loss(Says(lambda _: asked["clean"]), asked)["loss"] == 0


def test_stack_velocity_is_absolute_and_judged_where_it_is_known() -> None:
    asked = batch()
    asked["stack"][:, 30:] = torch.nan
    velocity = asked["stack"][:, :1, None]
    off = Says(lambda s: (velocity + 50 - 2200) / 500 + 0 * s)
    task = StackVelocities()
    with torch.no_grad():
        scores = task.scores(task.answers(off, asked), asked)
    assert scores["mae_m_s"] == pytest.approx(50, rel=1e-3)
    assert scores["mean_curve_mae_m_s"] > 100
    assert task.loss(off, asked)["loss"].item() == pytest.approx(0.1, rel=1e-3)


def test_dead_traces_have_no_say_in_the_stack_velocity() -> None:
    asked = batch()
    asked["samples"][:, 0] = 0
    loud = Says(lambda s: torch.where(torch.arange(9)[:, None] == 0, 99.0, 0.0) + 0 * s)
    assert np.unique(StackVelocities().answers(loud, asked)["stack_velocity"]).tolist() == [2200]


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        (FirstBreaks, {"label_width": 0.0}, "label_width 0 above 0"),
        (FirstBreaks, {"least_confidence": 1.5}, "from 0 to 1"),
        (MaskedTraces, {"hidden_share": 1.0}, "between 0 and 1"),
        (MaskedTraces, {"run": 2}, "odd"),
        (MaskedTraces, {"seen_weight": -1.0}, "at least 0"),
        (StackVelocities, {"scale_m_s": 0.0}, "above 0 m/s"),
    ],
)
def test_impossible_options_are_refused(task: type, options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        task(**options)
