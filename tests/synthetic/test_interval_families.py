"""Laws of the families of a plain velocity interval: OpenFWI's ten types."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.physics.trend import VelocityTrend
from geoml.registry import build
from geoml.synthetic import FAMILIES, OPENFWI_FAMILIES, SectionGrid, TopLayer, VelocityRange
from geoml.synthetic.curve_vel import pieced_parabolas
from geoml.synthetic.interval_section import IntervalSection

GRID = SectionGrid(70, 70, 10.0)
RANGE = VelocityRange(VelocityTrend(2000, 2.5, 4500), min_m_s=1500)
LAYERED = [name for name in OPENFWI_FAMILIES if not name.startswith("style")]


def models(spec: object, count: int, velocity_range: VelocityRange = RANGE) -> NDArray[np.float32]:
    family = build(FAMILIES, spec, "family")
    return np.stack(
        [family(np.random.default_rng([3, i]), GRID, velocity_range) for i in range(count)]
    )


def test_the_ten_types_are_there() -> None:
    kinds = ("flat_vel", "curve_vel", "flat_fault", "curve_fault", "style")
    assert set(OPENFWI_FAMILIES) == {f"{kind}_{letter}" for kind in kinds for letter in "ab"}
    assert all(issubclass(FAMILIES[name], IntervalSection) for name in OPENFWI_FAMILIES)


@pytest.mark.parametrize("name", OPENFWI_FAMILIES)
def test_models_fill_the_interval_whatever_the_trend_says(name: str) -> None:
    velocity = models(name, 60)
    assert velocity.min() < 1600
    assert velocity.max() > 4400
    other = dataclasses.replace(RANGE, trend=VelocityTrend(3000, 0.1, 4500), surface_spread=0.0)
    assert (models(name, 5, other) == velocity[:5]).all()


@pytest.mark.parametrize("name", ["flat_vel_a", "curve_vel_a"])
def test_velocity_never_falls_in_type_a(name: str) -> None:
    assert (np.diff(models(name, 50), axis=1) >= 0).all()


def test_only_reverse_faults_lay_fast_rock_over_slow() -> None:
    normal, reverse = (
        np.diff(models({"flat_fault_a": {"reverse_probability": chance}}, 50), axis=1)
        for chance in (0.0, 1.0)
    )
    assert (normal >= 0).all()
    assert 0 < (reverse < 0).mean() < 0.02


@pytest.mark.parametrize("name", ["flat_vel_b", "curve_vel_b", "flat_fault_b", "curve_fault_b"])
def test_type_b_falls_as_often_as_it_rises(name: str) -> None:
    step = np.diff(models(name, 200), axis=1)
    falls, rises = (step < 0).sum(), (step > 0).sum()
    assert 0.9 < falls / rises < 1.1


@pytest.mark.parametrize("name", LAYERED)
def test_layers_are_blocks_of_one_velocity(name: str) -> None:
    n_layers = FAMILIES[name]().n_layers  # type: ignore[attr-defined]
    counts = np.array([np.unique(model).size for model in models(name, 60)])
    assert counts.max() <= n_layers[1]
    assert counts.min() >= n_layers[0] - 2
    assert np.unique(counts).size > 2


@pytest.mark.parametrize("name", ["flat_vel_a", "flat_vel_b"])
def test_flat_layers_are_level(name: str) -> None:
    velocity = models(name, 20)
    assert (velocity == velocity[:, :, :1]).all()


def test_thicknesses_are_within_two_cells_of_each_other() -> None:
    """A cell of jitter either way, and the rounding to whole cells."""
    for column in models({"flat_vel_a": {"n_layers": [8, 8]}}, 60)[:, :, 0]:
        thickness = np.diff(np.flatnonzero(np.diff(column)))
        assert thickness.min() >= 9
        assert thickness.max() <= 12


def test_each_fault_breaks_every_interface() -> None:
    flat = {"n_layers": [4, 4], "first_interface": [1, 1], "thickness_jitter": 0.0}
    fault = {"n_faults": [1, 1], "throw_fraction": [0.2, 0.2], "dip_deg": [80, 80]}
    for velocity in models({"flat_fault_a": {**flat, **fault}}, 20):
        left, right = np.diff(velocity[:, 0]), np.diff(velocity[:, -1])
        moved = np.flatnonzero(right)[:2] - np.flatnonzero(left)[:2]
        # 0.2 of 690 m is 13.8 cells.
        assert (np.abs(np.abs(moved) - 13.8) < 1).all()


def test_pieced_parabolas_pass_the_points_and_keep_their_slope() -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 10, (8, 2))
    curve = pieced_parabolas(70.0, values)
    assert np.allclose(curve(np.arange(0, 71, 10.0)), values)
    fine = np.linspace(0, 69.99, 7001)
    slope = np.diff(curve(fine), axis=0) / (fine[1] - fine[0])
    bend = np.diff(slope, axis=0)
    assert np.abs(bend).max() < 0.05  # no corner
    # One parabola from 0 to 20: its second difference is constant there, and changes at 20.
    assert np.ptp(bend[:1990], axis=0).max() < 1e-6
    assert (np.abs(bend[2100] - bend[1900]) > 1e-6).all()


def test_pieced_parabola_through_a_parabola_is_that_parabola() -> None:
    points = np.linspace(0, 70, 8)
    curve = pieced_parabolas(70.0, (3 + 0.5 * points - 0.01 * points**2)[:, None])
    inside = np.linspace(0, 70, 41)
    assert np.allclose(curve(inside)[:, 0], 3 + 0.5 * inside - 0.01 * inside**2)


def test_style_a_is_smoother_than_style_b() -> None:
    roughness = []
    for name in ("style_a", "style_b"):
        velocity = models(name, 60).astype(np.float64)
        step = np.diff(velocity, axis=2)
        roughness.append(np.sqrt((step**2).mean() / velocity.var()))
    assert roughness[1] > 2 * roughness[0]


def test_style_rises_with_depth_and_not_along_the_line() -> None:
    mean = models({"style_a": {"rise": [2, 2]}}, 300).mean(0)
    assert mean[-10:].mean() - mean[:10].mean() > 800
    assert abs(mean[:, -10:].mean() - mean[:, :10].mean()) < 150


def test_deep_water_hides_no_layers() -> None:
    top = TopLayer((1480, 1500), (300, 300), shape="flat")
    marine = dataclasses.replace(RANGE, top_layer=top)
    for model in models({"flat_vel_a": {"n_layers": [5, 5]}}, 20, marine):
        # Water, four or five layers of rock, and a cell that the sea bed cuts.
        assert 5 <= np.unique(model[:, 0]).size <= 7
        assert (model[:30] == model[0, 0]).all()
        assert model[31:].min() >= 1.03 * model[0, 0] - 0.1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"flat_vel_a": {"n_layers": [1, 3]}}, "'n_layers' starts at 1; it must be at least 2"),
        ({"curve_vel_a": {"n_points": [3, 8]}}, "'n_points' starts at 3; it must be at least 4"),
        ({"flat_fault_a": {"dip_deg": [0, 50]}}, "'dip_deg' is 0..50 degrees"),
        ({"curve_fault_a": {"reverse_probability": 2}}, "'reverse_probability' is 2"),
        ({"style_a": {"spread": [0.5, 1.5]}}, "'spread' ends at 1.5; it must be at most 1"),
        ({"flat_vel_a": {"thickness_jitter": 0.5}}, "'thickness_jitter' ends at 0.5"),
        ({"style_b": {"hurst": [0, 1]}}, "'hurst' starts at 0; it must be above 0"),
    ],
)
def test_option_out_of_range_is_refused(spec: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        build(FAMILIES, spec, "family")
