"""Tables, scalings, features and windows of logs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from samples.made_wells import made_well, made_wells

from geoml.errors import OptionError
from geoml.samples.class_table import ClassTable, fit_class_table, transition_matrix
from geoml.samples.log_features import WindowFeatures, moving_mean_std
from geoml.samples.log_scaling import (
    LogScaling,
    TargetScaling,
    fit_log_scaling,
    fit_target_scaling,
)
from geoml.samples.log_sequences import (
    LogAugmentation,
    LogWindows,
    blend_windows,
    window_batches,
    window_starts,
)
from geoml.samples.log_table import LogChannels, choose_channels, log_table

INPUTS = ("GR", "NPHI", "RHOB", "RDEP")


def test_resistivity_enters_as_its_logarithm_and_an_absent_curve_as_missing() -> None:
    channels = choose_channels(made_wells(2), INPUTS)
    assert channels.log10 == ("RDEP",)
    well = made_well("A", 0).drop_vars("NPHI")
    well["RDEP"][3] = -1.0
    table = log_table(well, channels, ("DTC",))
    np.testing.assert_allclose(table.inputs[0, 3], np.log10(well["RDEP"].values[0]), rtol=1e-6)
    assert np.isnan(table.inputs[3, 3])
    assert np.isnan(table.inputs[:, 1]).all()


def test_text_becomes_a_channel_a_word_whatever_the_codes_of_a_well() -> None:
    wells = made_wells(2)
    for well, words in zip(wells, (["mud", "sand"], ["sand"]), strict=True):
        attrs = {"kind": "text", "categories": words}
        well["FORMATION"] = ("depth", np.zeros(well.sizes["depth"], np.float32), attrs)
    channels = choose_channels(wells, ("GR", "FORMATION"))
    assert channels.names == ("GR", "FORMATION=mud", "FORMATION=sand")
    assert channels.columns(wells[0])[0, 1:].tolist() == [1, 0]
    assert channels.columns(wells[1])[0, 1:].tolist() == [0, 1]
    assert LogChannels.from_dict(json.loads(json.dumps(channels.to_dict()))) == channels


def test_unknown_input_is_refused() -> None:
    with pytest.raises(OptionError, match="No training well has a curve 'XX'"):
        choose_channels(made_wells(1), ("XX",))


def test_channel_that_a_model_does_not_see_is_missing() -> None:
    table = log_table(made_well("A", 0), choose_channels(made_wells(1), INPUTS))
    assert np.isfinite(table.seen_by(["GR"]).inputs).all(axis=0).tolist() == [True] + [False] * 3
    with pytest.raises(OptionError, match="No input channel 'GRR'"):
        table.seen_by(["GRR"])


def test_outlier_moves_neither_centre_nor_scale() -> None:
    wells = made_wells(2)
    channels = choose_channels(wells, INPUTS)
    calm = fit_log_scaling([log_table(well, channels) for well in wells])
    wells[0]["GR"][5] = 60_000.0
    wild = fit_log_scaling([log_table(well, channels) for well in wells])
    assert wild.centre[0] == pytest.approx(calm.centre[0], rel=0.05)
    assert wild.scale[0] == pytest.approx(calm.scale[0], rel=0.05)
    assert wild.high[0] < 150


def test_missing_value_is_zero_with_mask_zero_for_a_network_and_the_median_for_a_fit() -> None:
    scaling = LogScaling(*(np.array([v]) for v in (0.0, 10.0, 4.0, 2.0)))
    values, present = scaling.scaled(np.array([[8.0], [np.nan], [99.0]], np.float32))
    assert values.ravel().tolist() == [2.0, 0.0, 3.0]
    assert present.ravel().tolist() == [1.0, 0.0, 1.0]
    assert scaling.filled(np.array([[np.nan]], np.float32)).item() == 4.0


@pytest.mark.parametrize("log10", [(), ("DTC",)])
def test_target_comes_back_from_its_scaling(log10) -> None:
    tables = [log_table(well, choose_channels([well], INPUTS), ("DTC",)) for well in made_wells(2)]
    scaling = fit_target_scaling(tables, ("DTC",), log10)
    again = TargetScaling.from_dict(json.loads(json.dumps(scaling.to_dict())))
    scaled = scaling.scaled(tables[0].targets)
    np.testing.assert_allclose(again.unscaled(scaled), tables[0].targets, rtol=1e-4)
    pooled = np.concatenate([scaling.scaled(table.targets) for table in tables])
    assert abs(pooled.mean()) < 1e-3
    assert pooled.std() == pytest.approx(1, abs=1e-3)
    # A small step of the scaled target is worth what the unscaled spread says.
    step = scaling.unscaled(scaled + 1e-3) - scaling.unscaled(scaled)
    np.testing.assert_allclose(scaling.unscaled_std(scaled, 1e-3), step, rtol=5e-2)


def test_code_that_is_no_class_is_unknown() -> None:
    classes = ClassTable(np.array([1.0, 4.0, 7.0]), np.ones(3) / 3, np.eye(3))
    scaled = classes.scaled(np.array([[4.0], [5.0], [np.nan], [7.0], [9.0]], np.float32)).ravel()
    np.testing.assert_array_equal(scaled, [1, np.nan, np.nan, 2, np.nan])
    table = log_table(made_well("A", 0), LogChannels(("GR",)), ("FACIES",))
    with pytest.raises(OptionError, match="at least two classes"):
        fit_class_table([table], codes=(1.0,))


def test_transitions_are_counted_within_runs_and_never_across_unknown_rows() -> None:
    runs = [np.array([0.0, 0, 1, np.nan, 0]), np.array([1.0, 1])]
    # Each pair once for nothing; then 0 over 0, 0 over 1 and 1 over 1.
    np.testing.assert_allclose(transition_matrix(runs, 2), [[2 / 4, 2 / 4], [1 / 3, 2 / 3]])


def test_classes_come_back_from_their_numbers() -> None:
    table = log_table(made_well("A", 0), LogChannels(("GR",)), ("FACIES",))
    classes = fit_class_table([table])
    back = ClassTable.from_dict(classes.to_dict())
    for name in ("codes", "share", "below"):
        np.testing.assert_array_equal(getattr(back, name), getattr(classes, name))
    older = {"codes": [1.0, 2.0], "share": [0.25, 0.75]}
    assert ClassTable.from_dict(older).below.tolist() == [[0.25, 0.75], [0.25, 0.75]]


def test_moving_mean_leaves_missing_rows_out() -> None:
    values = np.array([[1.0], [np.nan], [3.0], [5.0], [1001.0]])
    mean, std = moving_mean_std(values, 3)
    np.testing.assert_allclose(mean.ravel(), [1, 2, 4, 1009 / 3, 503])
    np.testing.assert_allclose(std.ravel()[:3], [0, 1, 1], atol=1e-12)


def test_features_of_a_ramp_are_its_slope_and_neighbours() -> None:
    ramp = 2.0 * np.arange(50, dtype=np.float32)[:, None]
    recipe = WindowFeatures(lags_m=(1.0,), windows_m=(2.5,), position=True, presence=True)
    features = recipe.features(ramp, 0.5)
    names = recipe.names(("GR",))
    assert features.shape == (50, len(names))
    row = dict(zip(names, features[20], strict=True))
    assert row["GR"] == 40
    assert row["GR 1 m above"] == 36
    assert row["GR 1 m below"] == 44
    assert row["GR slope"] == pytest.approx(4)
    assert row["GR mean 2.5 m"] == 40
    assert row["position"] == pytest.approx(20 / 49)


def test_feature_of_a_missing_channel_is_missing() -> None:
    features = WindowFeatures().features(np.full((9, 1), np.nan, np.float32), 0.1)
    assert np.isnan(features).all()


@pytest.mark.parametrize("n_rows", [5, 32, 33, 100])
def test_windows_of_a_well_cover_it_and_blend_to_themselves(n_rows) -> None:
    values = np.random.default_rng(0).normal(size=(n_rows, 2)).astype(np.float32)
    starts, windows = [], []
    for some, batch in window_batches(values, np.ones_like(values), 32, batch_size=2):
        starts += some
        windows += list(batch["values"].numpy())
        assert int(batch["real"][0].sum()) == min(n_rows, 32)
    assert starts == window_starts(n_rows, 32)
    np.testing.assert_allclose(blend_windows(windows, starts, n_rows), values, rtol=1e-5)


def test_training_window_holds_rows_as_they_lie_and_marks_padding() -> None:
    long = np.arange(40, dtype=np.float32)[:, None]
    short = np.arange(5, dtype=np.float32)[:, None]
    parts = [(part, np.ones_like(part), part.copy()) for part in (long, short)]
    batch = LogWindows(parts, 8, 64, torch.Generator().manual_seed(0)).batch()
    for values, real, targets in zip(
        *(batch[k] for k in ("values", "real", "targets")), strict=True
    ):
        n_real = int(real.sum())
        assert n_real in (8, 5)
        assert (values[:n_real].diff(dim=0) == 1).all()
        assert torch.isnan(targets[n_real:]).all()
        assert torch.equal(targets[:n_real], values[:n_real])


def test_row_without_target_draws_no_window() -> None:
    targets = np.full((100, 1), np.nan, np.float32)
    with pytest.raises(OptionError, match="No training row has a target"):
        LogWindows([(targets, targets, targets)], 8, 4, torch.Generator())
    targets[90:] = 1.0
    values = np.arange(100, dtype=np.float32)[:, None]
    batch = LogWindows([(values, values, targets)], 8, 32, torch.Generator().manual_seed(0)).batch()
    assert batch["values"].max(dim=1).values.min() >= 90


def test_dropped_channel_is_missing_in_the_whole_window() -> None:
    ones = torch.ones(200, 6, 3)
    augment = LogAugmentation(drop_channel=0.4, noise=0)
    batch = augment({"values": ones, "present": ones}, torch.Generator().manual_seed(0))
    assert torch.equal(batch["values"], batch["present"])
    assert (batch["present"] == batch["present"][:, :1]).all()
    kept = batch["present"][:, 0].mean()
    assert 0.55 < kept < 0.72
    assert batch["present"][:, 0].any(dim=1).all()
