"""Events as a set: matching, loss and scores, worked by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from torch import Tensor

from geoml.errors import OptionError
from geoml.tasks.events import Events, curve_s, event_scores

NAN = float("nan")


def truth() -> dict[str, Tensor]:
    """Two gathers, of two events and of one."""
    return {
        "samples": torch.zeros(2, 5, 8),
        "offset_m": torch.linspace(0, 2000, 5).expand(2, -1),
        "dt_s": torch.tensor(0.008),
        "time_s": torch.tensor([[0.5, 1.0], [0.8, NAN]]),
        "velocity_m_s": torch.tensor([[2000.0, 3000.0], [2500.0, NAN]]),
        "amplitude": torch.tensor([[1.0, -2.0], [1.5, NAN]]),
    }


def said(order: tuple[int, ...] = (0, 1, 2), late_s: float = 0.0) -> dict[str, Tensor]:
    """The truth as three queries in some order, the third one (second gather: two) of nothing."""
    rows = {
        "time_s": torch.tensor([[0.5, 1.0, 0.2], [0.8, 0.3, 1.2]]) + late_s,
        "velocity_m_s": torch.tensor([[2000.0, 3000.0, 1600.0], [2500.0, 1500.0, 4000.0]]),
        "amplitude": torch.tensor([[1.0, -2.0, 0.0], [1.5, 0.0, 0.0]]),
        "existence": torch.tensor([[9.0, 9.0, -9.0], [9.0, -9.0, -9.0]]),
    }
    return {name: part[:, list(order)][None] for name, part in rows.items()}


def network(found: dict[str, Tensor]):
    return lambda samples, offset_m, dt_s: found


def test_curve_by_hand() -> None:
    found = curve_s(torch.tensor([[0.3]]), torch.tensor([[2000.0]]), torch.tensor([[[0.0, 800.0]]]))
    torch.testing.assert_close(found, torch.tensor([[[0.3, 0.5]]]))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_loss_hangs_on_the_set_and_not_on_its_order(order: tuple[int, ...]) -> None:
    parts = Events().loss(network(said(order)), truth())
    assert parts["loss"].item() == pytest.approx(np.log1p(np.exp(-9)), rel=1e-2)
    assert parts["curve_ms"] == 0


def test_error_of_time_is_told_in_milliseconds() -> None:
    found = said(late_s=0.01)
    found["velocity_m_s"] = torch.full_like(found["velocity_m_s"], 1e9)
    true = {**truth(), "velocity_m_s": torch.tensor([[1e9, 1e9], [1e9, NAN]])}
    parts = Events().loss(network(found), true)
    assert parts["curve_ms"].item() == pytest.approx(10, rel=1e-4)


def test_match_is_the_cheapest_of_all() -> None:
    generator = torch.Generator().manual_seed(0)
    true = truth()
    found = {
        "time_s": torch.rand(2, 3, generator=generator),
        "velocity_m_s": 1500 + 2000 * torch.rand(2, 3, generator=generator),
        "amplitude": torch.randn(2, 3, generator=generator),
        "existence": torch.randn(2, 3, generator=generator),
    }
    task = Events(amplitude_weight=0.3)
    gather, query, event = task.match(found, true)
    assert gather.tolist() == [0, 0, 1]
    assert sorted(event[:2].tolist()) == [0, 1]

    def cost(row: int, q: int, e: int) -> float:
        curves = [
            curve_s(f["time_s"][row, i].view(1, 1), f["velocity_m_s"][row, i].view(1, 1),
                    true["offset_m"][row])
            for f, i in ((found, q), (true, e))
        ]  # fmt: skip
        size = (found["amplitude"][row, q] - true["amplitude"][row, e]).abs()
        chance = torch.sigmoid(found["existence"][row, q])
        return float((curves[0] - curves[1]).abs().mean() / 0.02 + 0.3 * size - chance)

    best = min(permutations(range(3), 2), key=lambda qs: cost(0, qs[0], 0) + cost(0, qs[1], 1))
    assert dict(zip(event[:2].tolist(), query[:2].tolist(), strict=True)) == dict(enumerate(best))
    assert query[2] == min(range(3), key=lambda q: cost(1, q, 0))


def test_events_that_are_not_likely_are_left_out() -> None:
    answers = Events().answers(network(said()), truth())
    assert np.isfinite(answers["time_s"]).tolist() == [[True, True, False], [True, False, False]]
    assert answers["chance"][0, 2] < 0.001


def test_of_twins_the_surer_one_stays() -> None:
    found = said()
    found["time_s"][0, 1] = torch.tensor([0.8, 0.81, 1.2])
    found["velocity_m_s"][0, 1] = 2500.0
    found["existence"][0, 1] = torch.tensor([1.0, 2.0, 1.0])
    told = [
        np.isfinite(Events(apart_s=apart_s).answers(network(found), truth())["time_s"][1])
        for apart_s in (0.0, 0.02)
    ]
    assert [row.tolist() for row in told] == [[True, True, True], [False, True, True]]


def test_gather_without_events_teaches_that_there_are_none() -> None:
    true = truth()
    for name in ("time_s", "velocity_m_s", "amplitude"):
        true[name] = torch.full((2, 2), NAN)
    parts = Events().loss(network(said()), true)
    assert parts["loss"].item() == pytest.approx(9 / 2, rel=1e-3)


def test_scores_by_hand() -> None:
    true = {name: truth()[name].numpy() for name in ("time_s", "velocity_m_s", "amplitude")}
    found = {
        # Near, a second one near the same, and one too slow; near in the second gather.
        "time_s": np.array([[0.504, 0.51, 1.0], [0.79, NAN, NAN]]),
        "velocity_m_s": np.array([[2050.0, 2000.0, 2600.0], [2600.0, NAN, NAN]]),
        "amplitude": np.array([[0.9, 1.0, -2.0], [1.5, NAN, NAN]]),
    }
    scores = event_scores(found, true)
    assert scores["precision"] == pytest.approx(2 / 4)
    assert scores["recall"] == pytest.approx(2 / 3)
    assert scores["f1"] == pytest.approx(4 / 7)
    assert scores["time_ms"] == pytest.approx(7, rel=1e-3)
    assert scores["velocity_m_s"] == pytest.approx(75)
    assert scores["amplitude_share"] == pytest.approx(0.05, rel=1e-3)


def test_of_two_queries_at_one_place_the_surer_one_answers() -> None:
    found = {name: part[0, :, :2].clone() for name, part in said().items()}
    for name in ("time_s", "velocity_m_s", "amplitude"):
        found[name][1] = found[name][1, 0]
    for surer in (0, 1):
        found["existence"][1] = torch.tensor([3.0, -3.0])[[surer, 1 - surer]]
        gather, query, _ = Events().match(found, truth())
        assert query[gather == 1].tolist() == [surer]


def test_as_many_events_as_can_be_are_found() -> None:
    """The cheapest pairs would leave one event out; two others serve both."""
    true = {"time_s": [[0.5, 0.5198]], "velocity_m_s": [[2000.0, 2198.0]]}
    found = {"time_s": [[0.5198, 0.5]], "velocity_m_s": [[2198.0, 2415.0]]}
    sets = [
        {name: np.array(values) for name, values in {**s, "amplitude": [[1.0, 1.0]]}.items()}
        for s in (found, true)
    ]
    assert event_scores(*sets)["recall"] == 1


def test_nothing_found_scores_nothing() -> None:
    true = {name: truth()[name].numpy() for name in ("time_s", "velocity_m_s", "amplitude")}
    none = {name: np.full((2, 3), NAN) for name in true}
    scores = event_scores(none, true)
    assert (scores["precision"], scores["recall"], scores["f1"]) == (0, 0, 0)
    assert np.isnan(scores["time_ms"])


@pytest.mark.parametrize(
    "options",
    [{"curve_s": 0.0}, {"amplitude_weight": -1.0}, {"least_chance": 2.0}, {"apart_s": -1.0}],
)
def test_impossible_options_are_refused(options: dict) -> None:
    with pytest.raises(OptionError, match=r"must be|lies between"):
        Events(**options)
