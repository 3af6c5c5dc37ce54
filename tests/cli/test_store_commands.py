"""The commands that look at stores and give them back: verify, qc, stack, export, show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import geoml, refused

from geoml.readers.ingest import ingest
from geoml.survey.noise_bank import load_noise_bank
from geoml.survey.store import open_survey

LINE = Path(__file__).resolve().parents[2] / "sample_data" / "marine_line.sgy"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    ingest(LINE, tmp_path / "line.zarr")
    return tmp_path / "line.zarr"


def test_verified_store_gives_back_the_file_it_came_from(store: Path, tmp_path: Path) -> None:
    status, out, _ = geoml("verify", store, "--source", LINE)
    assert status == 0
    assert "every checksum right" in out
    status, out, _ = geoml("export", store, tmp_path / "again.sgy")
    assert status == 0
    assert (tmp_path / "again.sgy").read_bytes() == LINE.read_bytes()


def test_damaged_store_is_told_in_one_line_by_each_command(store: Path, tmp_path: Path) -> None:
    shard = store / "amplitude/c/0/0"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 4
    shard.write_bytes(content)
    steps = tmp_path / "steps.yaml"
    steps.write_text("- kill\n")
    for command in (
        ("verify", store),
        ("export", store, tmp_path / "out.sgy"),
        ("preprocess", store, tmp_path / "clean.zarr", "--steps", steps),
        ("stack", store, tmp_path / "stack.zarr", "--cdp-spacing-m", 25),
    ):
        line = refused(*command)
        assert "line.zarr" in line or "geoml verify" in line
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert left == {"line.zarr", "steps.yaml"}


def test_qc_draws_a_picture_and_prints_its_table(store: Path, tmp_path: Path) -> None:
    status, out, _ = geoml("qc", store, "--png", tmp_path / "geometry.png")
    assert status == 0
    assert "1,920" in out
    assert (tmp_path / "geometry.png").stat().st_size > 20_000


def test_stack_has_one_trace_a_midpoint(store: Path, tmp_path: Path) -> None:
    status, _, err = geoml("stack", store, tmp_path / "stack.zarr", "--cdp-spacing-m", 25)
    assert status == 0, err
    survey, stack = open_survey(store), open_survey(tmp_path / "stack.zarr")
    assert np.unique(stack["cdp"]).size == stack.sizes["trace"]
    live = np.abs(survey["amplitude"].values).max(axis=1) > 0
    assert int(stack["fold"].sum()) == int(live.sum())


def test_unfinished_store_is_shown_only_when_asked_for(store: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(LINE, tmp_path / "begun.zarr", progress=stop)
    assert "--partial" in refused("show", tmp_path / "begun.zarr")
    status, out, _ = geoml("show", tmp_path / "begun.zarr", "--partial")
    assert status == 0
    assert "1920 of 500 samples" in out


def test_plan_and_preview_write_no_store(store: Path, tmp_path: Path) -> None:
    steps = tmp_path / "steps.yaml"
    steps.write_text("- bandpass: {low_hz: 5, high_hz: 30}\n- normalise: {by: gather}\n")
    picture = tmp_path / "preview.png"
    status, out, err = geoml(
        *("preprocess", store, "--steps", steps, "--dry-run", "--preview", "#2", "--png", picture)
    )
    assert status == 0, err
    assert "bandpass, normalise: whole shot gathers, 3 tasks" in out
    assert picture.stat().st_size > 20_000
    assert {path.name for path in tmp_path.iterdir()} == {"line.zarr", "steps.yaml", "preview.png"}
    assert "OUT is needed" in refused("preprocess", store, "--steps", steps)


def test_semblance_and_statics_come_from_the_command_line(store: Path, tmp_path: Path) -> None:
    picture = tmp_path / "semblance.png"
    status, out, err = geoml(
        *("semblance", store, "#30", "--cdp-spacing-m", 25, "--velocities", 1400, 3000, 100),
        *("--png", picture),
    )
    assert status == 0, err
    assert "cdp" in out
    assert picture.stat().st_size > 20_000
    table = tmp_path / "statics.csv"
    options = ("--weathering-m-s", 800, "--datum-m", 0, "--min-offset-m", 300)
    assert "pick_first_breaks" in refused("statics", store, table, *options)
    assert not table.exists()


def test_noise_of_a_survey_becomes_a_bank_for_training(store: Path, tmp_path: Path) -> None:
    bank = tmp_path / "noise.npz"
    status, out, err = geoml("noise", store, bank, "--patch-s", 0.05, "--fastest-m-s", 3000)
    assert status == 0, err
    cut = load_noise_bank(str(bank))
    assert f"{len(cut.patches)} patches of {cut.patches.shape[1]} samples x 8 traces" in out
    assert cut.dt_s == pytest.approx(0.004)
    assert "quiet for 5 s" in refused("noise", store, bank, "--patch-s", 5)
