"""Velocity models from files: arrays, SEG-Y, HDF5, and the answer to what is none."""

from __future__ import annotations

import gzip
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geoml.errors import FileFormatError, MissingPackageError, OptionError, ShapeError
from geoml.readers.velocity_arrays import open_velocity_arrays
from geoml.readers.velocity_section import read_velocity_section

Floats = NDArray[np.float32]


@pytest.fixture
def models(tmp_path: Path) -> tuple[Path, Floats]:
    """A folder of three arrays of 4, 3 and 2 models, named so that digits sort wrongly."""
    values = np.random.default_rng(1).uniform(1500, 4500, (9, 1, 5, 6)).astype(np.float32)
    folder = tmp_path / "models"
    folder.mkdir()
    for name, part in (("model1", values[:4]), ("model2", values[4:7]), ("model10", values[7:])):
        np.save(folder / f"{name}.npy", part)
    np.save(folder / "data1.npy", np.zeros((4, 5, 10, 6)))
    return folder, values[:, 0]


def zipped(folder: Path) -> Path:
    path = folder.parent / "models.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.glob("*.npy"):
            archive.write(file, f"set/{file.name}")
    return path


def test_folder_and_zip_give_the_models_in_the_order_of_their_numbers(models) -> None:
    folder, values = models
    for path in (folder, zipped(folder)):
        arrays = open_velocity_arrays(path)
        assert (len(arrays), arrays.shape) == (9, (5, 6))
        assert (arrays.read(0, 9) == values).all()
        for start, stop in ((2, 5), (3, 8), (8, 9), (5, 5), (7, 20)):
            assert (arrays.read(start, stop) == values[start:stop]).all()


def test_zip_is_read_where_it_stands(models, tmp_path: Path) -> None:
    path = zipped(models[0])
    before = sorted(tmp_path.rglob("*"))
    open_velocity_arrays(path).read(0, 9)
    assert sorted(tmp_path.rglob("*")) == before


def test_one_file_with_or_without_the_axis_of_one(models, tmp_path: Path) -> None:
    folder, values = models
    np.save(tmp_path / "bare.npy", values)
    assert (open_velocity_arrays(tmp_path / "bare.npy").read(0, 9) == values).all()
    assert (open_velocity_arrays(folder / "model2.npy").read(0, 3) == values[4:7]).all()


def test_arrays_travel_to_worker_processes(models) -> None:
    folder, values = models
    copy = pickle.loads(pickle.dumps(open_velocity_arrays(zipped(folder))))
    assert (copy.read(3, 8) == values[3:8]).all()


def test_what_is_no_array_of_models_is_refused(models, tmp_path: Path) -> None:
    folder, _ = models
    with pytest.raises(FileFormatError, match="no such file or folder"):
        open_velocity_arrays(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileFormatError, match=r"no \.npy array of velocity models"):
        open_velocity_arrays(tmp_path / "empty")
    with pytest.raises(FileFormatError, match=r"shape \(4, 5, 10, 6\); \(sample, 1, depth"):
        open_velocity_arrays(folder / "data1.npy")
    (tmp_path / "bad.npy").write_bytes(b"words")
    with pytest.raises(FileFormatError, match=r"bad\.npy: not an \.npy array"):
        open_velocity_arrays(tmp_path / "bad.npy")
    (tmp_path / "bad.zip").write_bytes(b"words")
    with pytest.raises(FileFormatError, match=r"bad\.zip: not a zip file"):
        open_velocity_arrays(tmp_path / "bad.zip")
    np.save(folder / "model3.npy", np.ones((2, 1, 7, 7), np.float32))
    with pytest.raises(ShapeError, match=r"several shapes \(5 x 6 in model1\.npy, 7 x 7 in"):
        open_velocity_arrays(folder)


def segy_bytes(velocity: Floats, spacing_m: float | None = None) -> bytes:
    """A velocity section in IEEE SEG-Y, columns as traces."""
    binary = bytearray(400)
    binary[20:22] = struct.pack(">H", velocity.shape[0])
    binary[24:26] = struct.pack(">H", 5)
    head = bytearray(240)
    if spacing_m is not None:
        head[180:184] = struct.pack(">f", spacing_m)
    traces = b"".join(bytes(head) + column.astype(">f4").tobytes() for column in velocity.T)
    return bytes(3200) + bytes(binary) + traces


