"""Overlapping windows."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.preprocess.overlapping_windows import overlapping_windows


def test_four_windows_by_hand() -> None:
    windows = overlapping_windows(10, 4, 0.5)
    np.testing.assert_array_equal(windows.starts, [0, 2, 4, 6])
    np.testing.assert_array_equal(windows.index[1], [2, 3, 4, 5])
    np.testing.assert_allclose(windows.weight[0][:2], 1)


@pytest.mark.parametrize("n", [1, 2, 7, 24, 25, 100])
@pytest.mark.parametrize(("width", "overlap"), [(1, 0.5), (4, 0.5), (24, 0.75), (7, 0.9)])
def test_weights_add_to_one_everywhere(n: int, width: int, overlap: float) -> None:
    windows = overlapping_windows(n, width, overlap)
    total = np.zeros(n)
    np.add.at(total, windows.index, windows.weight)
    np.testing.assert_allclose(total, 1)
    assert (windows.weight > 0).all()
    assert np.diff(windows.starts).max(initial=0) <= max(1, width * (1 - overlap))
