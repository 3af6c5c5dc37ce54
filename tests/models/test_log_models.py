"""Laws that every network and every fitted model on logs keeps."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
import torch
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)

from geoml.errors import OptionError, UnknownNameError
from geoml.models.logs import (
    LOG_FITS,
    LOG_MODELS,
    build_log_network,
    fitted_from_arrays,
    log_network_config,
    rebuild_log_network,
)
from geoml.models.logs.attention import RelativeBias, sinusoidal_positions
from geoml.models.logs.smoother import LOG_SMOOTHERS, MedianSmoother, ViterbiSmoother, viterbi
from geoml.models.logs.tree_ensemble import of_boosting, of_forest
from geoml.samples.class_table import transition_matrix

HEADS = (("value", 2), ("log_variance", 2))
SMALL = {"width": 8, "dropout": 0.0}


def network(name: str, n_inputs: int = 3, **options: object):
    torch.manual_seed(0)
    return build_log_network(name, n_inputs, HEADS, {**SMALL, **options}).eval()


def rows(n_batch: int = 2, n_rows: int = 20, n_inputs: int = 3, seed: int = 1):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn((n_batch, n_rows, n_inputs), generator=generator)
    return values, (torch.rand(values.shape, generator=generator) > 0.2).float()


@pytest.mark.parametrize("name", LOG_MODELS)
def test_every_row_gets_every_head(name: str) -> None:
    values, present = rows()
    output = network(name)(values, present)
    assert {head: tuple(v.shape) for head, v in output.items()} == dict.fromkeys(
        ("value", "log_variance"), (2, 20, 2)
    )
    assert all(torch.isfinite(value).all() for value in output.values())


@pytest.mark.parametrize("name", LOG_MODELS)
def test_gradient_reaches_every_weight(name: str) -> None:
    model = network(name).train()
    values, present = rows()
    extra = (torch.randn(2, 20, 2),) if model.reads_targets else ()
    output = model(values, present, torch.ones(2, 20), *extra)
    sum((head**2).sum() for head in output.values()).backward()
    for weight_name, weight in model.named_parameters():
        assert weight.grad is not None, weight_name
        assert weight.grad.abs().sum() > 0, weight_name


@pytest.mark.parametrize("name", LOG_MODELS)
def test_network_rebuilt_from_its_config_gives_the_same_output(name: str) -> None:
    model = network(name)
    twin = rebuild_log_network(json.loads(json.dumps(log_network_config(name, model)))).eval()
    twin.load_state_dict(model.state_dict())
    values, present = rows()
    for head, value in model(values, present).items():
        assert torch.equal(twin(values, present)[head], value)


@pytest.mark.parametrize("name", LOG_MODELS)
def test_masked_value_is_never_read(name: str) -> None:
    model = network(name)
    values, present = rows()
    changed = torch.where(present > 0, values, values + 5)
    assert torch.equal(model(values, present)["value"], model(changed, present)["value"])
    assert not torch.equal(
        model(values, torch.ones_like(present))["value"], model(values, present)["value"]
    )


@pytest.mark.parametrize("name", LOG_MODELS)
def test_padding_changes_no_real_row(name: str) -> None:
    model = network(name)
    values, present = rows(n_rows=12)
    alone = model(values, present)["value"]
    generator = torch.Generator().manual_seed(2)
    padded = torch.cat([values, torch.randn((2, 8, 3), generator=generator)], dim=1)
    masks = torch.cat([present, torch.ones(2, 8, 3)], dim=1)
    real = (torch.arange(20) < 12).float().expand(2, 20)
    torch.testing.assert_close(model(padded, masks, real)["value"][:, :12], alone)


@pytest.mark.parametrize(
    ("name", "sees_below"),
    [(name, name not in ("lstm",)) for name in LOG_MODELS],
)
def test_only_the_one_way_lstm_is_blind_to_what_lies_below(name: str, sees_below: bool) -> None:
    model = network(name)
    values, present = rows()
    present = torch.ones_like(present)
    changed = values.clone()
    changed[:, 12] += 3
    before = (model(changed, present)["value"] - model(values, present)["value"])[:, :12]
    assert bool(before.abs().max() > 0) == sees_below


def test_decoder_never_reads_the_answer_of_its_own_row_or_below() -> None:
    model = network("sequence_to_sequence")
    values, present = rows()
    targets = torch.randn(2, 20, 2)
    other = targets.clone()
    other[:, 10:] += 3
    real = torch.ones(2, 20)
    first, second = (model(values, present, real, t)["value"] for t in (targets, other))
    assert torch.equal(first[:, :11], second[:, :11])
    assert not torch.equal(first[:, 11:], second[:, 11:])


def test_decoder_feeds_itself_as_it_was_taught() -> None:
    model = network("sequence_to_sequence")
    values, present = rows()
    written = model(values, present)["value"]
    taught = model(values, present, torch.ones(2, 20), written)["value"]
    torch.testing.assert_close(written, taught)


def test_relative_positions_do_not_care_where_the_window_begins() -> None:
    bias = RelativeBias(2)(30, 30)
    torch.testing.assert_close(bias[:, 3:, 3:], bias[:, :-3, :-3])
    assert not torch.equal(bias[:, 10, 12], bias[:, 12, 10])


def test_sinusoidal_positions_differ_from_row_to_row() -> None:
    positions = sinusoidal_positions(50, 9)
    assert positions.shape == (50, 9)
    gaps = torch.cdist(positions, positions) + 10 * torch.eye(50)
    assert gaps.min() > 0.1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tcn", {"kernel": 4}),
        ("transformer", {"width": 10}),
        ("lstm", {"layers": 0}),
        ("gru", {"dropout": 1.0}),
        ("sequence_to_sequence", {"hidden_rows": 1.0}),
    ],
)
def test_options_that_cannot_work_are_refused(name: str, options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        network(name, **options)


def test_unknown_network_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'bilstm'"):
        build_log_network("bilstmm", 3, HEADS)


def fit_data(n_classes: int | None, n_rows: int = 200):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(n_rows, 4)).astype(np.float32)
    signal = features[:, 0] + 0.5 * features[:, 1]
    if n_classes is None:
        return features, np.stack([signal, -2 * signal], axis=1).astype(np.float64)
    return features, np.digitize(signal, [-0.5, 0.7])[:, None].astype(np.float64)


@pytest.mark.parametrize("n_classes", [None, 3, 5])
@pytest.mark.parametrize("name", LOG_FITS)
def test_fitted_model_comes_back_from_its_arrays(name: str, n_classes: int | None) -> None:
    features, targets = fit_data(n_classes)
    small = {"trees": 5} if name in ("random_forest", "hist_boosting") else {}
    fitted = LOG_FITS[name](**small).fit(features, targets, n_classes)
    answer = fitted.predict(features)
    arrays = {key: value.copy() for key, value in fitted.arrays().items()}
    np.testing.assert_array_equal(fitted_from_arrays(name, arrays).predict(features), answer)
    if n_classes is None:
        assert answer.shape == (200, 2)
    else:
        assert answer.shape == (200, n_classes)
        np.testing.assert_allclose(answer.sum(axis=1), 1)
        # Classes that training never showed are never the answer.
        assert answer.argmax(axis=1).max() <= 2


@pytest.mark.parametrize("name", sorted(set(LOG_FITS) - {"constant"}))
def test_fit_beats_the_constant(name: str) -> None:
    features, targets = fit_data(None)
    error = {
        kind: np.abs(LOG_FITS[kind]().fit(features, targets, None).predict(features) - targets)
        for kind in (name, "constant")
    }
    assert error[name].mean() < 0.5 * error["constant"].mean()


def test_target_unknown_in_some_rows_is_learned_from_the_others() -> None:
    features, targets = fit_data(None)
    half = targets.copy()
    half[::2, 1] = np.nan
    for name in ("ridge", "hist_boosting", "random_forest"):
        answer = LOG_FITS[name]().fit(features, half, None).predict(features)
        assert np.corrcoef(answer[::2, 1], targets[::2, 1])[0, 1] > 0.7, name


@pytest.mark.parametrize("missing", [False, True])
def test_tree_arrays_answer_as_scikit_learn_does(missing: bool) -> None:
    features, values = fit_data(None)
    _, classes = fit_data(3)
    if missing:
        features[np.random.default_rng(1).random(features.shape) < 0.2] = np.nan
    forest = RandomForestRegressor(7, random_state=0).fit(features, values[:, 0])
    np.testing.assert_allclose(
        of_forest(forest).predict(features)[:, 0], forest.predict(features), rtol=1e-6
    )
    trees = ExtraTreesClassifier(7, random_state=0).fit(features, classes[:, 0])
    np.testing.assert_allclose(
        of_forest(trees).predict(features), trees.predict_proba(features), atol=1e-6
    )
    boosting = HistGradientBoostingRegressor(max_iter=9).fit(features, values[:, 1])
    np.testing.assert_allclose(
        of_boosting([boosting]).predict(features)[:, 0], boosting.predict(features), rtol=1e-6
    )
    for two in (classes[:, 0], classes[:, 0] > 0):
        model = HistGradientBoostingClassifier(max_iter=4).fit(features, two)
        logits = of_boosting([model]).predict(features)
        chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(chance, model.predict_proba(features), atol=1e-6)


def test_class_power_lifts_the_rare_class() -> None:
    features, targets = fit_data(3)
    rare = np.bincount(targets[:, 0].astype(int)).argmin()
    for name in ("ridge", "random_forest", "hist_boosting"):
        shares = [
            LOG_FITS[name](class_power=power).fit(features, targets, 3).predict(features)[:, rare]
            for power in (0.0, 1.0)
        ]
        assert shares[1].mean() > shares[0].mean(), name


def test_classes_of_equal_shares_gain_nothing_whatever_the_power() -> None:
    # More values than bins, one of few values, one that is missing here and there, one always.
    generator = np.random.default_rng(0)
    features = generator.normal(size=(900, 4)).astype(np.float32)
    features[:, 1] = np.round(features[:, 1])
    features[generator.random(900) < 0.3, 2] = np.nan
    features[:, 3] = 0
    order = features[:, 0] + np.where(np.isnan(features[:, 2]), 1, features[:, 1])
    targets = np.repeat([0.0, 1.0, 2.0], 300)[np.argsort(np.argsort(order))][:, None]
    plain, weighted = (
        LOG_FITS["hist_boosting"](trees=10, min_leaf=5, class_power=power).fit(features, targets, 3)
        for power in (0.0, 1.0)
    )
    new = generator.normal(size=(200, 4)).astype(np.float32)
    new[::3, 2] = np.nan
    for rows in (features, new):
        np.testing.assert_allclose(weighted.predict(rows), plain.predict(rows), atol=1e-6)


def test_median_takes_a_spike_out_and_leaves_a_step() -> None:
    curve = np.array([0.0, 0, 9, 0, 0, 5, 5, 5])[:, None]
    smooth = MedianSmoother(3)(curve, below=None)
    assert smooth.ravel().tolist() == [0, 0, 0, 0, 0, 5, 5, 5]


def test_smoothed_probabilities_still_sum_to_one() -> None:
    chance = np.random.default_rng(0).dirichlet(np.ones(4), size=30)
    np.testing.assert_allclose(MedianSmoother(5)(chance, below=np.eye(4)).sum(axis=1), 1)


def test_viterbi_finds_the_likeliest_of_all_sequences() -> None:
    generator = np.random.default_rng(0)
    chance = generator.dirichlet(np.ones(3), size=5)
    transition = transition_matrix([np.array([0, 0, 1, 1, 2, 2, 0])], 3)
    np.testing.assert_allclose(transition.sum(axis=1), 1)
    sequences = np.stack(np.meshgrid(*[range(3)] * 5, indexing="ij"), -1).reshape(-1, 5)
    score = np.log(chance[np.arange(5), sequences]).sum(axis=1)
    score += np.log(transition[sequences[:, :-1], sequences[:, 1:]]).sum(axis=1)
    best = viterbi(chance, transition).argmax(axis=1)
    np.testing.assert_array_equal(best, sequences[score.argmax()])
    np.testing.assert_array_equal(viterbi(chance, transition, 0).argmax(1), chance.argmax(1))


@pytest.mark.parametrize("name", LOG_SMOOTHERS)
def test_every_smoother_keeps_beds_and_takes_a_flicker_out(name) -> None:
    number = np.array([0] * 8 + [1] + [0] * 8 + [1] * 8)
    chance = np.where(np.eye(2)[number] > 0, 0.6, 0.4)
    below = transition_matrix([np.array([0] * 9 + [1] * 9)], 2)
    smooth = LOG_SMOOTHERS[name]()(chance, below=below)
    assert smooth.argmax(axis=1).tolist() == [0] * 17 + [1] * 8
    np.testing.assert_allclose(smooth.sum(axis=1), 1)


def test_smoothers_refuse_what_they_cannot_do() -> None:
    with pytest.raises(OptionError, match="odd number"):
        MedianSmoother(4)
    with pytest.raises(OptionError, match="at least 0"):
        ViterbiSmoother(-1)
    with pytest.raises(OptionError, match="smooth curves with 'median'"):
        ViterbiSmoother()(np.ones((3, 1)), below=None)


def test_every_setting_of_a_network_is_a_plain_value() -> None:
    for name, entry in LOG_MODELS.items():
        assert {f.name for f in fields(entry.config)} >= {"n_inputs", "heads", "width"}, name
