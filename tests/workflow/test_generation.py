"""Velocity models drawn to files, and priors trained and used by the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from command import geoml, refused, refused_and_left

from geoml.errors import OptionError
from geoml.survey.pairs import open_pairs
from geoml.synthetic import SectionGrid
from geoml.synthetic.learned import LearnedSection
from geoml.synthetic.stored_recipe import stored_recipe
from geoml.training.prior_data import read_velocity_sections
from geoml.workflow.generation import generate_models
from geoml.workflow.preset_simulation import simulate_preset
from geoml.workflow.specification import SimulateSection
from tests.made_prior import layered_sections, small_prior

GRID = SectionGrid(16, 20, 10.0)


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("priors") / "layers"
    small_prior(folder, steps=20)
    return folder


def test_array_is_laid_out_as_openfwi_does(tmp_path: Path) -> None:
    velocity = generate_models(tmp_path / "m.npy", ["flat_vel_a"], 3, grid=GRID)
    kept = np.load(tmp_path / "m.npy")
    assert kept.shape == (3, 1, 16, 20)
    np.testing.assert_array_equal(kept[:, 0], velocity)


def test_store_tells_axes_families_and_recipe(prior: Path, tmp_path: Path) -> None:
    families = ["flat_vel_a", f"vae:{prior}"]
    velocity = generate_models(tmp_path / "m.zarr", families, 12, grid=GRID, seed=3)
    store = xr.open_zarr(tmp_path / "m.zarr", consolidated=False)
    np.testing.assert_array_equal(store["velocity"], velocity)
    assert store["velocity"].attrs["units"] == "m/s"
    assert store["distance"].values.tolist() == GRID.distance_m.tolist()
    assert store.attrs["families"] == families
    assert set(store["family"].values.tolist()) == {0, 1}
    learned = store.attrs["recipe"]["families"][1][f"vae:{prior}"]
    assert len(learned["weights_sha256"]) == 64


def test_store_is_read_back_with_its_families(tmp_path: Path) -> None:
    families = ["flat_vel_a", "curve_vel_a"]
    velocity = generate_models(tmp_path / "m.zarr", families, 9, grid=SectionGrid(12, 14, 25.0))
    sections = read_velocity_sections(tmp_path / "m.zarr", count=7)
    np.testing.assert_array_equal(sections.velocity, velocity[:7])
    assert sections.spacing_m == 25.0
    assert sections.label_names == tuple(families)
    assert set(sections.label.tolist()) == {0, 1}
    with pytest.raises(OptionError, match="has cells of 25 m, and 10 m is asked for"):
        read_velocity_sections(tmp_path / "m.zarr", spacing_m=10.0)


def test_pairs_are_read_as_sections(tmp_path: Path) -> None:
    section = SimulateSection(preset="openfwi", families=["salt"], count=2, seed=5)
    simulate_preset(tmp_path / "p.zarr", section, announce=lambda line: None)
    sections = read_velocity_sections(tmp_path / "p.zarr")
    assert sections.velocity.shape == (2, 70, 70)
    assert (sections.spacing_m, sections.label_names) == (10.0, ("salt",))


def test_models_are_those_that_simulate_shoots_over(prior: Path, tmp_path: Path) -> None:
    section = SimulateSection(
        preset="openfwi", families=["flat_vel_a", f"vae:{prior}"], count=2, seed=5
    )
    simulate_preset(tmp_path / "p.zarr", section, announce=lambda line: None)
    pairs = open_pairs(tmp_path / "p.zarr")
    drawn = generate_models(tmp_path / "m.npy", section.families, 2, seed=5)
    np.testing.assert_array_equal(drawn, pairs["velocity"].values)
    again = stored_recipe(pairs.attrs)
    assert isinstance(again.families[1], LearnedSection)
    np.testing.assert_array_equal(again.draw_velocity(1)[0], drawn[1])


def test_command_draws_models_and_a_picture(prior: Path, tmp_path: Path) -> None:
    status, out, error = geoml(
        "generate", "--family", f"vae:{prior}", "--count", 20, "--out", tmp_path / "m.npy",
        "--png", tmp_path / "m.png", "--cells", "16x20", "--spacing-m", 10,
        "--option", "stretch=true",
    )  # fmt: skip
    assert status == 0, error
    assert out.strip().endswith("m.npy")
    assert np.load(tmp_path / "m.npy").shape == (20, 1, 16, 20)
    assert (tmp_path / "m.png").read_bytes()[:4] == b"\x89PNG"


def test_command_trains_a_prior_that_generate_draws_from(tmp_path: Path) -> None:
    np.save(tmp_path / "models.npy", layered_sections().velocity[:, None])
    status, out, error = geoml(
        "train", tmp_path / "models.npy", "--task", "prior", "--model", "vae",
        "--out", tmp_path / "prior", "--batch-size", 8, "--seed", 1,
        "--option", "steps=3", "--option", "network={widths: [8, 8], code: 3}",
        "--option", "limits_m_s=[1400, 4600]",
    )  # fmt: skip
    assert status == 0, error
    assert "60 sections of 16 x 20 cells of 10 m" in out
    status, _, error = geoml(
        "generate", "--family", f"vae:{tmp_path / 'prior'}", "--out", tmp_path / "m.npy",
        "--count", 2,
    )  # fmt: skip
    assert status == 0, error
    assert np.load(tmp_path / "m.npy").shape == (2, 1, 70, 70)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--family", "salt", "--out", "m.txt"], "written as .npy or .zarr"),
        (["--family", "salt", "--out", "m.npy", "--cells", "9"], "rows x columns"),
        (["--family", "salty", "--out", "m.npy"], "Did you mean 'salt'"),
        (["--family", "vae:none", "--out", "m.npy"], "No checkpoint folder 'none'"),
        (["--family", "salt", "--out", "m.npy", "--count", "0"], "at least 1"),
        (["--family", "salt", "--out", "m.npy", "--spacing-m", "0"], "cells of 0 m"),
        (["--family", "salt", "--out", "m.npy", "--spacing-m", "inf"], "cells of inf m"),
        (["--family", "salt", "--out", "m.npy", "--cells", "9999999x9999999"], "out of memory"),
        (
            ["--family", "salt", "--family", "blend", "--out", "m.npy", "--option", "a=1"],
            "belongs to one family",
        ),
    ],
)
def test_wrong_request_is_one_line(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused_and_left(tmp_path, "generate", *words)


def test_prior_takes_no_minutes_of_wall_time(tmp_path: Path) -> None:
    np.save(tmp_path / "models.npy", layered_sections().velocity)
    words = ["train", tmp_path / "models.npy", "--task", "prior", "--out", tmp_path / "p"]
    assert "max_cpu_minutes" in refused(*words, "--max-minutes", 3)
    assert "no option 'betta'" in refused(*words, "--option", "betta=3")


def test_existing_target_is_kept(tmp_path: Path) -> None:
    generate_models(tmp_path / "m.npy", ["flat_vel_a"], 2, grid=GRID)
    line = refused("generate", "--family", "salt", "--out", tmp_path / "m.npy")
    assert "exists already" in line
    assert len(np.load(tmp_path / "m.npy")) == 2
