"""Faults displace layers as rock does: one throw along the whole plane."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.physics.trend import VelocityTrend
from geoml.synthetic import SectionGrid, VelocityRange
from geoml.synthetic.faulted_layers import Fault, FaultedLayers
from geoml.synthetic.layered_section import cell_positions

GRID = SectionGrid(101, 201, 10.0)


@pytest.mark.parametrize("dips_right", [True, False])
def test_hanging_wall_comes_from_up_the_plane_on_a_normal_fault(dips_right: bool) -> None:
    fault = Fault(distance_m=500, dip_deg=45, dips_right=dips_right, throw_m=100)
    side = 1 if dips_right else -1
    hanging, foot = np.array([500 + side * 400.0]), np.array([500 - side * 400.0])
    depth = np.array([150.0])
    # At 45 degrees the heave equals the throw.
    assert np.allclose(fault.before(hanging, depth), ([500 + side * 300.0], [50.0]))
    assert np.array_equal(fault.before(foot, depth), (foot, depth))


def test_reverse_fault_lifts_the_hanging_wall() -> None:
    fault = Fault(distance_m=500, dip_deg=45, dips_right=True, throw_m=-100)
    assert np.allclose(fault.before(np.array([900.0]), np.array([150.0])), ([1000.0], [250.0]))


@pytest.mark.parametrize("throw_m", [60.0, -60.0])
@pytest.mark.parametrize("dips_right", [True, False])
def test_every_layer_is_offset_by_the_throw_across_the_plane(
    throw_m: float, dips_right: bool
) -> None:
    fault = Fault(1000 if dips_right else 1400, 60, dips_right, throw_m)
    _, layer_depth = fault.before(*cell_positions(GRID))  # level layers: depth before the fault
    side = 1 if dips_right else -1
    for boundary_m in (200, 400, 600):
        # Deepest row still above the boundary, in each column.
        reached = ((layer_depth < boundary_m).sum(axis=0) - 1) * GRID.spacing_m
        plane = fault.distance_m + side * boundary_m / np.tan(np.radians(60))
        beyond = side * (GRID.distance_m - plane) > 150
        before = side * (GRID.distance_m - plane) < -150
        assert np.ptp(reached[beyond]) == 0
        assert np.ptp(reached[before]) == 0
        assert reached[beyond][0] - reached[before][0] == pytest.approx(throw_m)


def test_younger_fault_carries_the_older_plane_along() -> None:
    younger = Fault(300, 60, True, 80.0)
    older = Fault(1500, 60, False, 80.0)
    distance, depth = cell_positions(GRID)
    _, both = older.before(*younger.before(distance, depth))
    drop = depth - both
    # Level layers show the throw alone: 0, one fault, or both.
    assert set(np.unique(np.round(drop, 6))) <= {0.0, 80.0, 160.0}
    # The older plane, in the block that the younger lowered, is where it would be after that slip.
    row = 50
    lowered = (distance[row] > 700) & (drop[row] == 160)
    edge = distance[row][lowered].max()
    cotangent = 1 / np.tan(np.radians(60))
    expected = 1500 - (depth[row, 0] - 80) * cotangent + 80 * cotangent
    assert abs(edge - expected) <= GRID.spacing_m


def test_one_regime_a_model() -> None:
    family = FaultedLayers(n_faults=(3, 3), reverse_probability=0.5)
    regimes = []
    for seed in range(30):
        throws = [f.throw_m for f in family.draw_faults(np.random.default_rng(seed), GRID)]
        assert len(throws) == 3
        assert len(set(np.sign(throws))) == 1
        regimes.append(np.sign(throws[0]))
    assert set(regimes) == {-1.0, 1.0}


def test_throw_stays_in_its_interval() -> None:
    family = FaultedLayers(throw_fraction=(0.05, 0.1))
    for seed in range(50):
        for fault in family.draw_faults(np.random.default_rng(seed), GRID):
            assert 0.05 * GRID.height_m <= abs(fault.throw_m) <= 0.1 * GRID.height_m


@pytest.mark.parametrize("cover_probability", [0.0, 1.0])
def test_rock_is_older_the_deeper_unless_a_reverse_fault_repeats_it(
    cover_probability: float,
) -> None:
    options = {"cover_probability": cover_probability, "relief_fraction": (0.0, 0.0)}
    normal = FaultedLayers(reverse_probability=0.0, **options)
    reverse = FaultedLayers(reverse_probability=1.0, **options)
    younger_below = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert np.diff(normal.layer_depth(rng, GRID), axis=0).min() >= -1e-6
        step = np.diff(reverse.layer_depth(np.random.default_rng(seed), GRID), axis=0)
        younger_below.append(step.min() < -0.5 * 0.04 * GRID.height_m)
    assert np.mean(younger_below) > 0.9


def test_cover_hides_the_faults_under_an_erosion_surface() -> None:
    family = FaultedLayers(cover_probability=1.0, cover_fraction=(0.4, 0.4))
    bare = FaultedLayers(cover_probability=0.0, cover_fraction=(0.4, 0.4))
    for seed in range(10):
        covered, uncovered = (
            f.layer_depth(np.random.default_rng(seed), GRID) for f in (family, bare)
        )
        # The surface undulates by 10 % of the height about 40 %.
        shallow, deep = slice(0, 25), slice(55, None)
        assert np.abs(np.diff(covered[shallow], axis=1)).max() < 10
        shift = covered[deep] - uncovered[deep]
        assert np.ptp(shift) < 1e-6
        assert shift.min() >= 0


def test_faults_break_the_layers_that_folds_only_bend() -> None:
    velocity_range = VelocityRange(VelocityTrend(surface_m_s=2000, gradient_1_s=0.8, max_m_s=5000))
    grid = SectionGrid(50, 108, 20.0)
    blocky = {"gradient_share": (0.0, 0.0), "contrast": (0.05, 0.1)}
    broken = FaultedLayers(cover_probability=0.0, **blocky)
    depth_jump = []
    for seed in range(20):
        layer_depth = broken.layer_depth(np.random.default_rng(seed), grid)
        depth_jump.append(np.abs(np.diff(layer_depth, axis=1)).max())
        model = broken(np.random.default_rng(seed), grid, velocity_range)
        assert np.isfinite(model).all()
    # The smallest throw is 4 % of 980 m; a fold of 25 degrees moves one cell by 9 m at most.
    assert min(depth_jump) > 0.04 * grid.height_m - 15
