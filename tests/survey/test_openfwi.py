from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from geoml.errors import FileFormatError, ShapeError, StoreError
from geoml.survey.acquisition import Acquisition
from geoml.survey.openfwi import openfwi_to_pairs, pairs_to_openfwi
from geoml.survey.pairs import open_pairs


def acquisition(n_shots: int, n_samples: int, n_receivers: int, n_depth: int) -> Acquisition:
    return Acquisition(
        source_distance_m=10.0 * np.arange(n_shots),
        source_depth_m=np.full(n_shots, 10.0),
        receiver_distance_m=np.tile(10.0 * np.arange(n_receivers), (n_shots, 1)),
        receiver_depth_m=np.full((n_shots, n_receivers), 10.0),
        dt_s=0.001,
        n_samples=n_samples,
        spacing_m=10.0,
        n_depth=n_depth,
        n_distance=n_receivers,
        wavelet=np.ones(3),
        wavelet_start_s=0.0,
        max_frequency_hz=50.0,
        free_surface=False,
    )


@pytest.fixture
def arrays(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    rng = np.random.default_rng(6)
    data, models = [], []
    for number, count in enumerate((5, 3)):
        data.append(tmp_path / f"data{number}.npy")
        models.append(tmp_path / f"model{number}.npy")
        np.save(data[-1], rng.normal(size=(count, 2, 9, 4)).astype(np.float32))
        np.save(models[-1], rng.uniform(1500, 4500, (count, 1, 6, 4)).astype(np.float32))
    return data, models


def test_there_and_back_gives_the_same_arrays(arrays, tmp_path):
    data, models = arrays
    openfwi_to_pairs(data, models, tmp_path / "p.zarr", acquisition(2, 9, 4, 6), shard_samples=2)
    pairs_to_openfwi(tmp_path / "p.zarr", tmp_path / "out", per_file=5)
    for number in (1, 2):
        for name, files in (("data", data), ("model", models)):
            np.testing.assert_array_equal(
                np.load(tmp_path / "out" / f"{name}{number}.npy"), np.load(files[number - 1])
            )


def test_time_and_receiver_axes_are_where_their_names_say(arrays, tmp_path):
    data, models = arrays
    openfwi_to_pairs(data, models, tmp_path / "p.zarr", acquisition(2, 9, 4, 6))
    first = open_pairs(tmp_path / "p.zarr").isel(sample=0)
    np.testing.assert_array_equal(
        first["amplitude"].sel(shot=1).isel(receiver=2), np.load(data[0])[0, 1, :, 2]
    )
    np.testing.assert_array_equal(first["velocity"], np.load(models[0])[0, 0])


def test_arrays_that_do_not_fit_are_refused(arrays, tmp_path):
    data, models = arrays
    out = tmp_path / "p.zarr"
    with pytest.raises(ShapeError, match=r"shape \(5, 2, 9, 4\); \(sample, 2, 8, 4\) is needed"):
        openfwi_to_pairs(data, models, out, acquisition(2, 8, 4, 6))
    with pytest.raises(FileFormatError, match="5 records, but 3 models"):
        openfwi_to_pairs(data[:1], models[1:], out, acquisition(2, 9, 4, 6))
    with pytest.raises(FileFormatError, match="2 data and 1 velocity files"):
        openfwi_to_pairs(data, models[:1], out, acquisition(2, 9, 4, 6))
    data[0].write_bytes(b"no array")
    with pytest.raises(FileFormatError, match=r"not an \.npy array"):
        openfwi_to_pairs(data, models, out, acquisition(2, 9, 4, 6))


def test_existing_folder_is_left_alone(arrays, tmp_path):
    data, models = arrays
    openfwi_to_pairs(data, models, tmp_path / "p.zarr", acquisition(2, 9, 4, 6))
    with pytest.raises(StoreError, match="exists already"):
        pairs_to_openfwi(tmp_path / "p.zarr", tmp_path)


@pytest.mark.data
def test_genuine_record_and_model_make_a_pair(data_dir: Path, tmp_path: Path):
    folder = data_dir / "velocity"
    record = np.load(folder / "openfwi_one_record.npy")[None]
    with zipfile.ZipFile(folder / "openfwi_FlatVelA_train.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith(".npy"))
        with archive.open(name) as file:
            model = np.load(file)[:1]
    np.save(tmp_path / "data1.npy", record)
    np.save(tmp_path / "model1.npy", model)
    openfwi_to_pairs(
        [tmp_path / "data1.npy"],
        [tmp_path / "model1.npy"],
        tmp_path / "p.zarr",
        acquisition(5, 1000, 70, 70),
    )
    pairs = open_pairs(tmp_path / "p.zarr")
    # The direct wave peaks on the trace at each source: columns 0, 17, 34, 52 and 69.
    loudest = abs(pairs["amplitude"][0]).max("time").argmax("receiver")
    np.testing.assert_array_equal(loudest, [0, 17, 34, 52, 69])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model0", np.nan, "absolute velocities in m/s are needed"),
        ("model0", 0.0, "absolute velocities in m/s are needed"),
        ("data0", np.inf, "record number 2 holds samples that are not finite"),
    ],
)
def test_values_that_nobody_can_learn_from_are_refused(arrays, tmp_path, name, value, message):
    data, models = arrays
    array = np.load(tmp_path / f"{name}.npy")
    array[2, 0, 1, 1] = value
    np.save(tmp_path / f"{name}.npy", array)
    with pytest.raises(FileFormatError, match=message):
        openfwi_to_pairs(data, models, tmp_path / "p.zarr", acquisition(2, 9, 4, 6))
    assert not (tmp_path / "p.zarr").exists()


def test_models_in_kilometres_a_second_are_refused(arrays, tmp_path):
    data, models = arrays
    for model in models:
        np.save(model, np.load(model) / 1000)
    with pytest.raises(FileFormatError, match="neither scaled nor in km/s"):
        openfwi_to_pairs(data, models, tmp_path / "p.zarr", acquisition(2, 9, 4, 6))
