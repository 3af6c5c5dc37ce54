"""Block boundaries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.preprocess import blocks
from geoml.preprocess.blocks import block_starts, contiguous_order


def test_blocks_worked_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 4 * 10 * 4)  # four traces of ten samples
    labels = np.array([5, 5, 5, 2, 2, 9, 9, 9, 9, 9, 9, 1])
    np.testing.assert_array_equal(block_starts(labels, n_samples=10), [0, 5, 11, 12])


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=30), n_samples=st.integers(1, 2_000_000)
)
def test_blocks_cover_all_traces_and_cut_no_gather(sizes: list[int], n_samples: int) -> None:
    labels = np.repeat(np.arange(len(sizes))[::-1], sizes)
    starts = block_starts(labels, n_samples)
    assert starts[0] == 0
    assert starts[-1] == labels.size
    assert (np.diff(starts) > 0).all()
    inner = starts[1:-1]
    assert (labels[inner] != labels[inner - 1]).all()


def test_survey_without_traces_has_no_block() -> None:
    np.testing.assert_array_equal(block_starts(np.array([], dtype=np.int64), 10), [0])


def test_gathers_that_lie_together_need_no_order() -> None:
    assert contiguous_order(np.array([3, 3, 1, 1, 2])) is None
    assert contiguous_order(np.array([], dtype=np.int64)) is None


@given(st.lists(st.integers(0, 5), min_size=1, max_size=50))
def test_order_brings_each_gather_together_and_keeps_its_own(labels: list[int]) -> None:
    order = contiguous_order(np.array(labels))
    if order is None:
        order = np.arange(len(labels))
    np.testing.assert_array_equal(np.sort(order), np.arange(len(labels)))
    together = np.array(labels)[order]
    assert np.count_nonzero(np.diff(together)) == np.unique(together).size - 1
    for label in np.unique(together):
        assert (np.diff(order[together == label]) > 0).all()
