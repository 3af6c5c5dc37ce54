"""The stage ``denoise`` of a workflow: behind the steps, before everything that reads the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from made_denoiser import save_denoiser
from shot_file import write_shots

from geoml.errors import CheckpointError, OptionError
from geoml.survey.store import open_survey
from geoml.workflow.option_check import check_options
from geoml.workflow.run import run_workflow
from geoml.workflow.specification import Workflow, checked


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A workflow of a small line, processed and denoised."""
    write_shots(tmp_path / "line.sgy", n_shots=20)
    save_denoiser(tmp_path / "network")
    plain = {
        "name": "line",
        "survey": str(tmp_path / "line.sgy"),
        "preprocess": [{"gain_time_power": {"power": 1.0}}],
        "denoise": {"checkpoint": str(tmp_path / "network"), "gathers": 1},
        "invert": None,
    }
    path = tmp_path / "line.yaml"
    path.write_text(yaml.safe_dump(plain), encoding="utf-8")
    return path


def test_line_is_denoised_behind_its_steps(recipe: Path, tmp_path: Path) -> None:
    told: list[str] = []
    folder = run_workflow(recipe, runs=tmp_path / "runs", announce=told.append)
    clean, denoised, removed = (
        open_survey(folder / f"{name}.zarr") for name in ("clean", "denoised", "removed")
    )
    np.testing.assert_array_equal(
        removed["amplitude"], clean["amplitude"].values - denoised["amplitude"].values
    )
    assert [next(iter(step)) for step in denoised.attrs["steps"]] == ["gain_time_power", "denoise"]
    assert (folder / "denoise.html").stat().st_size > 10_000

    told.clear()
    run_workflow(recipe, runs=tmp_path / "runs", announce=told.append)
    assert all(line.endswith("unchanged, skipped") for line in told)


def test_network_that_was_trained_again_makes_the_stage_anew(recipe: Path, tmp_path: Path) -> None:
    folder = run_workflow(recipe, runs=tmp_path / "runs", announce=lambda _: None)
    first = open_survey(folder / "denoised.zarr")["amplitude"].values
    save_denoiser(tmp_path / "network", seed=1)
    told: list[str] = []
    run_workflow(recipe, runs=tmp_path / "runs", announce=told.append)
    assert told[:2] == ["ingest: unchanged, skipped", "preprocess: unchanged, skipped"]
    assert "denoise ..." in told
    assert np.abs(open_survey(folder / "denoised.zarr")["amplitude"].values - first).max() > 0.01


SMALLEST = {"name": "x", "survey": "x.sgy", "invert": None}


def test_missing_denoiser_and_wrong_options_are_refused_before_the_first_stage() -> None:
    missing = checked(Workflow, {**SMALLEST, "denoise": {"checkpoint": "nowhere"}}, "w")
    with pytest.raises(CheckpointError, match="No checkpoint folder 'nowhere'"):
        check_options(missing)
    with pytest.raises(OptionError, match="denoise"):
        checked(Workflow, {**SMALLEST, "denoise": {"overlp": 0.5}}, "w")
    preset = {"simulate": {"preset": "openfwi", "count": 8}, "train": {"task": "velocity"}}
    with pytest.raises(OptionError, match="no survey to process or invert"):
        checked(Workflow, {"name": "x", **preset, "invert": None, "denoise": {}}, "w")
