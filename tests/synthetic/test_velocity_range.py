"""The range a population covers: bounds, defaults, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend
from geoml.registry import with_options
from geoml.synthetic import SectionGrid, TopLayer, VelocityRange
from geoml.synthetic.top_layer import draw_top_layer

TREND = VelocityTrend(surface_m_s=1800, gradient_1_s=0.7, max_m_s=4500)


def test_limits_without_options_follow_the_trend() -> None:
    assert VelocityRange(TREND).limits_m_s == (0.6 * 1800, 4500)


def test_limits_include_the_top_layer() -> None:
    weathered = VelocityRange(TREND, top_layer=TopLayer((900, 1300), (10, 40)))
    assert weathered.limits_m_s == (900, 4500)
    # What lies below water is faster than the water: the grid need not carry the trend's floor.
    assert VelocityRange(TREND, top_layer=TopLayer((1480, 1530), (50, 90))).limits_m_s[0] == 1480


def test_trend_brings_its_own_water() -> None:
    marine = VelocityTrend(
        surface_m_s=1700, gradient_1_s=0.6, max_m_s=4500, top_velocity_m_s=1500, top_thickness_m=100
    )
    top = VelocityRange(marine).top
    assert top is not None
    assert np.allclose(top.velocity_m_s, (1470, 1530))
    assert np.allclose(top.thickness_m, (70, 130))


def test_drawn_surface_fills_the_spread() -> None:
    rng = np.random.default_rng(0)
    surface = [VelocityRange(TREND).draw(rng).surface_m_s for _ in range(2000)]
    assert 1350 <= min(surface) < 1370
    assert 2230 < max(surface) <= 2250
    assert np.mean(surface) == pytest.approx(1800, rel=0.02)


def test_drawn_trend_is_faster_than_its_top_layer() -> None:
    rng = np.random.default_rng(0)
    drawn = [VelocityRange(TREND).draw(rng, slowest_m_s=1700.0) for _ in range(200)]
    assert min(trend.surface_m_s for trend in drawn) >= 1.03 * 1700


def test_range_reads_from_yaml_form() -> None:
    plain = {
        "trend": {"surface_m_s": 1800, "gradient_1_s": 0.7, "max_m_s": 4500},
        "top_layer": {"velocity_m_s": [900, 1300], "thickness_m": [10, 40], "shape": "flat"},
    }
    built = with_options(VelocityRange, plain, "velocity_range")
    assert built == VelocityRange(TREND, top_layer=TopLayer((900, 1300), (10, 40), shape="flat"))


@pytest.mark.parametrize("thickness_m", [4.0, 10.0, 17.0, 33.0])
def test_top_layer_keeps_its_travel_time_on_any_grid(thickness_m: float) -> None:
    grid = SectionGrid(50, 3, 20.0)
    layer = draw_top_layer(
        np.random.default_rng(0), grid, TopLayer((1000, 1000), (thickness_m,) * 2, shape="flat")
    )
    velocity = layer.over(np.full(grid.shape, 2000.0), grid)
    # Row 0 stands for half a cell.
    height = np.full(grid.n_depth, grid.spacing_m)
    height[0] /= 2
    time = (height[:, None] / velocity).sum(axis=0)
    exact = thickness_m / 1000 + (height.sum() - thickness_m) / 2000
    assert np.allclose(time, exact)


def test_undulating_base_stays_inside_its_interval_and_slope() -> None:
    grid = SectionGrid(60, 132, 25.0)
    top = TopLayer((1500, 1500), (50, 400), max_slope_deg=5.0)
    relief = []
    for seed in range(100):
        thickness = draw_top_layer(np.random.default_rng(seed), grid, top).thickness_m
        assert thickness.min() >= 50
        assert thickness.max() <= 400
        slope = np.abs(np.diff(thickness)).max() / grid.spacing_m
        assert slope <= np.tan(np.radians(5.5))
        relief.append(np.ptp(thickness))
    assert max(relief) > 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_m_s": 1900.0}, "trend starts at 1800 m/s, outside the range 1900..4500"),
        ({"surface_spread": 1.5}, "'surface_spread' is 1.5; it must lie between 0 and 1"),
        ({"inversion_size": 0.7}, "'inversion_size' is 0.7"),
    ],
)
def test_range_out_of_bounds_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        VelocityRange(TREND, **options)


def test_top_layer_out_of_order_is_refused() -> None:
    with pytest.raises(
        OptionError, match=r"thickness_m' is 40..10; write the smaller number first"
    ):
        TopLayer((900, 1300), (40, 10))


def test_top_layer_faster_than_the_range_is_refused() -> None:
    with pytest.raises(OptionError, match=r"top layer reaches 5000 m/s, above .* 4500"):
        VelocityRange(TREND, top_layer=TopLayer((900, 5000), (10, 40)))
