"""Scores of signal preservation: cases by hand and laws over random sections."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import ShapeError
from geoml.objectives.signal_preservation import (
    amplitude_ratio,
    fk_error,
    gain_db,
    leakage,
    local_similarity,
    preservation_scores,
)


def sections(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A band-limited signal of RMS 1 that all traces share, and the same under white noise."""
    rng = np.random.default_rng(seed)
    trace = np.convolve(rng.normal(size=200), np.hanning(9), mode="same")
    clean = np.tile(trace / trace.std(), (40, 1))
    return clean + rng.normal(size=clean.shape), clean


def test_error_of_a_tenth_of_the_noise_gains_20_db() -> None:
    noisy, clean = sections()
    np.testing.assert_allclose(gain_db(noisy, clean, clean + 0.1 * (noisy - clean)), 20)


def test_doing_nothing_gains_nothing_and_leaks_nothing() -> None:
    noisy, clean = sections()
    assert gain_db(noisy, clean, noisy) == 0
    assert leakage(noisy, clean, noisy) == 0
    assert local_similarity(noisy, noisy) == 0
    assert local_similarity(noisy, noisy.astype(np.float32)) == 0


@given(share=st.floats(0, 1), seed=st.integers(0, 50))
def test_leakage_is_the_share_of_the_signal_that_is_lost(share: float, seed: int) -> None:
    _, clean = sections(seed)
    np.testing.assert_allclose(leakage(clean, clean, (1 - share) * clean), share, atol=1e-9)


@given(factor=st.floats(0.1, 3), seed=st.integers(0, 50))
def test_amplitude_ratio_is_the_factor_of_the_signal(factor: float, seed: int) -> None:
    _, clean = sections(seed)
    np.testing.assert_allclose(amplitude_ratio(clean, factor * clean), factor)
    np.testing.assert_allclose(fk_error(clean, factor * clean), abs(factor - 1), atol=1e-9)


def test_fk_error_sees_only_the_band_of_the_signal() -> None:
    """A frequency where the signal has nothing may hold anything."""
    _, clean = sections()
    high = np.cos(np.pi * np.arange(clean.shape[1]))
    np.testing.assert_allclose(fk_error(clean, clean + high), 0, atol=1e-9)
    low = np.cos(np.pi * 0.05 * np.arange(clean.shape[1]))
    assert fk_error(clean, clean + low) > 0.1


def test_local_similarity_of_lost_signal_is_one_and_of_noise_small() -> None:
    noisy, clean = sections()
    np.testing.assert_allclose(local_similarity(clean, 0.7 * clean), 1, atol=1e-6)
    assert local_similarity(noisy, clean) < 0.15


def test_local_similarity_rises_with_the_signal_that_is_lost() -> None:
    noisy, clean = sections()
    values = [local_similarity(noisy, share * clean) for share in (1.0, 0.8, 0.5)]
    assert values[0] < values[1] < values[2]


def test_local_similarity_finds_a_place_that_the_whole_section_hides() -> None:
    """Signal lost in one half and doubled in the other cancels in a global correlation."""
    noisy, clean = sections()
    kept = clean.copy()
    kept[:20] *= 0.5
    kept[20:] *= 1.5
    assert abs(leakage(noisy, clean, kept)) < 0.05
    assert local_similarity(noisy, kept) > 0.3


def test_silent_parts_do_not_count() -> None:
    noisy, clean = sections()
    padded = [np.pad(s, ((0, 0), (0, 200))) for s in (noisy, clean)]
    np.testing.assert_allclose(local_similarity(*padded), local_similarity(noisy, clean), rtol=0.15)


def test_table_holds_every_score() -> None:
    noisy, clean = sections()
    scores = preservation_scores(noisy, clean, 0.9 * clean)
    assert scores["gain_db"] == gain_db(noisy, clean, 0.9 * clean)
    assert set(scores) == {
        "gain_db",
        "leakage",
        "local_similarity",
        "fk_error",
        "amplitude_ratio",
    }
    assert all(np.isfinite(value) for value in scores.values())


def test_sections_of_two_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(40, 200\), \(40, 199\) found"):
        amplitude_ratio(np.ones((40, 200)), np.ones((40, 199)))
