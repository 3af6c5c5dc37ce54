"""Which rows train and which are predicted; what a split that leaks is worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import OptionError
from geoml.samples.leak_sentinel import nearest_depth
from geoml.samples.log_table import LogTable
from geoml.samples.well_splits import WellSplit, split_wells, warn_of_leak


def table(well: str, n_rows: int = 60, field: str = "F", step_m: float = 1.0) -> LogTable:
    depth_m = 100 + step_m * np.arange(n_rows)
    targets = np.sin(depth_m / 5)[:, None].astype(np.float32)
    return LogTable(well, field, depth_m, np.zeros((n_rows, 1), np.float32), targets)


def test_one_well_is_left_out_at_a_time_with_all_its_runs() -> None:
    tables = [table("A"), table("B"), table("A", 30)]
    folds = split_wells(tables)
    assert [fold.name for fold in folds] == ["A", "B"]
    assert [bool(mask.all()) for mask in folds[0].test] == [True, False, True]
    assert [bool(mask.any()) for mask in folds[0].train] == [False, True, False]


@given(
    by=st.sampled_from(["well", "field", "depth_block"]),
    n_folds=st.integers(2, 4),
    seed=st.integers(0, 9),
)
@settings(max_examples=30, deadline=None)
def test_every_row_is_predicted_once_and_never_trains_its_own_fold(by, n_folds, seed) -> None:
    tables = [table(f"W{i}", 40 + 7 * i, field=f"F{i % 4}") for i in range(6)]
    split = WellSplit(by=by, n_folds=n_folds, block_m=5, gap_m=2, seed=seed)
    folds = split_wells(tables, split)
    for index in range(len(tables)):
        assert (sum(fold.test[index].astype(int) for fold in folds) == 1).all()
        for fold in folds:
            assert not (fold.test[index] & fold.train[index]).any()


def test_well_that_only_trains_is_in_every_fold_and_predicted_in_none() -> None:
    tables = [table("A"), table("pieces"), table("B")]
    folds = split_wells(tables, WellSplit(train_only=("pieces",)))
    assert [fold.name for fold in folds] == ["A", "B"]
    assert all(fold.train[1].all() and not fold.test[1].any() for fold in folds)


def test_well_that_only_trains_must_exist_and_goes_with_wells() -> None:
    with pytest.raises(OptionError, match=r"train_only names 'C'\. Wells: A, B"):
        split_wells([table("A"), table("B")], WellSplit(train_only=("C",)))
    with pytest.raises(OptionError, match="train_only goes with 'by: well'"):
        WellSplit(by="field", train_only=("A",))


def test_rows_near_a_left_out_block_do_not_train() -> None:
    (fold, *_) = split_wells([table("A")], WellSplit(by="depth_block", block_m=10, gap_m=3))
    test, train = np.flatnonzero(fold.test[0]), np.flatnonzero(fold.train[0])
    assert np.abs(test[:, None] - train[None]).min() == 4


def test_cuts_make_a_fold_of_each_piece() -> None:
    split = WellSplit(by="depth_block", cuts_m=(110.0, 140.0), gap_m=0)
    folds = split_wells([table("A")], split)
    assert [int(fold.test[0].sum()) for fold in folds] == [10, 30, 20]


def test_runs_that_a_block_parts_stay_apart() -> None:
    tables = [table("A")]
    fold = split_wells(tables, WellSplit(by="depth_block", cuts_m=(120.0, 130.0), gap_m=0))[1]
    assert [part.n_rows for part in fold.train_tables(tables)] == [20, 30]


def test_random_split_is_refused_and_named_when_it_is_forced() -> None:
    with pytest.raises(OptionError, match=r"random split puts neighbours .* allow_leak"):
        WellSplit(by="random")
    told: list[str] = []
    warn_of_leak(WellSplit(by="random", allow_leak=True), "accuracy 0.85", told.append)
    warn_of_leak(WellSplit(), "accuracy 0.85", told.append)
    assert len(told) == 1
    assert "accuracy 0.85" in told[0]


def test_sentinel_knows_a_random_split_and_nothing_of_a_new_well() -> None:
    tables = [table("A"), table("B")]
    (random, *_) = split_wells(tables, WellSplit(by="random", allow_leak=True))
    (leaky, _) = nearest_depth(tables, random)
    truth = tables[0].targets[random.test[0]]
    assert np.abs(leaky[random.test[0]] - truth).max() < 0.5
    for answer in nearest_depth(tables, split_wells(tables)[0]):
        assert np.isnan(answer).all()


def test_sentinel_takes_the_nearer_of_two_rows() -> None:
    one = LogTable(
        "A",
        "",
        np.array([0.0, 1.0, 4.0]),
        np.zeros((3, 1), np.float32),
        np.array([[1.0], [9], [5]]),
    )
    fold = split_wells([one], WellSplit(by="depth_block", cuts_m=(0.5, 2.0), gap_m=0))[1]
    assert nearest_depth([one], fold)[0][1, 0] == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_folds": 1}, "at least 2"),
        ({"block_m": 0}, "above 0"),
        ({"cuts_m": (3.0, 2.0), "by": "depth_block"}, "must increase"),
        ({"cuts_m": (3.0,)}, "depth_block"),
    ],
)
def test_wrong_options_are_refused(options, message) -> None:
    with pytest.raises(OptionError, match=message):
        WellSplit(**options)


def test_split_without_groups_is_refused() -> None:
    with pytest.raises(OptionError, match="needs two of them, found 1"):
        split_wells([table("A")])
    with pytest.raises(OptionError, match="names no field"):
        split_wells([table("A", field="")], WellSplit(by="field"))
    with pytest.raises(OptionError, match="No well holds 5 blocks"):
        split_wells([table("A", 10)], WellSplit(by="depth_block", block_m=50))
