"""Wells judged by left-out wells, trained, and run from one YAML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from samples.made_wells import made_well, made_wells

from geoml.errors import OptionError
from geoml.survey.wells import save_wells
from geoml.well_checkpoint import load_well_checkpoint
from geoml.workflow.well_folds import cross_validate, greedy_weights
from geoml.workflow.well_learning import (
    USUAL_INPUTS,
    PenaltyFile,
    WellLearning,
    learning_tables,
)
from geoml.workflow.well_prediction import predict_wells
from geoml.workflow.well_specification import checked_learning, load_well_workflow
from geoml.workflow.wells import evaluate_wells, fold_scores, train_wells

LEARNING = WellLearning(
    task={"log_regression": {"targets": ["DTC"]}},
    inputs=("GR", "NPHI", "RHOB"),
    models=("ridge", "constant"),
)
FACIES = WellLearning(
    task={"facies": {"target": "FACIES"}}, inputs=("GR", "NPHI"), models=("ridge",)
)


def validated(learning: WellLearning, wells=None, announce=print):
    wells = wells or made_wells(3)
    task = learning.built_task()
    _, tables = learning_tables(wells, learning, task)
    return cross_validate(tables, learning, task, announce)


def test_left_out_well_has_no_say_in_its_own_scaling() -> None:
    wells = made_wells(3)
    before = validated(LEARNING, wells)
    # Were the third well's target among the training rows of its fold, its answer would follow.
    wells[2]["DTC"] = wells[2]["DTC"] * 3
    after = validated(LEARNING, wells)
    np.testing.assert_array_equal(before.decided({0: 1.0})[2], after.decided({0: 1.0})[2])
    assert not np.array_equal(before.decided({0: 1.0})[0], after.decided({0: 1.0})[0])


def test_every_row_is_answered_by_a_model_that_did_not_see_it() -> None:
    assert all(np.isfinite(values).all() for values in validated(LEARNING).decided({0: 1.0}))


def test_greedy_ensemble_leaves_a_useless_model_out() -> None:
    validation = validated(LEARNING)
    assert greedy_weights(validation, "rmse", larger_is_better=False) == {0: pytest.approx(1)}


def test_trivial_rows_stand_beside_the_models() -> None:
    rows = fold_scores(validated(LEARNING), LEARNING)
    assert list(rows) == ["ridge", "constant", "all together"]
    blocks = LEARNING.model_copy(
        update={"split": {"by": "depth_block", "block_m": 5}, "models": ("ridge",)}
    )
    rows = fold_scores(validated(blocks), blocks)
    assert list(rows) == ["ridge", "constant", "nearest depth (no logs)"]
    assert rows["ridge"]["rmse"] < rows["constant"]["rmse"]


def test_random_split_tells_what_the_sentinel_scores() -> None:
    told: list[str] = []
    leaky = FACIES.model_copy(update={"split": {"by": "random", "allow_leak": True}})
    validated(leaky, announce=told.append)
    assert len(told) == 1
    assert float(told[0].split("accuracy ")[1].split(";")[0]) > 0.9


def test_evaluation_prints_wells_and_confusion() -> None:
    told: list[str] = []
    rows = evaluate_wells(made_wells(2), FACIES, announce=told.append)
    text = "\n".join(told)
    assert rows["ridge"]["accuracy"] > rows["constant"]["accuracy"]
    assert "true \\ answer" in text
    counts = [int(c) for line in told[-3:] for c in line.split()[1:]]
    assert sum(counts) == 480


def test_rows_outside_the_kept_range_do_not_train_but_are_predicted() -> None:
    wells = made_wells(3)
    for well in wells:
        broken = well["GR"].values > 60
        well["DTC"] = well["DTC"].where(~broken, 2000)
    careful = LEARNING.model_copy(update={"keep": {"GR": (0.0, 60.0)}, "models": ("ridge",)})
    answers = validated(careful, wells).decided({0: 1.0})
    assert max(float(values.max()) for values in answers) < 400


def test_rows_outside_the_kept_range_are_not_scored_and_that_is_said() -> None:
    wells, told = made_wells(3), []
    n_rows = sum(int((well["GR"] <= 60).sum()) for well in wells)
    for well in wells:
        well["DTC"] = well["DTC"].where(well["GR"] <= 60, 2000)
    careful = LEARNING.model_copy(update={"keep": {"GR": (0.0, 60.0)}, "models": ("ridge",)})
    rows = evaluate_wells(wells, careful, announce=told.append)
    assert rows["ridge"]["rmse"] < 20
    assert told[0].startswith(f"keep: {n_rows} of 720 measured values (")


def test_target_without_a_value_is_refused_beside_kept_rows_too() -> None:
    wells = made_wells(3)
    for well in wells:
        well["DTC"] = well["DTC"] * np.nan
    careful = LEARNING.model_copy(update={"keep": {"GR": (0.0, 60.0)}, "models": ("ridge",)})
    with pytest.raises(OptionError, match="'DTC' has 0 values"):
        evaluate_wells(wells, careful, announce=lambda line: None)


IMPUTATION = LEARNING.model_copy(
    update={
        "task": {"imputation": {"targets": ["DTC"]}},
        "models": ("ridge", "constant"),
        "split": {"block_m": 3.0},
    }
)


def test_imputation_is_scored_on_hidden_pieces_beside_a_straight_line() -> None:
    rows = fold_scores(validated(IMPUTATION), IMPUTATION)
    assert rows["ridge"]["rmse"] < rows["straight line across the gap"]["rmse"]
    assert rows["straight line across the gap"]["rmse"] < rows["constant"]["rmse"]
    # Whole wells hidden: there is no row beside the gap.
    split = {"split": {"by": "well"}}
    rows = fold_scores(validated(IMPUTATION.model_copy(update=split)), IMPUTATION)
    assert "straight line across the gap" not in rows


def test_hidden_piece_has_no_say_in_its_own_fill() -> None:
    wells = made_wells(2)
    before = validated(IMPUTATION, wells)
    hidden = before.folds[0].fold.test[1]
    wells[1]["DTC"] = wells[1]["DTC"].where(~hidden, 0.0)
    after = validated(IMPUTATION, wells)
    fills = [v.decided({0: 1.0})[1][hidden] for v in (before, after)]
    np.testing.assert_array_equal(*fills)


def test_blocks_of_imputation_are_those_that_are_asked_for() -> None:
    split = IMPUTATION.model_copy(update={"split": {}}).built_split()
    assert (split.by, split.block_m, split.gap_m) == ("depth_block", 10, 0)
    asked = IMPUTATION.model_copy(update={"split": {"block_m": 4.0, "gap_m": 1.0}}).built_split()
    assert (asked.block_m, asked.gap_m) == (4, 1)
    cuts = IMPUTATION.model_copy(update={"split": {"cuts_m": [1010.0]}}).built_split()
    assert cuts.cuts_m == (1010,)
    assert LEARNING.built_split().by == "well"


def test_interval_calibrated_on_left_out_wells_holds_in_a_new_one(tmp_path: Path) -> None:
    wells = made_wells(6)
    generator = np.random.default_rng(0)
    for well in wells:
        well["DTC"] = well["DTC"] + generator.normal(scale=8, size=well.sizes["depth"])
    learning = LEARNING.model_copy(update={"models": ("ridge",)})
    out = train_wells(wells[:5], tmp_path, learning, announce=lambda line: None)
    checkpoint = load_well_checkpoint(out)
    assert checkpoint.units == {"DTC": "us/m"}
    assert set(checkpoint.training["scores"]) == {"ridge", "constant"}
    from geoml.prediction.logs import LogPredictor

    well = LogPredictor(checkpoint).predict(wells[5])
    held = (well["DTC"] >= well["DTC_LOW"]) & (well["DTC"] <= well["DTC_HIGH"])
    assert 0.75 < float(held.mean()) < 0.99


def test_predictions_go_to_las_beside_the_curves(tmp_path: Path) -> None:
    wells = [made_well("A 1/2", 0), made_well("B", 1)]
    store = tmp_path / "wells.zarr"
    save_wells(wells, store)
    learning = FACIES.model_copy(update={"calibrate": False})
    checkpoint = train_wells(wells, tmp_path / "run", learning)
    paths = list(predict_wells(store, checkpoint, tmp_path / "las", ["A 1/2"]))
    (path,) = paths
    import lasio

    log = lasio.read(path)
    assert {"GR", "FACIES_PRED", "FACIES_P1", "PREDICTION_FLAG"} <= set(log.keys())
    np.testing.assert_allclose(log["GR"], wells[0]["GR"].values, rtol=1e-4)
    assert set(np.unique(log["FACIES_PRED"])) <= {1, 2, 3}


def test_penalties_follow_their_codes_whatever_the_order(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([[0.0, 5.0], [7.0, 0.0]]))
    options = PenaltyFile(file=str(tmp_path / "p.npy"), codes=(9.0, 4.0)).options()
    assert options == {"codes": [4.0, 9.0], "penalty": [[0.0, 7.0], [5.0, 0.0]]}
    with pytest.raises(OptionError, match="square of the codes"):
        PenaltyFile(file=str(tmp_path / "p.npy"), codes=(1.0, 2.0, 3.0)).options()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modelz": ["ridge"]}, "no key 'modelz'"),
        ({"models": ["ridgee"]}, "Did you mean 'ridge'"),
        ({"models": [{"ridge": {"alfa": 1}}]}, "no option 'alfa'"),
        ({"task": {"facies": {"codez": 1}}}, "no option 'codez'"),
        ({"split": {"by": "random"}}, "allow_leak"),
        ({"training": {"steps": 0}}, "above 0"),
        ({"smoother": {"viterby": {}}}, "Did you mean 'viterbi'"),
        ({"smoother": {"viterbi": {}}}, "smooth curves with 'median'"),
    ],
)
def test_wrong_key_is_refused_in_one_line(change, message) -> None:
    with pytest.raises(OptionError, match=message) as error:
        checked_learning(change, "learn")
    assert "\n" not in str(error.value)


def test_target_among_the_inputs_is_refused() -> None:
    learning = LEARNING.model_copy(update={"inputs": ("GR", "DTC")})
    with pytest.raises(OptionError, match="take it out of the inputs"):
        validated(learning)
    learning = LEARNING.model_copy(update={"task": {"log_regression": {"targets": ["VS"]}}})
    with pytest.raises(OptionError, match="No well has the target 'VS'"):
        validated(learning)


@pytest.mark.parametrize("task", ["log_regression", "imputation"])
def test_usual_inputs_leave_out_the_target(task) -> None:
    learning = checked_learning({"task": {task: {"targets": ["RHOB"]}}}, "learn")
    assert learning.inputs == ("GR", "RDEP", "NPHI")
    assert checked_learning({"task": {task: {"targets": ["DTS"]}}}, "learn").inputs == (
        *USUAL_INPUTS,
    )
    named = {"task": {task: {"targets": ["RHOB"]}}, "inputs": ["GR", "RHOB"]}
    assert checked_learning(named, "learn").inputs == ("GR", "RHOB")


def test_wells_workflow_has_only_known_keys(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    learn = {"models": ["lstm"], "split": {"n_folds": 3, "train_only": ["Z"]}}
    plain = {"name": "made", "wells": ["a.las"], "learn": learn}
    path.write_text(yaml.safe_dump(plain), encoding="utf-8")
    quick = load_well_workflow(path).quickened()
    assert quick.learn.training["steps"] == quick.quick.steps
    # The wells that only train may not be among the few that a quick run takes.
    assert quick.learn.split == {"n_folds": 3}
    path.write_text(yaml.safe_dump({**plain, "survey": "x.sgy"}), encoding="utf-8")
    with pytest.raises(OptionError, match="no key 'survey'"):
        load_well_workflow(path)