def test_segy_section_has_its_velocity_and_spacing(tmp_path: Path) -> None:
    velocity = np.random.default_rng(0).uniform(1.5, 4.5, (7, 9)).astype(np.float32)
    (tmp_path / "v.sgy").write_bytes(segy_bytes(velocity, 1.25))
    (tmp_path / "v.segy.gz").write_bytes(gzip.compress(segy_bytes(1000 * velocity, 1.25)))
    for name in ("v.sgy", "v.segy.gz"):
        section = read_velocity_section(tmp_path / name)
        assert np.allclose(section["velocity"], 1000 * velocity)
        assert np.allclose(section["depth"], 1.25 * np.arange(7))
    assert float(read_velocity_section(tmp_path / "v.sgy", 5.0)["distance"][1]) == 5.0


def test_segy_that_is_no_section_is_refused(tmp_path: Path) -> None:
    velocity = np.full((7, 9), 2.0, dtype=np.float32)
    whole = segy_bytes(velocity, 2.0)
    cases = {
        "cut.sgy": (whole[:-3], FileFormatError, "ends inside a trace of 7 samples"),
        "short.sgy": (whole[:1000], FileFormatError, "too short for SEG-Y"),
        "silent.sgy": (segy_bytes(velocity), OptionError, "--model-spacing-m"),
        "zero.sgy": (segy_bytes(0 * velocity, 2.0), FileFormatError, "all must be above 0"),
        "bad.segy.gz": (whole, FileFormatError, "cannot be read"),
        "cut.segy.gz": (gzip.compress(whole)[:-20], FileFormatError, "cannot be read"),
        "text.txt": (whole, FileFormatError, "no velocity section by its name"),
    }
    for name, (raw, error, message) in cases.items():
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(error, match=message):
            read_velocity_section(tmp_path / name)
    with pytest.raises(FileFormatError, match="no such file"):
        read_velocity_section(tmp_path / "none.sgy")


def test_hdf5_holds_squared_slowness(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "v.h5", "w") as file:
        file["m"] = np.array([[0.25, 0.0625], [0.0625, 0.04]], dtype=np.float32)
        file["d"] = np.array([25.0, 25.0])
    section = read_velocity_section(tmp_path / "v.h5")
    assert np.allclose(section["velocity"], [[2000, 4000], [4000, 5000]])
    assert float(section["depth"][1]) == 25.0
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["v"] = np.ones((2, 2))
    with pytest.raises(FileFormatError, match="squared slowness 'm'"):
        read_velocity_section(tmp_path / "w.h5")
    (tmp_path / "x.h5").write_bytes(b"words")
    with pytest.raises(FileFormatError, match=r"x\.h5: not an HDF5 file"):
        read_velocity_section(tmp_path / "x.h5")


def test_missing_h5py_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "v.h5").write_bytes(b"x")
    with pytest.raises(MissingPackageError, match=r"pip install 'geoml\[hdf5\]'"):
        read_velocity_section(tmp_path / "v.h5")


@pytest.mark.data
def test_genuine_models_are_read_from_their_zip(data_dir: Path) -> None:
    for name in ("FlatVelA", "CurveVelA"):
        arrays = open_velocity_arrays(data_dir / "velocity" / f"openfwi_{name}_train.zip")
        assert (len(arrays), arrays.shape) == (5000, (70, 70))
        models = arrays.read(998, 1002)
        assert 1500 <= models.min() < models.max() <= 4500


@pytest.mark.data
@pytest.mark.slow
def test_marmousi_is_1_25_m_and_in_km_per_second(data_dir: Path) -> None:
    section = read_velocity_section(data_dir / "velocity" / "vp_marmousi-ii.segy.gz")
    assert dict(section.sizes) == {"depth": 2801, "distance": 13601}
    assert float(section["depth"][1]) == 1.25
    assert float(section["velocity"][0, 0]) == pytest.approx(1500)
    assert float(section["velocity"].max()) == pytest.approx(4700)


@pytest.mark.data
def test_overthrust_is_25_m_and_in_metres_per_second(data_dir: Path) -> None:
    pytest.importorskip("h5py")
    section = read_velocity_section(data_dir / "velocity" / "overthrust_model_2D.h5")
    assert dict(section.sizes) == {"depth": 207, "distance": 801}
    assert float(section["velocity"][-1, 0]) == pytest.approx(6000)
