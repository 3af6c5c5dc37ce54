"""Receivers in the order of their midpoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoml.survey.acquisition import Acquisition
from geoml.training.midpoint_order import midpoint_order


def window(source_m: list[float], receiver_m: np.ndarray, width_m: float) -> Acquisition:
    shots = len(source_m)
    receivers = np.broadcast_to(receiver_m, (shots, receiver_m.shape[-1]))
    return Acquisition(
        source_distance_m=np.array(source_m),
        source_depth_m=np.zeros(shots),
        receiver_distance_m=receivers,
        receiver_depth_m=np.zeros(receivers.shape),
        dt_s=0.004,
        n_samples=50,
        spacing_m=10.0,
        n_depth=20,
        n_distance=int(width_m / 10) + 1,
        wavelet=np.ones(3),
        wavelet_start_s=0.0,
        max_frequency_hz=20.0,
        free_surface=False,
    )


def test_fixed_spread_by_hand() -> None:
    # Receivers at 0, 20 .. 80 m and columns there too; midpoints of a source at 0 at 0, 10 .. 40.
    order = midpoint_order(window([0.0, 80.0], 20.0 * np.arange(5), 80.0))
    assert order == ((0, 2, 4, -1, -1), (-1, -1, 0, 2, 4))


def test_streamer_that_moves_by_two_columns_moves_its_order_by_two() -> None:
    # Midpoints lie 10 m apart, columns 20 m; from shot to shot both ends move by 40 m.
    receivers = np.stack([100 + 20.0 * np.arange(9) + 40 * shot for shot in range(2)])
    first, second = midpoint_order(window([0.0, 40.0], receivers, 160.0))
    assert first == (-1, -1, 0, 1, 3, 5, 7, 8, -1)
    assert second[4:] == first[2:-2]


@pytest.mark.parametrize("seed", range(5))
def test_midpoint_shown_is_the_nearest_and_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    acquisition = window(
        list(rng.uniform(0, 400, 4)), np.sort(rng.uniform(0, 400, (4, 12)), axis=1), 400.0
    )
    midpoints = (acquisition.source_distance_m[:, None] + acquisition.receiver_distance_m) / 2
    for shot, row in enumerate(midpoint_order(acquisition)):
        for column_m, receiver in zip(np.linspace(0, 400, 12), row, strict=True):
            gap = np.abs(midpoints[shot] - column_m)
            if receiver >= 0:
                assert gap[receiver] == gap.min()
            else:
                assert gap.min() > 400 / 11 / 2


def test_order_moves_with_the_source_alone() -> None:
    first = window([0.0, 80.0], 20.0 * np.arange(5), 80.0)
    moved = replace(first, source_distance_m=np.array([80.0, 0.0]))
    assert midpoint_order(moved) == midpoint_order(first)[::-1]
