"""Evaluation knows the velocity models of a training in other stores, too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from judged_pairs import COUNT, make_pairs, untrained

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.samples import split_pairs
from geoml.survey.pairs import open_pairs
from geoml.synthetic.stored_recipe import model_run
from geoml.workflow.evaluation_pairs import choose_pairs

RECIPE = {"seed": 3, "families": [{"flat_layers": {}}], "velocity_range": {"limits_m_s": [1, 2]}}
LONGER = 100


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the recipe of a training gives when it is asked for more."""
    path = tmp_path_factory.mktemp("longer") / "longer.zarr"
    return make_pairs(path, 5, LONGER, recipe={**RECIPE, "count": LONGER})


def trained_on(**runs: Any) -> Checkpoint:
    checkpoint = untrained(None)
    pairs = {"sha256": "of another store", "count": COUNT, "model_runs": runs}
    return replace(checkpoint, training={**checkpoint.training, "pairs": pairs})


def test_of_a_longer_store_only_the_test_part_and_what_is_new_are_judged(longer: Path) -> None:
    checkpoint = trained_on(stored=model_run(RECIPE, 0, COUNT))
    chosen = choose_pairs(open_pairs(longer), [checkpoint])
    expected = [*split_pairs(COUNT).test, *range(COUNT, LONGER)]
    assert chosen.scored.tolist() == expected
    assert any(f"{LONGER - len(expected)} pairs" in note for note in chosen.notes)
    allowed = choose_pairs(open_pairs(longer), [checkpoint], allow_train=True)
    assert allowed.scored.size == LONGER


def test_streamed_pairs_are_never_judged_nor_calibrated_on(longer: Path) -> None:
    streamed = model_run(RECIPE, 10, 70)
    chosen = choose_pairs(
        open_pairs(longer), [trained_on(stored=None, streamed=streamed)], calibrate=True
    )
    left = [*range(10), *range(80, LONGER)]
    held = np.intersect1d(split_pairs(LONGER).calibration, left)
    assert held.size
    np.testing.assert_array_equal(chosen.calibration, held)
    np.testing.assert_array_equal(chosen.scored, np.setdiff1d(left, held))


def test_number_of_a_pair_counts_and_not_its_place(tmp_path: Path) -> None:
    path = make_pairs(tmp_path / "kept.zarr", 5, 40, recipe=RECIPE, first_seed_index=50)
    checkpoint = trained_on(streamed=model_run(RECIPE, 0, 60))
    chosen = choose_pairs(open_pairs(path), [checkpoint])
    assert chosen.scored.tolist() == list(range(10, 40))


def test_store_without_an_unseen_model_is_refused(longer: Path) -> None:
    everything = trained_on(streamed=model_run(RECIPE, 0, 1000))
    with pytest.raises(OptionError, match="another --seed, or pass --allow-train"):
        choose_pairs(open_pairs(longer), [everything])


def test_owner_is_judged_on_what_its_companion_has_not_seen_either(longer: Path) -> None:
    owner, companion = untrained(longer), trained_on(streamed=model_run(RECIPE, 0, 50))
    test = split_pairs(LONGER).test
    chosen = choose_pairs(open_pairs(longer), [owner, companion])
    assert chosen.own
    assert 0 < chosen.scored.size < test.size
    np.testing.assert_array_equal(chosen.scored, test[test >= 50])


def test_other_seeds_and_older_checkpoints_judge_all(longer: Path) -> None:
    other = trained_on(stored=model_run({**RECIPE, "seed": 8}, 0, COUNT))
    for checkpoint in (other, trained_on(), untrained(None)):
        assert choose_pairs(open_pairs(longer), [checkpoint]).scored.size == LONGER
