"""A trace is told from its neighbours, and from nothing else."""

from __future__ import annotations

import pytest
import torch

from geoml.errors import OptionError, ShapeError
from geoml.models.gathers.neighbour_predictor import (
    NeighbourPredictor,
    NeighbourPredictorConfig,
    neighbours,
)

REACH = 2


def built(**options: object) -> NeighbourPredictor:
    torch.manual_seed(0)
    config = {"widths": (8, 12), "reach": REACH, "level_window": 9, **options}
    return NeighbourPredictor(NeighbourPredictorConfig(**config)).eval()  # type: ignore[arg-type]


def gather(n_traces: int = 9, n_times: int = 30) -> torch.Tensor:
    return torch.randn(2, n_traces, n_times, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("head", ["signal", "log_scale"])
@pytest.mark.parametrize("place", [0, 4, 8])
def test_prediction_hangs_on_the_neighbours_within_reach_alone(head: str, place: int) -> None:
    samples = gather().requires_grad_()
    built()(samples)[head][1, place].sum().backward()
    assert samples.grad is not None
    used = samples.grad.abs().sum(dim=2) > 0
    wanted = torch.zeros(2, 9, dtype=torch.bool)
    wanted[1, max(0, place - REACH) : place + REACH + 1] = True
    wanted[1, place] = False
    assert torch.equal(used & ~wanted, torch.zeros_like(used))
    # A median passes its gradient to one neighbour alone, the convolutions to all.
    assert torch.equal(used, wanted) or head == "log_scale"


def test_prediction_grows_in_proportion_to_the_gather() -> None:
    network, samples = built(), gather()
    usual, loud = network(samples), network(1e6 * samples)
    torch.testing.assert_close(loud["signal"] / 1e6, usual["signal"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        loud["log_scale"] - usual["log_scale"],
        torch.full_like(samples, 13.815511),
        atol=1e-4,
        rtol=0,
    )


def test_silence_gives_finite_answers() -> None:
    outputs = built()(torch.zeros(1, 6, 20))
    assert all(torch.isfinite(values).all() for values in outputs.values())


def test_neighbours_leave_the_trace_itself_out() -> None:
    samples = torch.arange(4.0)[None, :, None]
    around = neighbours(samples, 1, beyond=-1)[0, :, :, 0]
    assert around.tolist() == [[-1, 1], [0, 2], [1, 3], [2, -1]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reach": 0}, "at least one neighbour"),
        ({"kernel": 4}, "odd"),
        ({"widths": ()}, "one width"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        built(**options)


def test_anything_but_gathers_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"reads \(batch, trace, time\)"):
        built()(torch.zeros(6, 20))
