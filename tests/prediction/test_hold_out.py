"""Which traces no fit may use."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.prediction.hold_out import fitted_shots, held_out_traces, spread_shots
from geoml.prediction.remodel import chosen_shots
from geoml.survey.line_shots import LineShot

from .modelled_line import bare_survey


def line_of(n_shots: int, n_receivers: int = 10) -> tuple[xr.Dataset, dict[int, LineShot]]:
    source = 40.0 * np.arange(n_shots) + 500
    survey = bare_survey(source, source[:, None] - 100 - 25.0 * np.arange(n_receivers))
    return survey, chosen_shots(survey)


def test_every_fifth_shot_of_a_long_line_is_held_out_whole() -> None:
    survey, shots = line_of(20)
    held_out = held_out_traces(shots, survey.sizes["trace"], 5)
    whole = held_out.reshape(20, 10)
    assert whole.all(axis=1).sum() == 4
    assert whole.any(axis=1).sum() == 4
    assert sorted(fitted_shots(shots, held_out)) == [101 + n for n in range(20) if n % 5 != 2]


def test_every_fifth_receiver_of_a_short_line_is_held_out() -> None:
    survey, shots = line_of(4)
    held_out = held_out_traces(shots, survey.sizes["trace"], 5)
    assert held_out.reshape(4, 10).sum(axis=1).tolist() == [2, 2, 2, 2]
    # Not the same receiver of every shot, or its place would never be fitted.
    assert held_out.reshape(4, 10).sum(axis=0).max() == 1
    fitted = fitted_shots(shots, held_out)
    for number, shot in fitted.items():
        assert not held_out[shot.traces].any()
        assert shot.receiver_distance_m.shape == shot.traces.shape
        kept = np.isin(shots[number].traces, shot.traces)
        np.testing.assert_array_equal(
            shot.receiver_distance_m, shots[number].receiver_distance_m[kept]
        )


def test_nothing_is_held_out_on_demand() -> None:
    survey, shots = line_of(20)
    held_out = held_out_traces(shots, survey.sizes["trace"], 0)
    assert not held_out.any()
    assert fitted_shots(shots, held_out) == shots


@pytest.mark.parametrize("count", [5, 10, 15])
def test_judged_shots_hold_their_share_of_those_held_out(count: int) -> None:
    survey, shots = line_of(20)
    held_out = held_out_traces(shots, survey.sizes["trace"], 5)
    chosen = spread_shots(shots, count, held_out)
    aside = [bool(held_out[shot.traces].all()) for shot in chosen.values()]
    assert len(chosen) == count
    assert sum(aside) == count // 5
    assert list(chosen) == sorted(chosen)


def test_spread_shots_reach_both_ends_of_the_line() -> None:
    _, shots = line_of(20)
    chosen = list(spread_shots(shots, 4))
    assert (chosen[0], chosen[-1]) == (101, 120)
    assert list(spread_shots(shots, None)) == list(shots)
