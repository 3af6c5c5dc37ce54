"""Statistics of populations: worked by hand, and 0 between a population and itself."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import ShapeError
from geoml.physics.model_statistics import distances, model_statistics

DEPTH = np.arange(40)[:, None] * np.ones(60)


def two_layers(n_models: int = 3, row: int = 20) -> np.ndarray:
    return np.repeat(np.where(row > DEPTH, 2000.0, 4000.0)[None], n_models, axis=0)


def waves(cycles: float, axis: int, n_models: int = 3) -> np.ndarray:
    n = (40, 60)[axis]
    wave = 100 * np.cos(2 * np.pi * cycles * np.arange(n) / n)
    model = 3000 + (wave[:, None] if axis == 0 else wave[None]) * np.ones((40, 60))
    return np.repeat(model[None], n_models, axis=0)


def test_two_layers_by_hand() -> None:
    found = model_statistics(two_layers())
    assert found.n_models == 3
    assert (found.n_layers == 2).all()
    assert np.allclose(found.edge_density, 1 / 40)  # one row of edge cells
    assert found.histogram.sum() == pytest.approx(1)
    assert np.sort(found.histogram)[-2:].tolist() == [0.5, 0.5]
    assert (found.depth_quantiles[:, :20] == 2000).all()
    assert (found.depth_quantiles[:, 20:] == 4000).all()
    assert found.horizontal_power.max() < 1e-9


@pytest.mark.parametrize(("axis", "name"), [(0, "vertical_power"), (1, "horizontal_power")])
def test_a_wave_has_its_power_at_its_wavenumber(axis: int, name: str) -> None:
    power = getattr(model_statistics(waves(7, axis)), name)
    assert power.argmax() == 6  # the mean is left out
    # Hann's taper spreads a line over three bins, and energy is kept: 100 m/s has 100^2/4 a side.
    assert power[5:8].sum() == pytest.approx(power.sum(), rel=1e-3)
    assert power.sum() * (1 / (40, 60)[axis]) == pytest.approx(100**2 / 4, rel=0.05)


def test_a_population_lies_no_distance_from_itself() -> None:
    found = model_statistics(np.random.default_rng(0).uniform(1500, 4500, (5, 40, 60)))
    assert all(value == pytest.approx(0, abs=1e-9) for value in distances(found, found).values())


def test_distances_by_hand() -> None:
    one = model_statistics(two_layers() + 200)
    apart = distances(one, model_statistics(two_layers()))
    assert apart["velocity_m_s"] == pytest.approx(200)  # four bins of 50 m/s
    assert apart["velocity_by_depth_m_s"] == pytest.approx(200)
    assert apart["n_layers"] == 0
    assert apart["edge_density"] == 0
    assert apart["vertical_db"] == pytest.approx(0, abs=1e-6)
    three = np.where(two_layers() + 10 * (DEPTH >= 30) > 4005, 4400.0, two_layers())
    more = distances(model_statistics(three), model_statistics(two_layers()))
    assert more["n_layers"] == 1
    assert more["edge_density"] == pytest.approx(1)


def test_ten_times_the_contrast_is_twenty_decibels_more() -> None:
    noise = np.random.default_rng(0).normal(size=(4, 40, 60))
    apart = distances(model_statistics(3000 + 10 * noise), model_statistics(3000 + noise))
    assert apart["horizontal_db"] == pytest.approx(20, abs=0.01)
    assert apart["vertical_db"] == pytest.approx(20, abs=0.01)


def test_wrong_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"shape \(40, 60\); statistics need \(model, depth"):
        model_statistics(DEPTH)
