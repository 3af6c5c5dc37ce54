"""``geoml pairs``: OpenFWI's arrays into a store and out again, and the refusals."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from command import geoml, refused

from geoml.survey.pairs import open_pairs, pair_modelling


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """Shots and models in folders of their own, numbered so that digits sort wrongly."""
    folder = tmp_path / "CurveFault_A"
    rng = np.random.default_rng(0)
    for kind in ("data", "model"):
        (folder / kind).mkdir(parents=True)
    for number, count in ((2, 2), (10, 1)):
        shots = rng.normal(size=(count, 5, 1000, 70)).astype(np.float32)
        models = rng.uniform(1500, 4500, (count, 1, 70, 70)).astype(np.float32)
        np.save(folder / "data" / f"data{number}.npy", shots)
        np.save(folder / "model" / f"model{number}.npy", models)
    return folder


def test_arrays_go_into_a_store_and_out_again(arrays: Path, tmp_path: Path) -> None:
    status, _, error = geoml("pairs", "import", arrays, tmp_path / "p.zarr")
    assert status == 0, error
    pairs = open_pairs(tmp_path / "p.zarr")
    assert pairs.sizes["sample"] == 3
    assert pairs.attrs["families"] == ["CurveFault_A"]
    assert pairs.attrs["provenance"]["preset"] == "openfwi"
    # As OpenFWI's were made: waves that are compared with them need the same dispersion.
    assert pair_modelling(pairs.attrs) == {"accuracy": 4, "simulation_spacing_m": 10.0}
    status, _, error = geoml(
        "pairs", "export", tmp_path / "p.zarr", tmp_path / "out", "--per-file", 2
    )
    assert status == 0, error
    for kind in ("data", "model"):
        for written, number in ((1, 2), (2, 10)):
            one = np.load(tmp_path / "out" / f"{kind}{written}.npy")
            assert (one == np.load(arrays / kind / f"{kind}{number}.npy")).all()


def test_names_of_the_fault_sets_are_known(arrays: Path, tmp_path: Path) -> None:
    for file in list(arrays.rglob("*.npy")):
        kind = "seis2_1_" if file.stem.startswith("data") else "vel2_1_"
        file.rename(file.with_name(kind + re.sub(r"\D", "", file.stem) + ".npy"))
    status, _, error = geoml("pairs", "import", arrays, tmp_path / "p.zarr", "--name", "fault")
    assert status == 0, error
    assert open_pairs(tmp_path / "p.zarr").attrs["families"] == ["fault"]


def test_arrays_that_do_not_pair_are_refused(arrays: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.zarr"

    def told(*words: object) -> str:
        line = refused("pairs", "import", *words)
        assert not out.exists()
        return line

    assert "no such folder" in told(tmp_path / "none", out)
    assert "Did you mean 'openfwi'" in told(arrays, out, "--preset", "openfi")
    assert "shape (2, 5, 1000, 70); (sample, 4, 300, 60)" in told(
        arrays, out, "--preset", "streamer"
    )
    np.save(arrays / "data2.npy", np.zeros(1))
    assert "data/data2.npy and data2.npy have one number" in told(arrays, out)
    (arrays / "data2.npy").unlink()
    (arrays / "model" / "model10.npy").unlink()
    assert "data10.npy holds shots without counterpart" in told(arrays, out)
    (tmp_path / "empty").mkdir()
    assert "0 arrays of shots and 0 of models" in told(tmp_path / "empty", out)


def test_what_is_there_is_left_alone(arrays: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.zarr"
    assert geoml("pairs", "import", arrays, out)[0] == 0
    assert "exists already" in refused("pairs", "import", arrays, out)
    assert geoml("pairs", "import", arrays, out, "--overwrite")[0] == 0
    assert "exists already" in refused("pairs", "export", out, tmp_path)
    assert "0 pairs a file" in refused("pairs", "export", out, tmp_path / "o", "--per-file", 0)
