"""Windows blended onto a line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import ShapeError
from geoml.prediction.blending import LineBlend, taper


def blended(origins: np.ndarray, windows: list[np.ndarray], spacing_m: float) -> LineBlend:
    _, n_depth, n_distance = windows[0].shape
    blend = LineBlend(origins, windows[0].shape[0], n_depth, n_distance, spacing_m)
    for origin, window in zip(origins, windows, strict=True):
        blend.add(origin, window)
    return blend


def test_two_windows_by_hand() -> None:
    # Columns 0, 10, 20, 30 m; windows of 3 columns with weights 0.25, 1, 0.25.
    blend = blended(np.array([0.0, 10.0]), [np.full((1, 1, 3), 1.0), np.full((1, 1, 3), 3.0)], 10)
    assert blend.distance_m.tolist() == [0, 10, 20, 30]
    assert blend.count.tolist() == [1, 2, 2, 1]
    middle_left = (1.0 * 1 + 0.25 * 3) / 1.25
    middle_right = (0.25 * 1 + 1.0 * 3) / 1.25
    np.testing.assert_allclose(blend.result()[0, 0], [1, middle_left, middle_right, 3])


def test_one_window_passes_through_unchanged() -> None:
    window = np.random.default_rng(0).normal(size=(2, 4, 7))
    blend = blended(np.array([123.4]), [window], 12.5)
    np.testing.assert_allclose(blend.result(), window, rtol=1e-12)
    np.testing.assert_allclose(blend.distance_m, 123.4 + 12.5 * np.arange(7))


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(st.floats(0.0, 5.0), min_size=1, max_size=8),
    start=st.floats(-1e4, 1e4),
    spacing_m=st.floats(1.0, 50.0),
)
def test_windows_of_one_linear_section_give_it_back_anywhere(
    steps: list[float], start: float, spacing_m: float
) -> None:
    """Whatever the origins, windows cut from one section that is linear along the line blend."""
    origins = start + spacing_m * np.concatenate([[0.0], np.cumsum(steps)])
    relative = spacing_m * np.arange(9)
    depth = np.arange(3)[:, None]
    windows = [(1500 + 0.1 * (origin - start + relative) + 100 * depth)[None] for origin in origins]
    blend = blended(origins, windows, spacing_m)
    expected = 1500 + 0.1 * (blend.distance_m - start) + 100 * depth
    np.testing.assert_allclose(blend.result()[0], expected, rtol=1e-9)


def test_order_of_windows_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    origins = np.array([0.0, 33.0, 57.0])
    windows = [rng.normal(size=(1, 5, 8)) for _ in origins]
    forward = blended(origins, windows, 10.0).result()
    backward = blended(origins[::-1], windows[::-1], 10.0).result()
    np.testing.assert_allclose(forward, backward, rtol=1e-12)


def test_gap_between_windows_is_nan_and_nowhere_else() -> None:
    blend = blended(np.array([0.0, 100.0]), [np.ones((1, 2, 3)), np.ones((1, 2, 3))], 10.0)
    gap = np.isnan(blend.result()[0, 0])
    assert (gap == (blend.count == 0)).all()
    assert blend.distance_m[gap].tolist() == [30, 40, 50, 60, 70, 80, 90]


def test_taper_is_symmetric_positive_and_highest_in_the_middle() -> None:
    weight = taper(np.arange(9.0), 9)
    np.testing.assert_allclose(weight, weight[::-1])
    assert (weight > 0).all()
    assert weight.argmax() == 4
    assert weight[4] == pytest.approx(1)


def test_window_of_another_shape_is_refused() -> None:
    blend = LineBlend(np.array([0.0]), 1, 2, 3, 10.0)
    with pytest.raises(ShapeError, match=r"has shape \(1, 2, 4\); this blend needs \(1, 2, 3\)"):
        blend.add(0.0, np.ones((1, 2, 4)))
    with pytest.raises(ShapeError, match="no window"):
        LineBlend(np.array([]), 1, 2, 3, 10.0)
