"""First breaks of each trace by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.physics.trace_picks import (
    aic,
    aic_picks,
    classic_sta_lta,
    recursive_sta_lta,
    sta_lta_picks,
)


def breaks(seed: int, n: int = 400) -> np.ndarray:
    """Noise that is ten times louder from sample 150 on, shape (3, time)."""
    noise = np.random.default_rng(seed).normal(size=(3, n))
    return noise * np.where(np.arange(n) < 150, 1.0, 10.0)


def test_classic_ratio_of_a_step_is_the_one_by_hand() -> None:
    step = np.where(np.arange(100) < 50, 1.0, 3.0)[None]
    ratio = classic_sta_lta(step, 4, 20)[0]
    np.testing.assert_array_equal(ratio[:19], 0)
    np.testing.assert_allclose(ratio[19:50], 1)
    # Two samples after the break: short (2 * 1 + 2 * 9) / 4 = 5, long (18 + 18) / 20 = 1.8.
    assert ratio[51] == pytest.approx(5 / 1.8)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), n_sta=st.integers(2, 20), factor=st.integers(2, 8))
def test_ratios_are_those_of_obspy(seed: int, n_sta: int, factor: int) -> None:
    trigger = pytest.importorskip("obspy.signal.trigger")
    n_lta, traces = factor * n_sta, breaks(seed)
    classic, recursive = (f(traces, n_sta, n_lta) for f in (classic_sta_lta, recursive_sta_lta))
    for i, trace in enumerate(traces):
        np.testing.assert_allclose(
            classic[i], trigger.classic_sta_lta(trace, n_sta, n_lta), atol=1e-6
        )
        theirs = trigger.recursive_sta_lta(trace, n_sta, n_lta)
        np.testing.assert_allclose(recursive[i], theirs, rtol=1e-6, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(10, 300))
def test_criterion_is_maedas_formula(seed: int, n: int) -> None:
    trace = np.random.default_rng(seed).normal(3.0, 1.0, n)
    size = np.abs(trace).max()
    expected = [
        k * np.log(np.var(trace[:k] / size)) + (n - k - 1) * np.log(np.var(trace[k:] / size))
        for k in range(2, n - 1)
    ]
    np.testing.assert_allclose(aic(trace[None])[0, 2:-1], expected, rtol=1e-7, atol=1e-7)


def test_criterion_agrees_with_obspy_where_the_break_is() -> None:
    trigger = pytest.importorskip("obspy.signal.trigger")
    for trace in breaks(4):
        theirs = trigger.aic_simple(trace)[2:-1]
        assert abs(np.nanargmin(aic(trace[None])[0, 2:-1]) - np.argmin(theirs)) <= 1
        assert abs(np.argmin(theirs) + 2 - 150) < 5


def test_criterion_of_two_exact_levels_has_its_minimum_at_the_break() -> None:
    # Alternating signs: each part has a variance known without sampling error.
    trace = np.where(np.arange(200) % 2, 1.0, -1.0) * np.where(np.arange(200) < 80, 0.1, 2.0)
    criterion = aic(trace[None])[0]
    assert np.nanargmin(criterion) == 80
    expected = 80 * np.log(0.05**2) + 119 * np.log(1.0)
    assert criterion[80] == pytest.approx(expected, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999))
def test_onset_is_picked_by_every_method(seed: int) -> None:
    traces, zero = breaks(seed), np.zeros(3, dtype=np.intp)
    traces[:, 200] = 60  # the strongest sample
    np.testing.assert_allclose(aic_picks(traces, zero), 150, atol=6)
    for average in (classic_sta_lta, recursive_sta_lta):
        pick = sta_lta_picks(average(traces, 10, 100), 5.0, zero)
        # A ratio has to climb through noise: of these thousand seeds the latest is 8 late.
        np.testing.assert_allclose(pick, 153, atol=8)


def test_nothing_is_picked_before_the_earliest_sample() -> None:
    traces, first = breaks(0), np.array([200, 300, 390])
    ratio = classic_sta_lta(traces, 5, 50)
    assert (np.nan_to_num(sta_lta_picks(ratio, 1.1, first), nan=999) >= first).all()


def test_dead_trace_has_no_pick() -> None:
    dead, zero = np.zeros((1, 100)), np.zeros(1, dtype=np.intp)
    assert np.isnan(aic_picks(dead, zero)).all()
    assert np.isnan(sta_lta_picks(classic_sta_lta(dead, 3, 30), 1.5, zero)).all()
    assert np.isnan(sta_lta_picks(recursive_sta_lta(dead, 3, 30), 1.5, zero)).all()
