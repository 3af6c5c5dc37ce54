"""Parts share nothing, hold their shares, and stay put while a store grows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import OptionError
from geoml.samples import SplitFractions, Splits, split_pairs

PARTS = ("train", "validation", "calibration", "test")


def parts(splits: Splits) -> list[np.ndarray]:
    return [getattr(splits, name) for name in PARTS]


@given(st.integers(16, 3000))
def test_every_pair_is_in_exactly_one_part(count: int) -> None:
    together = np.concatenate(parts(split_pairs(count)))
    assert np.array_equal(np.sort(together), np.arange(count))


@given(st.integers(16, 2000), st.integers(0, 1000))
def test_no_pair_changes_its_part_when_the_store_grows(count: int, more: int) -> None:
    for small, large in zip(
        parts(split_pairs(count)), parts(split_pairs(count + more)), strict=True
    ):
        assert np.array_equal(small, large[large < count])


@given(st.integers(100, 3000))
def test_parts_have_their_shares(count: int) -> None:
    fractions = SplitFractions(train=0.5, validation=0.25, calibration=0.125, test=0.125)
    sizes = [part.size for part in parts(split_pairs(count, fractions))]
    assert np.allclose(sizes, np.array([0.5, 0.25, 0.125, 0.125]) * count, atol=3)


def test_blocks_stay_together() -> None:
    splits = split_pairs(400, block_size=8)
    for part in parts(splits):
        starts = part[part % 8 == 0]
        assert np.array_equal(part, (starts[:, None] + np.arange(8)).ravel())


def test_sixteen_pairs_fill_every_part() -> None:
    assert min(part.size for part in parts(split_pairs(16))) >= 1


def test_empty_part_is_refused() -> None:
    with pytest.raises(OptionError, match="4 pairs leave the calibration part empty"):
        split_pairs(4)


def test_part_without_share_may_be_empty() -> None:
    everything = SplitFractions(train=1.0, validation=0.0, calibration=0.0, test=0.0)
    assert split_pairs(4, everything).train.size == 4


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(OptionError, match="must be at least 0 and add up to 1"):
        SplitFractions(train=0.9)


def test_block_of_nothing_is_refused() -> None:
    with pytest.raises(OptionError, match="'block_size' is 0"):
        split_pairs(100, block_size=0)
