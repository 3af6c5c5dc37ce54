"""Which velocity models a pair store has, told from its attributes."""

from __future__ import annotations

from typing import Any

import pytest

from geoml.synthetic.stored_recipe import model_run, shared_numbers, stored_run

DRAWN = {"seed": 4, "families": [{"salt": {}}], "velocity_range": {"limits_m_s": [1500, 4500]}}


def test_runs_of_one_source_share_the_numbers_that_both_have() -> None:
    one, other = model_run(DRAWN, 10, 20), model_run(DRAWN, 25, 100)
    assert shared_numbers(one, other) == shared_numbers(other, one) == range(25, 30)
    assert not shared_numbers(one, model_run(DRAWN, 30, 5))
    assert not shared_numbers(one, model_run(DRAWN, 0, 10))


@pytest.mark.parametrize(
    "change",
    [{"seed": 5}, {"families": [{"salt": {"share": 0.1}}]}, {"velocity_range": {}}],
)
def test_whatever_decides_a_model_tells_runs_apart(change: dict[str, Any]) -> None:
    assert not shared_numbers(model_run(DRAWN, 0, 9), model_run({**DRAWN, **change}, 0, 9))


def test_what_is_shot_over_a_model_does_not_make_it_another() -> None:
    louder = {**DRAWN, "wavelet_gain_db": 3.0, "accuracy": 4, "count": 99}
    assert shared_numbers(model_run(DRAWN, 0, 9), model_run(louder, 0, 9)) == range(9)
    given = {"models_sha256": "a", "seed": 0}
    again = model_run({**given, "seed": 1}, 0, 9)
    assert shared_numbers(model_run(given, 0, 9), again) == range(9)


def test_store_that_does_not_tell_has_no_run() -> None:
    assert stored_run({}, 5) is None
    told = stored_run({"recipe": DRAWN, "first_seed_index": 7}, 5)
    assert told == model_run(DRAWN, 7, 5)
