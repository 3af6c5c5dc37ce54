"""Models on logs from wells to answers: trained, kept, loaded, applied."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from samples.made_wells import made_well, made_wells

from geoml.errors import CheckpointError, OptionError
from geoml.models.logs import LOG_FITS, LOG_MODELS
from geoml.prediction.logs import (
    FLAG_MISSING_INPUT,
    FLAG_NO_INPUT,
    FLAG_OUTSIDE,
    LogMemberModel,
    LogPredictor,
)
from geoml.samples.log_table import LogTable, choose_channels, log_table
from geoml.tasks import Facies, Imputation, LogRegression
from geoml.training.log_options import LogTrainingOptions
from geoml.training.logs import depends_on_seed, fit_scalings, train_member
from geoml.training.masked_logs import HIDDEN_SHARE, hidden_spans
from geoml.well_checkpoint import WellCheckpoint, load_well_checkpoint, save_well_checkpoint

INPUTS = ("GR", "NPHI", "RHOB", "RDEP")
QUICK = LogTrainingOptions(steps=4, batch_size=4, window=32)
UNCLIPPED = LogTrainingOptions(clip_share=0.0)
SMALL = {"width": 8}


def trained(task, *specs, options=QUICK, name="log_regression", **more) -> WellCheckpoint:
    wells = made_wells(2)
    channels = choose_channels(wells, INPUTS)
    tables = [log_table(well, channels, task.targets) for well in wells]
    scaling, plan = fit_scalings(tables, task, options)
    members = tuple(train_member(tables, spec, task, scaling, plan, options) for spec in specs)
    plain = asdict(task)
    return WellCheckpoint(
        members, name, plain, channels.to_dict(), scaling.to_dict(), plan.to_dict(), **more
    )


@pytest.mark.parametrize("name", [*LOG_MODELS, *LOG_FITS])
def test_every_model_is_trained_kept_and_answers_the_same_when_loaded(name, tmp_path) -> None:
    spec = {name: SMALL} if name in LOG_MODELS else name
    spec = {name: {"trees": 5}} if name in ("random_forest", "hist_boosting") else spec
    for kind, task in (("log_regression", LogRegression(("DTC",))), ("facies", Facies())):
        if kind == "facies" and name in LOG_MODELS and name not in ("gru", "sequence_to_sequence"):
            continue
        checkpoint = trained(task, spec, name=kind)
        first = LogPredictor(checkpoint).predict(made_well("X", 9))
        again = LogPredictor(load_well_checkpoint(save_well_checkpoint(checkpoint, tmp_path)))
        second = again.predict(made_well("X", 9))
        target = task.targets[0]
        assert np.isfinite(first[f"{target}_PRED"]).all()
        assert first.identical(second)


def test_same_seed_gives_the_same_weights_and_leaves_the_callers_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    runs = [trained(LogRegression(("DTC",)), {"lstm": SMALL}).members[0].arrays for _ in (0, 1)]
    assert torch.equal(torch.rand(1), expected)
    for key, value in runs[0].items():
        np.testing.assert_array_equal(runs[1][key], value)


def test_network_learns_a_rule_that_a_straight_line_knows() -> None:
    options = LogTrainingOptions(steps=60, batch_size=8, window=32, learning_rate=0.01)
    predictor = LogPredictor(trained(LogRegression(("DTC",)), {"tcn": SMALL}, options=options))
    well = predictor.predict(made_well("X", 9))
    truth = well["DTC"].values
    assert (
        np.abs(well["DTC_PRED"].values - truth).mean() < 0.4 * np.abs(truth - truth.mean()).mean()
    )


def test_pretraining_changes_where_a_network_begins_and_hides_whole_spans() -> None:
    options = LogTrainingOptions(steps=1, batch_size=4, window=32, pretrain_steps=3)
    task = LogRegression(("DTC",))
    for name in ("transformer", "sequence_to_sequence"):
        plain = trained(task, {name: SMALL}, options=QUICK).members[0].arrays
        pretrained = trained(task, {name: SMALL}, options=options).members[0].arrays
        assert plain.keys() == pretrained.keys()
    hidden = hidden_spans(torch.ones(200, 48, 3), torch.Generator().manual_seed(0))
    assert hidden.float().mean() == pytest.approx(HIDDEN_SHARE, abs=0.05)
    assert (hidden[:, :12] == hidden[:, :1]).all()


def test_one_model_serves_wells_with_other_curves_and_flags_what_they_lack() -> None:
    predictor = LogPredictor(trained(LogRegression(("DTC",)), {"gru": SMALL}, "hist_boosting"))
    well = made_well("X", 9).drop_vars("NPHI")
    well["GR"][:5] = np.nan
    well["RHOB"][:5] = np.nan
    well["RDEP"][:5] = np.nan
    well["GR"][7] = 5000.0
    flag = predictor.predict(well)["PREDICTION_FLAG"].values
    assert flag[0] == FLAG_MISSING_INPUT + FLAG_NO_INPUT
    assert flag[7] == FLAG_MISSING_INPUT + FLAG_OUTSIDE
    assert flag[20] == FLAG_MISSING_INPUT
    answer = predictor.predict(well)["DTC_PRED"].values
    assert np.isnan(answer[:5]).all()
    assert np.isfinite(answer[5:]).all()
    with pytest.raises(OptionError, match="none of the input curves"):
        predictor.predict(well[["DTC"]])


def test_interval_is_as_wide_as_its_calibration_says() -> None:
    calibration = {"residual_variance": [0.04], "factors": {"DTC": {"0.8": 2.0}}}
    checkpoint = trained(LogRegression(("DTC",), spread="none"), "ridge", calibration=calibration)
    well = LogPredictor(checkpoint).predict(made_well("X", 9))
    scale = checkpoint.plan["scale"][0]
    np.testing.assert_allclose(well["DTC_STD"], 0.2 * scale, rtol=1e-4)
    np.testing.assert_allclose(well["DTC_HIGH"] - well["DTC_PRED"], 0.4 * scale, rtol=1e-3)


def test_ensemble_is_the_weighted_mean_and_its_spread_holds_the_disagreement() -> None:
    task = LogRegression(("DTC",), spread="none")
    heavy = {"constant": {"weight": 3.0}}
    both = trained(task, "ridge", heavy, calibration={"residual_variance": [0.0]})
    parts = [trained(task, spec) for spec in ("ridge", heavy)]
    table = log_table(made_well("X", 9), choose_channels(made_wells(1), INPUTS))
    ridge, constant = (LogPredictor(part).answer(table).answers for part in parts)
    answer = LogPredictor(both).answer(table)
    np.testing.assert_allclose(answer.answers, (ridge + 3 * constant) / 4)
    np.testing.assert_allclose(
        answer.variance, np.maximum(3 / 16 * (ridge - constant) ** 2, 1e-6), rtol=1e-6
    )


def test_hidden_channel_changes_no_answer_of_a_model_that_does_not_see_it() -> None:
    seen = trained(LogRegression(("DTC",)), {"ridge": {"sees": ["GR", "NPHI"]}})
    well = made_well("X", 9)
    first = LogPredictor(seen).predict(well)["DTC_PRED"].values
    well["RHOB"] = well["RHOB"] + 1
    np.testing.assert_array_equal(LogPredictor(seen).predict(well)["DTC_PRED"].values, first)


@pytest.mark.parametrize("sees", [["GR"], None])
def test_what_a_fit_does_not_see_gives_it_no_feature(sees) -> None:
    spec = {
        "ridge": {"sees": sees, "features": {"lags_m": (), "windows_m": (), "gradients": False}}
    }
    (member,) = trained(LogRegression(("DTC",), spread="none"), spec).members
    assert len(member.arrays["slope"]) == (1 if sees else len(INPUTS))


def test_trees_on_a_line_go_on_beyond_the_training_rows() -> None:
    trees = {"trees": 40, "min_leaf": 10, "features": {"lags_m": (), "windows_m": ()}}
    task = LogRegression(("DTC",), spread="none")
    well = made_well("X", 9)
    for name in ("NPHI", "RHOB", "DTC"):
        # Along the rule of the made wells, as far again as they reach.
        well[name] = well[name] + {"NPHI": 0.3, "RHOB": -0.495, "DTC": 90.0}[name]
    error = {}
    for label, spec in (("trees", trees), ("both", {**trees, "base": "ridge"})):
        checkpoint = trained(task, {"hist_boosting": spec}, options=UNCLIPPED)
        # What is clipped to the training rows' range cannot go on.
        for bound in ("low", "high"):
            checkpoint.scaling[bound] = [{"low": -1e9, "high": 1e9}[bound]] * len(INPUTS)
        answer = LogPredictor(checkpoint).predict(well)["DTC_PRED"]
        error[label] = float(np.abs(answer - well["DTC"]).mean())
    assert error["both"] < 0.5 * error["trees"]


def test_answer_is_that_of_the_base_and_of_what_it_left_over(tmp_path: Path) -> None:
    task = LogRegression(("DTC",), spread="none")
    both = trained(task, {"constant": {"base": "ridge"}})
    table = log_table(made_well("X", 9), choose_channels(made_wells(1), INPUTS))
    base = LogPredictor(trained(task, "ridge")).answer(table).answers
    kept = load_well_checkpoint(save_well_checkpoint(both, tmp_path))
    for checkpoint in (both, kept):
        # The mean of what a ridge leaves over on its own training rows is 0.
        np.testing.assert_allclose(LogPredictor(checkpoint).answer(table).answers, base, atol=1e-6)
    network = trained(LogRegression(("DTC",)), {"gru": {**SMALL, "base": "ridge"}})
    assert np.isfinite(LogPredictor(network).predict(made_well("X", 9))["DTC_STD"]).all()


def test_trees_that_saw_rows_without_a_curve_do_without_it() -> None:
    # Two curves that say the same, and a new well that has one of them.
    rows = np.random.default_rng(0).normal(size=(2000, 1)).astype(np.float32)
    names = ("GR", "NPHI")
    table = LogTable("A", "", np.arange(2000.0), np.tile(rows, (1, 2)), rows, names)
    task, options = LogRegression(("DTC",), spread="none"), LogTrainingOptions()
    scaling, plan = fit_scalings([table], task, options)
    new = replace(table, inputs=np.where([True, False], np.float32(np.nan), table.inputs))
    error = {}
    plain = {"min_leaf": 5, "features": {"lags_m": (), "windows_m": (), "gradients": False}}
    for label, more in (("all", {}), ("hidden", {"hide": {"chance": 0.5, "rows": 30}})):
        spec = {"hist_boosting": {**plain, **more}}
        member = train_member([table], spec, task, scaling, plan, options)
        answers = LogMemberModel(member, task, scaling, plan).answer(new).answers
        error[label] = float(np.abs(answers - plan.scaled(rows)).mean())
    assert error["hidden"] < 0.3 * error["all"]


@pytest.mark.parametrize(
    ("spec", "depends"),
    [
        ("ridge", False),
        ("gru", True),
        ({"random_forest": {"trees": 3}}, True),
        ({"random_forest": {"trees": 3, "seed": 4}}, False),
        ({"ridge": {"hide": {"rows": 20}}}, True),
        ({"constant": {"base": {"random_forest": {"trees": 3}}}}, True),
    ],
)
def test_seed_changes_just_the_models_that_are_said_to_depend_on_it(spec, depends) -> None:
    task, well = LogRegression(("DTC",), spread="none"), made_well("X", 9)
    answers = [
        LogPredictor(trained(task, spec, options=replace(QUICK, seed=seed))).predict(well)
        for seed in (0, 1)
    ]
    assert depends_on_seed(spec) is depends
    assert answers[0]["DTC_PRED"].equals(answers[1]["DTC_PRED"]) is not depends


def test_imputation_keeps_what_was_measured() -> None:
    predictor = LogPredictor(trained(Imputation(("DTC",)), "ridge", name="imputation"))
    well = made_well("X", 9)
    truth = well["DTC"].values.copy()
    well["DTC"][50:80] = np.nan
    for name in INPUTS:
        well[name][70:75] = np.nan
    answer = predictor.predict(well)
    filled, flag = answer["DTC_FILLED"].values, answer["DTC_FILLED_FLAG"].values
    np.testing.assert_array_equal(filled[:50], truth[:50])
    assert np.abs(filled[50:70] - truth[50:70]).max() < 3
    # 1 is filled, 2 is a gap that nothing is known of.
    assert flag.tolist() == [0] * 50 + [1] * 20 + [2] * 5 + [1] * 5 + [0] * (flag.size - 80)
    assert (np.isnan(filled) == (flag == 2)).all()


def test_probabilities_of_facies_sum_to_one_and_the_smoother_is_applied() -> None:
    rough = trained(Facies(), "ridge", name="facies")
    well = LogPredictor(rough).predict(made_well("X", 9))
    chance = np.stack([well[f"FACIES_P{code}"].values for code in (1, 2, 3)])
    np.testing.assert_allclose(chance.sum(axis=0), 1, rtol=1e-5)
    smooth = trained(Facies(), "ridge", name="facies", smoother={"median": {"rows": 9}})
    smoothed = LogPredictor(smooth).predict(made_well("X", 9))["FACIES_P1"].values
    np.testing.assert_allclose(smoothed[100], chance[0, 96:105].mean(), rtol=1e-5)


def test_weights_of_another_network_are_refused() -> None:
    checkpoint = trained(LogRegression(("DTC",)), {"gru": SMALL})
    checkpoint.members[0].settings["config"]["width"] = 9
    with pytest.raises(CheckpointError, match="do not fit 'gru'"):
        LogPredictor(checkpoint)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"ridge": {"training": {}}}, "no option 'training'"),
        ({"gru": {"features": {}}}, "no option 'features'"),
        ({"gru": {"hide": {}}}, "no option 'hide'"),
        ({"gru": {"base": "lstm"}}, "base is 'lstm'"),
        ({"gru": {"base": {"ridge": {"base": "ridge"}}}}, "without a base"),
        ({"ridge": {"weight": 0}}, "above 0"),
        ({"ridge": {"alphaa": 1}}, "Did you mean 'alpha'"),
        ("ridgee", "Did you mean 'ridge'"),
    ],
)
def test_wrong_model_entry_is_refused(spec, message) -> None:
    with pytest.raises(OptionError, match=message):
        trained(LogRegression(("DTC",)), spec)


def test_diverged_training_is_told(tmp_path: Path) -> None:
    options = LogTrainingOptions(steps=30, batch_size=4, window=16, learning_rate=1e30)
    with pytest.raises(OptionError, match="diverged"):
        trained(LogRegression(("DTC",)), {"gru": SMALL}, options=options)
