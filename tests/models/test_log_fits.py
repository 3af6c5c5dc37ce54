"""Laws that every fitted model on logs keeps, and the trees of scikit-learn as plain arrays."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)

from geoml.models.logs import LOG_FITS, fitted_from_arrays
from geoml.models.logs.tree_ensemble import of_boosting, of_forest


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
