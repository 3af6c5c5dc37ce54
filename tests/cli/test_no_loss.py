"""What commands may not do to files that are there already."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr
from command import geoml, refused
from small_fwi import acquisition, observed, truth

from geoml.survey.pairs import create_pairs, open_pairs

EXISTS = "exists already; give another name or pass --overwrite."


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.zarr"
    attrs = {"steps": [], "families": ["flat_layers"], "provenance": {}}
    writer = create_pairs(path, acquisition(), 1, attrs, shard_samples=1, chunk_samples=1)
    writer.write(0, observed(), truth()[None], np.zeros(1, dtype=np.int32))
    writer.finish()
    return path


@pytest.mark.parametrize("command", [("fwi",), ("invert", "--checkpoint", "marine_sample")])
def test_section_never_takes_the_place_of_what_it_is_made_from(
    pairs: Path, command: tuple[str, ...]
) -> None:
    where = pairs.parent / "." / pairs.name
    message = refused(command[0], pairs, *command[1:], "--out", where, "--overwrite")
    assert "is read for the section itself; write to another name" in message
    assert open_pairs(pairs)["velocity"].shape[0] == 1


@pytest.mark.parametrize("name", ["v.sgy", "v.segy", "v.npy", "v.zarr"])
def test_section_replaces_nothing_unasked(pairs: Path, name: str) -> None:
    there = pairs.parent / name
    there.write_bytes(b"field data")
    assert EXISTS in refused("fwi", pairs, "--out", there)
    if name in ("v.sgy", "v.segy"):
        assert EXISTS in refused("invert", pairs, "--checkpoint", "land", "--out", there)
    assert there.read_bytes() == b"field data"


def test_array_of_a_section_is_replaced_where_that_is_asked_for(pairs: Path) -> None:
    out = pairs.parent / "new" / "v.npy"
    fast = ("--option", "bands_hz=[12]", "--option", "iterations=1")
    for more in ((), ("--overwrite",)):
        status, _, err = geoml("fwi", pairs, "--out", out, *fast, *more)
        assert status == 0, err
    assert np.load(out).shape == truth().shape
    assert [file.name for file in out.parent.iterdir()] == [out.name]


def test_pairs_never_take_the_place_of_the_survey_that_they_imitate(pairs: Path) -> None:
    for option in ("--like", "--raw"):
        message = refused("simulate", pairs, option, pairs, "--like", pairs, "--overwrite")
        assert "is the survey that is imitated" in message


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_store_takes_the_place_of_stores_alone(tmp_path: Path, kind: str) -> None:
    kept = tmp_path / "thesis" / "chapter_1.tex" if kind == "folder" else tmp_path / "thesis"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("years of work")
    message = refused(
        *("simulate", tmp_path / "thesis", "--preset", "openfwi", "--count", 1, "--overwrite"),
        *("--families", "flat_layers"),
    )
    assert "is no store" in message
    assert "\n" not in message
    assert kept.read_text() == "years of work"


@pytest.mark.parametrize(
    "command",
    [
        ("train", "none.zarr", "--out", "network"),
        ("generate", "--family", "salt", "--out", "models.npy"),
        ("latent", "train", "none.zarr", "--out", "network"),
    ],
)
@pytest.mark.parametrize("value", ["{a: 1", "[1, 2"])
def test_option_that_is_no_yaml_is_told(command: tuple[str, ...], value: str) -> None:
    message = refused(*command, "--option", f"bands_hz={value}")
    assert f"--option bands_hz={value}: the value cannot be read" in message


def test_option_of_an_inversion_that_is_no_yaml_is_told(pairs: Path) -> None:
    message = refused("fwi", pairs, "--out", "v.npy", "--option", "bands_hz=[3")
    assert "the value cannot be read" in message


def test_training_says_how_a_finished_run_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "network.json").write_text("{}")
    models = tmp_path / "models.npy"
    np.save(models, np.full((3, 1, 8, 8), 2000, np.float32))
    asked = ("train", models, "--out", tmp_path, "--task", "prior")
    assert "holds a finished run" in refused(*asked)
    assert "holds a finished run" not in refused(*asked, "--overwrite", "--option", "steps=-1")
    both = refused("train", "none.zarr", "--out", tmp_path, "--resume", "--overwrite")
    assert "give one of them" in both


def test_what_only_the_report_shows_needs_a_report(pairs: Path) -> None:
    asked = ("invert", pairs, "--checkpoint", "land", "--out", "v.sgy")
    for option in ("--raw", "--wells"):
        assert f"{option} is shown in the report" in refused(*asked, option, pairs)


def test_settings_beside_what_they_say_nothing_to_are_refused(pairs: Path) -> None:
    message = refused("fwi", pairs, "--out", "v.npy", "--settings", "trend.yaml")
    assert "--settings goes with a survey store" in message


def test_options_that_would_do_nothing_are_refused(pairs: Path) -> None:
    survey = pairs.parent / "line.zarr"
    zarr.open_group(survey, mode="w")  # no pairs: refused before anything is read
    asked = ("invert", survey, "--checkpoint", "land", "--out", "v.sgy")
    for option, value in (("keep", "last"), ("criterion", "waveform"), ("hold-out", 4)):
        assert f"--{option} judges rungs" in refused(*asked, f"--{option}", value)
    of_a_line = refused("fwi", pairs, "--out", "v.npy", "--max-shots", 3)
    assert "--max-shots goes with a survey store" in of_a_line
    assert "--sample names a pair" in refused("fwi", survey, "--out", "v.npy", "--sample", 0)
