from __future__ import annotations

import numpy as np

from geoml.synthetic.random_field import draw_random_field


def fields(count: int, *args: object) -> np.ndarray:
    drawn = [draw_random_field(np.random.default_rng(i), (48, 64), *args) for i in range(count)]
    return np.stack(drawn)


def correlation(values: np.ndarray, lag: int, axis: int) -> float:
    one = np.take(values, range(values.shape[axis] - lag), axis)
    other = np.take(values, range(lag, values.shape[axis]), axis)
    return float((one * other).mean() / (values**2).mean())


def test_mean_is_zero_and_variance_one() -> None:
    values = fields(400, (3.0, 3.0), 1.0)
    assert abs(values.mean()) < 0.02
    assert abs(values.var() - 1) < 0.03


def test_hurst_of_one_half_is_an_exponential_correlation_in_two_dimensions() -> None:
    """Von Karman's correlation with H = 1/2 is exp(-r/a)."""
    values = fields(300, (4.0, 4.0), 0.5)
    for lag in (2, 4, 8):
        assert abs(correlation(values, lag, 2) - np.exp(-lag / 4.0)) < 0.05


def test_correlation_is_longer_along_the_strata() -> None:
    values = fields(100, (2.0, 8.0), 1.0)
    assert correlation(values, 4, 2) > correlation(values, 4, 1) + 0.3


def test_positive_dip_deepens_with_distance() -> None:
    values = fields(100, (1.5, 10.0), 1.0, 45.0)
    down_right = (values[:, :-6, :-6] * values[:, 6:, 6:]).mean()
    down_left = (values[:, :-6, 6:] * values[:, 6:, :-6]).mean()
    assert down_right > down_left + 0.3
