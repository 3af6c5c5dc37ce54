"""Rank reduction step; what it shares with f-x deconvolution is tested there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from geoml.errors import OptionError
from geoml.preprocess.rank_reduction import RankReduction


@pytest.mark.parametrize(("n_traces", "rank"), [(12, 1), (13, 3), (24, 2)])
def test_result_is_the_truncated_svd_of_the_hankel_matrix(n_traces: int, rank: int) -> None:
    rng = np.random.default_rng(4)
    row = rng.normal(size=n_traces) + 1j * rng.normal(size=n_traces)
    n_rows = n_traces // 2 + 1
    hankel = linalg.hankel(row[:n_rows], row[n_rows - 1 :])
    left, values, right = np.linalg.svd(hankel)
    reduced = (left[:, :rank] * values[:rank]) @ right[:rank]
    flipped = reduced[:, ::-1]
    places = range(n_traces)
    expected = [np.diagonal(flipped, hankel.shape[1] - 1 - k).mean() for k in places]
    found = RankReduction(rank=rank).cleaned(row[None])[0]
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_two_exponentials_are_kept_at_rank_two_and_not_at_one() -> None:
    trace = np.arange(20)
    row = np.exp(0.5j * trace) + 0.7 * np.exp(-1.1j * trace)
    np.testing.assert_allclose(RankReduction(rank=2).cleaned(row[None])[0], row, atol=1e-10)
    assert np.abs(RankReduction(rank=1).cleaned(row[None])[0] - row).max() > 0.3


@pytest.mark.parametrize("rank", [0, 13])
def test_impossible_rank_is_refused(rank: int) -> None:
    with pytest.raises(OptionError, match=f"rank is {rank}; it must be 1 to half"):
        RankReduction(rank=rank)
