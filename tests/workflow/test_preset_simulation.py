"""Pairs of a preset: by the command line, from families, arrays and windows of a section."""

from __future__ import annotations

import gzip
import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from command import geoml, refused

from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import open_pairs
from geoml.synthetic import FAMILIES, SectionGrid
from geoml.synthetic.presets import PRESETS


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two arrays and a zip of it, three models in all."""
    folder = tmp_path_factory.mktemp("arrays")
    models = np.random.default_rng(0).uniform(1500, 4500, (3, 1, 70, 1)).repeat(70, axis=3)
    (folder / "set").mkdir()
    with zipfile.ZipFile(folder / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, part in enumerate((models[:1], models[1:]), start=1):
            file = folder / "set" / f"model{number}.npy"
            np.save(file, part.astype(np.float32))
            archive.write(file, file.name)
    return folder


@pytest.fixture(scope="module")
def section(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gzipped SEG-Y of 100 x 150 cells of 20 m, velocity rising from 1600 to 5000 m/s."""
    velocity = np.linspace(1.6, 5.0, 100)[:, None] * np.ones(150)
    binary = bytearray(400)
    binary[20:22], binary[24:26] = struct.pack(">H", 100), struct.pack(">H", 5)
    head = bytearray(240)
    head[180:184] = struct.pack(">f", 20.0)
    traces = b"".join(bytes(head) + column.astype(">f4").tobytes() for column in velocity.T)
    path = tmp_path_factory.mktemp("section") / "rise.segy.gz"
    path.write_bytes(gzip.compress(bytes(3200) + bytes(binary) + traces))
    return path


def simulated(out: Path, *words: object):
    status, told, error = geoml("simulate", out, "--preset", "openfwi", *words)
    assert status == 0, error
    return open_pairs(out).load(), told


def refused_as(*words: object, message: str) -> None:
    line = refused(*words)
    assert re.search(message, line), line


def test_preset_and_family_are_enough(tmp_path: Path) -> None:
    pairs, told = simulated(
        tmp_path / "p.zarr", "--families", "curve_vel_a", "--count", 3, "--seed", 5
    )
    preset = PRESETS["openfwi"]
    assert Acquisition.from_dict(pairs.attrs["acquisition"]).to_dict() == (
        preset.acquisition.to_dict()
    )
    assert pairs.attrs["families"] == ["curve_vel_a"]
    assert pairs.attrs["provenance"]["preset"] == "openfwi"
    assert "Simulating on 10 m cells" in told
    for index in range(3):
        rng = np.random.default_rng([5, index])
        rng.integers(1)
        grid = SectionGrid.of(preset.acquisition)
        expected = FAMILIES["curve_vel_a"]()(rng, grid, preset.velocity_range)
        assert (pairs["velocity"][index] == expected).all()


def test_settings_move_the_presets_range(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    water = {"velocity_m_s": [1500, 1500], "thickness_m": [200, 200], "shape": "flat"}
    settings.write_text(yaml.safe_dump({"velocity_range": {"max_m_s": 3000, "top_layer": water}}))
    pairs, _ = simulated(
        tmp_path / "p.zarr", "--families", "style_a", "--count", 2, "--settings", settings
    )
    assert pairs["velocity"].max() <= 3000
    assert (pairs["velocity"][:, :20] == 1500).all()


def test_models_are_shot_in_order_from_zip_and_folder(arrays: Path, tmp_path: Path) -> None:
    whole, told = simulated(tmp_path / "zip.zarr", "--models", arrays / "set.zip")
    assert "3 models in set.zip" in told
    assert whole.sizes["sample"] == 3
    assert whole.attrs["families"] == ["set"]
    first = np.load(arrays / "set" / "model1.npy")[0, 0]
    assert (whole["velocity"][0] == first).all()
    few, _ = simulated(tmp_path / "f.zarr", "--models", arrays / "set", "--count", 2)
    assert (few["amplitude"] == whole["amplitude"][:2]).all()


def test_windows_of_a_section_are_test_models(section: Path, tmp_path: Path) -> None:
    pairs, told = simulated(
        tmp_path / "w.zarr", "--models", section, "--windows", 3, "--spacing-m", 20
    )
    assert "3 windows kept" in told
    assert "Cells of 20 m in the section are shot as cells of 10 m" in told
    origin = pairs.attrs["provenance"]
    for velocity, top_m in zip(pairs["velocity"].values, origin["first_depth_m"], strict=True):
        expected = 1600 + 3400 * (top_m / 20 + np.arange(70)) / 99
        assert np.abs(velocity - expected[:, None]).max() < 2
    assert pairs["velocity"].max() <= 4500


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), r"neither is given; pass --like STORE, or --preset"),
        (("--preset", "openfwi", "--like", "line.zarr"), r"both is given"),
        (("--preset", "openfi"), r"Unknown preset 'openfi'\. Did you mean 'openfwi'"),
        (("--preset", "openfwi", "--raw", "line.zarr"), r"--raw is a survey's"),
        (("--preset", "openfwi", "--models", "none.npy"), r"no such file or folder"),
        (("--preset", "openfwi", "--windows", "3"), r"'windows' goes with 'models'"),
        (("--preset", "openfwi", "--families", "flat"), r"Unknown family 'flat'"),
    ],
)
def test_wrong_sources_are_refused_in_one_line(words, message: str, tmp_path: Path) -> None:
    refused_as("simulate", tmp_path / "p.zarr", *words, message=message)
    assert not (tmp_path / "p.zarr").exists()


def test_models_that_do_not_fit_are_refused(arrays: Path, section: Path, tmp_path: Path) -> None:
    models = tmp_path / "m.npy"
    out = tmp_path / "p.zarr"
    preset = ("simulate", out, "--preset", "openfwi", "--models")
    refused_as(*preset, section, message=r"say how many with 'windows'")
    refused_as(*preset, arrays / "set.zip", "--windows", 3, message=r"'windows' goes with SEG-Y")
    refused_as(
        *preset, section, "--windows", 3, "--spacing-m", 40, message="does not fit a section"
    )
    refused_as(*preset, arrays / "set.zip", "--count", 4, message="4 of 3 models")
    np.save(models, np.full((2, 1, 70, 70), 5000.0, dtype=np.float32))
    refused_as(*preset, models, message=r"2 of 2 models leave the velocity range 1500 to 4500")
    np.save(models, np.full((2, 1, 60, 70), 3000.0, dtype=np.float32))
    refused_as(*preset, models, message=r"Models of 60 x 70 cells")
