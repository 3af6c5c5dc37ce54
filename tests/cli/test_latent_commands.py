"""``geoml latent``: checkpoints, stores, tables, and one line with status 2 for a bad input."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from command import geoml, refused
from shot_file import write_shots

from geoml.readers.ingest import ingest
from geoml.survey.store import open_survey, save_survey

BRIEF = ("--steps", 4, "--batch-size", 4, "--option", "widths=[8]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line with a dead trace, a section of one trace a shot, velocity models; three networks."""
    folder = tmp_path_factory.mktemp("latent")
    ingest(write_shots(folder / "line.sgy", n_shots=24), folder / "raw.zarr")
    survey = open_survey(folder / "raw.zarr").load()
    survey["amplitude"][37] = 0
    save_survey(survey, folder / "line.zarr")
    save_survey(survey.isel(trace=slice(0, 384, 16)), folder / "section.zarr")
    models = np.random.default_rng(0).uniform(1500, 4500, (40, 1, 16, 16)).astype(np.float32)
    np.save(folder / "models.npy", models)
    for source, name, more in (
        ("section.zarr", "coder", ("--patch", "8x16", "--code", 5)),
        ("models.npy", "models", ("--code", 5, "--model", "variational_autoencoder")),
        ("line.zarr", "traces", ("--model", "neighbour_predictor", "--patch", "12x32")),
    ):
        status, told, error = geoml(
            "latent", "train", folder / source, "--out", folder / name, *BRIEF, *more
        )
        assert status == 0, error
        assert told.split()[-1] == str(folder / name)
    return folder


def test_codes_of_a_survey_say_where_they_are(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "codes.zarr"
    status, _, error = geoml(
        "latent", "codes", folder / "section.zarr", out, "--checkpoint", folder / "coder"
    )
    assert status == 0, error
    codes = xr.open_zarr(out, consolidated=False)
    survey = open_survey(folder / "section.zarr")
    assert codes["code"].shape == (6 * 7, 5)
    assert set(np.unique(codes["trace"])) <= set(range(survey.sizes["trace"]))
    assert float(codes["time"].max()) <= float(survey["time"].max())
    assert "already there" in refused(
        "latent", "codes", folder / "section.zarr", out, "--checkpoint", folder / "coder"
    )


def test_every_velocity_section_has_a_code(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "codes.zarr"
    args = ("latent", "codes", folder / "models.npy", out, "--checkpoint", folder / "models")
    status, _, error = geoml(*args)
    assert status == 0, error
    assert xr.open_zarr(out, consolidated=False)["code"].shape == (40, 5)


@pytest.mark.parametrize("codes", [True, False])
def test_facies_are_a_survey_of_labels_and_a_picture(
    folder: Path, tmp_path: Path, codes: bool
) -> None:
    out, picture = tmp_path / "facies.zarr", tmp_path / "facies.png"
    by = ("--checkpoint", folder / "coder") if codes else ()
    status, _, error = geoml(
        *("latent", "facies", folder / "section.zarr", out, "--facies", 3, "--picture", picture),
        *by,
    )
    assert status == 0, error
    labels = open_survey(out)
    assert set(np.unique(labels["amplitude"])) <= {0, 1, 2, 3}
    assert "facies" in labels.attrs["history"][-1]
    assert picture.read_bytes().startswith(b"\x89PNG")
    status, _, error = geoml("export", out, tmp_path / "labels.sgy")
    assert status == 0, error
    assert "not the bytes" not in error


@pytest.mark.parametrize("network", [True, False])
def test_table_lists_the_dead_trace_first_and_feeds_kill(
    folder: Path, tmp_path: Path, network: bool
) -> None:
    table, steps = tmp_path / "table.csv", tmp_path / "kill.yaml"
    by = ("--checkpoint", folder / "traces") if network else ()
    status, _, error = geoml(
        *("latent", "anomalies", folder / "line.zarr", table, "--least", 1e9, "--steps", steps),
        *by,
    )
    assert status == 0, error
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["trace"], row["reason"]) for row in rows] == [("37", "dead")]
    assert yaml.safe_load(steps.read_text()) == [{"kill": {"traces": [37]}}]
    status, _, error = geoml(
        "preprocess", folder / "line.zarr", tmp_path / "clean.zarr", "--steps", steps
    )
    assert status == 0, error
    live = open_survey(tmp_path / "clean.zarr")["live"].values
    assert np.flatnonzero(~live).tolist() == [37]


def test_table_lists_what_is_next_to_certain_unless_all_is_asked_for(
    folder: Path, tmp_path: Path
) -> None:
    listed = {}
    for name, more in (("usual", ()), ("all", ("--least", 0))):
        table = tmp_path / f"{name}.csv"
        status, told, error = geoml("latent", "anomalies", folder / "line.zarr", table, *more)
        assert status == 0, error
        listed[name] = list(csv.DictReader(table.read_text().splitlines()))
        assert told.startswith(f"{len(listed[name])} of 384 traces")
    assert len(listed["all"]) == 384
    assert 0 < len(listed["usual"]) < 40
    assert all(float(row["score"]) >= 3 for row in listed["usual"])


@pytest.mark.parametrize("bad", [0.0, np.nan])
@pytest.mark.parametrize("model", ["conv_autoencoder", "neighbour_predictor"])
def test_survey_without_numbers_to_learn_from_is_refused_at_once(
    folder: Path, tmp_path: Path, bad: float, model: str
) -> None:
    survey = open_survey(folder / "raw.zarr").load()
    survey["amplitude"][: 384 if bad == 0 else 5] = bad
    save_survey(survey, tmp_path / "bad.zarr")
    line = refused(
        *("latent", "train", tmp_path / "bad.zarr", "--out", tmp_path / "net", "--model", model)
    )
    said = "no live trace" if bad == 0 else "5 of 384 traces hold NaN or Inf"
    assert said in line
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("train", "line.zarr", "--out", "coder"), "holds a network already"),
        (("train", "line.zarr", "--out", "new", "--patch", "5"), "two whole numbers"),
        (("train", "line.zarr", "--out", "new", "--option", "a"), "write name=value"),
        (("train", "models.npy", "--out", "new", "--patch", "5x5"), "coded whole"),
        (("train", "nothing.zarr", "--out", "new"), "no survey store"),
        (("codes", "section.zarr", "new.zarr", "--checkpoint", "traces"), "of kind 'neighbours'"),
        (("facies", "line.zarr", "new.zarr"), "one stacked section"),
        (("facies", "section.zarr", "new.zarr", "--facies", "1"), "take 2 to 20"),
        (("anomalies", "line.zarr", "new.csv", "--by", "neighbours"), "need a network"),
        (
            ("anomalies", "line.zarr", "new.csv", "--steps", "k.yaml", "--least", "0"),
            "pass --least",
        ),
        (("anomalies", "line.zarr", "new.csv", "--checkpoint", "coder"), "of kind 'latent'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    folder: Path, args: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert message in refused("latent", *args)
    assert not list(folder.glob("new*"))
