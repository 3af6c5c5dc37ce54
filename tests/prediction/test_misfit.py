"""Numbers that say how far modelled data are from observed ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.prediction.misfit import root_mean_square, trace_misfit


def test_trace_misfit_by_hand() -> None:
    observed = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    modelled = np.array([[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    # Same shape, orthogonal, opposite, at 45 degrees, and a dead trace.
    expected = [0, 1, 1, np.sqrt(0.5), np.nan]
    np.testing.assert_allclose(trace_misfit(observed, modelled), expected, atol=1e-12)


@given(factor=st.floats(1e-6, 1e6), seed=st.integers(0, 99))
def test_source_strength_does_not_matter(factor: float, seed: int) -> None:
    observed, modelled = np.random.default_rng(seed).normal(size=(2, 3, 40))
    one, other = trace_misfit(observed, modelled), trace_misfit(observed, factor * modelled)
    np.testing.assert_allclose(one, other, rtol=1e-9)


@settings(max_examples=20)
@given(seed=st.integers(0, 99))
def test_misfit_is_what_the_best_positive_factor_leaves(seed: int) -> None:
    observed, modelled = np.random.default_rng(seed).normal(size=(2, 40))
    factors = np.linspace(0, 3, 3001)[:, None]
    left = np.linalg.norm(observed - factors * modelled, axis=1).min() / np.linalg.norm(observed)
    np.testing.assert_allclose(trace_misfit(observed, modelled), left, atol=1e-5)


def test_root_mean_square_skips_what_is_missing() -> None:
    values = np.array([[3.0, np.nan, 4.0], [np.nan] * 3])
    np.testing.assert_allclose(root_mean_square(values, 1), [np.sqrt(12.5), np.nan])
    assert root_mean_square(values) == np.sqrt(12.5)
