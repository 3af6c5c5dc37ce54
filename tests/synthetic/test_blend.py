"""A blend holds the interfaces of two models, and nothing faster or slower than both."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError, UnknownNameError
from geoml.physics.trend import VelocityTrend
from geoml.synthetic import FAMILIES, SectionGrid, VelocityRange
from geoml.synthetic.blend import Blend
from geoml.synthetic.interval_section import IntervalSection

GRID = SectionGrid(30, 24, 10.0)
RANGE = VelocityRange(VelocityTrend(1500.0, 0.0, 4500.0), min_m_s=1500.0)


class Halves(IntervalSection):
    """Slow over fast, the boundary at a depth drawn at random."""

    def fill(self, rng: np.random.Generator, grid: SectionGrid, interval_m_s: object) -> np.ndarray:
        velocity = np.full(grid.shape, 2000.0)
        velocity[int(rng.integers(5, 25)) :] = 4000
        return velocity


def test_mix_has_the_steps_of_both_models_in_the_shares_of_the_weight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(FAMILIES, "halves", Halves)
    blend = Blend(families=("halves",), weight=(0.3, 0.3))
    for seed in range(5):
        velocity = blend(np.random.default_rng(seed), GRID, RANGE)
        steps = np.diff(velocity[:, 0])
        assert sorted(steps[steps > 1].round().tolist()) in ([600, 1400], [2000])


def test_weight_one_is_the_first_model_alone() -> None:
    alone = Blend(families=("curve_vel_a",), weight=(1.0, 1.0))
    layers = np.unique(alone(np.random.default_rng(0), GRID, RANGE))
    assert layers.size <= 8
    mixed = Blend(families=("curve_vel_a",), weight=(0.5, 0.5))
    assert np.unique(mixed(np.random.default_rng(0), GRID, RANGE)).size > layers.size


def test_families_that_cannot_be_mixed_are_refused() -> None:
    with pytest.raises(OptionError, match="name at least one other family"):
        Blend(families=("blend",))
    with pytest.raises(OptionError, match="name at least one other family"):
        Blend(families=())
    with pytest.raises(UnknownNameError, match="Unknown family 'curve_vel'"):
        Blend(families=("curve_vel",))(np.random.default_rng(0), GRID, RANGE)
