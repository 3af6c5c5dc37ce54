"""Pairs over given models: the models themselves, in order, and the shots over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError, PhysicsError, ShapeError, StoreError
from geoml.physics.acoustic import model_acquisition
from geoml.physics.trend import VelocityTrend
from geoml.physics.wavelets import ricker
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import open_pairs
from geoml.synthetic import VelocityRange
from geoml.synthetic.given_models import HeldModels, model_pairs

RANGE = VelocityRange(VelocityTrend(2000, 1.0, 3000), min_m_s=1500)
ACQUISITION = Acquisition(
    source_distance_m=np.array([40.0]),
    source_depth_m=np.array([10.0]),
    receiver_distance_m=np.array([[60.0, 130.0, 200.0]]),
    receiver_depth_m=np.zeros((1, 3)),
    dt_s=0.008,
    n_samples=40,
    spacing_m=20.0,
    n_depth=10,
    n_distance=14,
    wavelet=np.asarray(ricker(10.0, 0.008, 33)),
    wavelet_start_s=-0.128,
    max_frequency_hz=24.0,
    free_surface=False,
)
MODELS = np.random.default_rng(2).uniform(1500, 3000, (6, 10, 14)).astype(np.float32)


def pairs(path: Path, models: np.ndarray = MODELS, **options: Any) -> xr.Dataset:
    model_pairs(
        path, ACQUISITION, HeldModels(models), **{"velocity_range": RANGE, "batch": 4, **options}
    )
    return open_pairs(path).load()


def test_models_are_stored_as_given_and_shot(tmp_path: Path) -> None:
    made = pairs(tmp_path / "p.zarr", name="marmousi")
    assert (made["velocity"].values == MODELS).all()
    assert made.attrs["families"] == ["marmousi"]
    assert (made["family"] == 0).all()
    expected = model_acquisition(
        MODELS[3], ACQUISITION, max_velocity_m_s=3000.0,
        simulation_spacing_m=made.attrs["recipe"]["simulation_spacing_m"],
    )  # fmt: skip
    assert np.allclose(made["amplitude"][3], expected, atol=1e-4 * float(expected.abs().max()))


def test_count_takes_the_first_ones(tmp_path: Path) -> None:
    few, all_of_them = pairs(tmp_path / "few.zarr", count=2), pairs(tmp_path / "all.zarr")
    assert few.sizes["sample"] == 2
    assert (few["amplitude"] == all_of_them["amplitude"][:2]).all()


def test_interrupted_store_of_other_models_is_refused(tmp_path: Path) -> None:
    def stop(done: int, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pairs(tmp_path / "p.zarr", progress=stop)
    with pytest.raises(StoreError, match="with other options left 0 of 6 pairs"):
        pairs(tmp_path / "p.zarr", MODELS[::-1].copy())
    assert (pairs(tmp_path / "p.zarr")["velocity"].values == MODELS).all()


@pytest.mark.parametrize(
    ("models", "options", "error", "message"),
    [
        (MODELS[:, :9], {}, ShapeError, r"Models of 9 x 14 cells; .* has 10 x 14"),
        (MODELS, {"count": 7}, OptionError, "7 of 6 models are asked for"),
        (MODELS, {"count": 0}, OptionError, "0 of 6 models are asked for"),
        (MODELS + 1000, {}, PhysicsError, r"6 of 6 models leave the velocity range 1500 to 3000"),
        (np.where(MODELS > 2999, np.nan, MODELS), {}, PhysicsError, r"of 6 models leave"),
    ],
)
def test_models_that_do_not_fit_are_refused_before_anything_is_written(
    tmp_path: Path, models: np.ndarray, options: dict, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        pairs(tmp_path / "p.zarr", models, **options)
    assert not list(tmp_path.iterdir())
