"""Windows of a section: mean slowness on the target grid, inside the limits."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError, ShapeError
from geoml.survey.section_windows import cut_windows, resampled
from geoml.survey.velocity import section


def layered(n_depth: int = 200, n_distance: int = 300, spacing_m: float = 2.0) -> xr.Dataset:
    depth = np.arange(n_depth)[:, None] * np.ones(n_distance)
    return section(1500 + 10 * depth, spacing_m)


def test_coarse_cell_has_the_mean_slowness_of_its_fine_cells() -> None:
    velocity = np.array([[1000.0, 2000.0], [4000.0, 4000.0]])
    assert resampled(velocity, 5.0, 10.0) == pytest.approx(
        4 / (1 / 1000 + 1 / 2000 + 1 / 4000 + 1 / 4000)
    )


@pytest.mark.parametrize("spacing_m", [0.7, 3.0, 7.3])
def test_vertical_travel_time_is_kept_on_any_grid(spacing_m: float) -> None:
    fine = np.random.default_rng(0).uniform(1000, 5000, (80, 5))
    fine[:] = fine[:, :1]
    coarse = resampled(fine, 2.0, spacing_m)
    depth_m = spacing_m * coarse.shape[0]
    fine_time = np.interp(depth_m, 2.0 * np.arange(81), np.append(0, np.cumsum(2.0 / fine[:, 0])))
    assert (spacing_m / coarse[:, 0]).sum() == pytest.approx(fine_time, rel=1e-9)


def test_same_grid_gives_the_same_velocities() -> None:
    fine = np.random.default_rng(0).uniform(1000, 5000, (30, 40))
    assert np.allclose(resampled(fine, 2.0, 2.0), fine)


def test_windows_are_where_they_say() -> None:
    windows = cut_windows(layered(), 5, (20, 30), 6.0, seed=1)
    assert windows.velocity.shape == (5, 20, 30)
    assert windows.velocity.dtype == np.float32
    for velocity, top_m in zip(windows.velocity, windows.first_depth_m, strict=True):
        # 5 m/s a metre, rows of 6 m, each centred 3 m below its top; fine cells centred on 1 m.
        expected = 1500 + 5 * (top_m + 6.0 * np.arange(20) + 3.0 - 1.0)
        assert np.abs(velocity[:, 0] - expected).max() < 6
    assert (windows.first_depth_m + 20 * 6.0 <= 400 + 1e-6).all()
    assert np.unique(windows.first_distance_m).size == 5


def test_same_seed_gives_the_same_windows() -> None:
    one, two, other = (cut_windows(layered(), 3, (20, 30), 4.0, seed=s).velocity for s in (1, 1, 2))
    assert (one == two).all()
    assert (one != other).any()


def test_windows_outside_the_limits_are_left_out_and_counted() -> None:
    windows = cut_windows(layered(), 10, (20, 30), 4.0, limits_m_s=(1500, 2500))
    assert windows.velocity.max() <= 2500
    assert windows.n_outside > 0
    assert f"{windows.n_outside} others exceed the velocity range" in windows.note


def test_clipped_windows_are_kept_and_counted() -> None:
    windows = cut_windows(layered(), 10, (20, 30), 4.0, limits_m_s=(1500, 2500), clip=True)
    assert windows.velocity.max() == 2500
    assert 0 < windows.n_outside <= 10


def test_windows_of_water_are_left_out() -> None:
    velocity = np.full((200, 100), 1500.0)
    velocity[100:] = np.linspace(2000, 3000, 100)[:, None]
    windows = cut_windows(section(velocity, 1.0), 10, (40, 40), 1.0)
    assert windows.n_uniform > 0
    for window in windows.velocity:
        assert (window == 1500).mean() <= 0.5


@pytest.mark.parametrize(
    ("shape", "spacing_m", "limits", "error", "message"),
    [
        ((20, 30), 40.0, (0, 9e9), ShapeError, r"20 x 30 cells of 40 m does not fit .* 400 x 600"),
        ((20, 30), 4.0, (100, 200), OptionError, r"Of 100 windows 0 lie within 100 to 200 m/s"),
        ((20, 30), 0.0, (0, 9e9), OptionError, "both must be above 0"),
    ],
)
def test_what_cannot_be_cut_is_refused(shape, spacing_m, limits, error, message) -> None:
    with pytest.raises(error, match=message):
        cut_windows(layered(), 2, shape, spacing_m, limits_m_s=limits)
