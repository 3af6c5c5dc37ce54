"""Every file in workflows/: it loads, its options are checked, and it runs with --quick."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoml.checkpoint import load_checkpoint, shipped_names
from geoml.network_checkpoint import shipped_networks
from geoml.preprocess.pipeline import build_steps, load_steps, step_specs
from geoml.survey.store import open_survey
from geoml.survey.velocity import open_section
from geoml.workflow.option_check import check_options
from geoml.workflow.run import run_workflow
from geoml.workflow.specification import Workflow, load_workflow
from geoml.workflow.well_specification import is_well_workflow, load_well_workflow

ROOT = Path(__file__).resolve().parents[1]
STEPS_FILE = ROOT / "workflows" / "steps.yaml"
ALL_WORKFLOWS = sorted(set((ROOT / "workflows").glob("*.yaml")) - {STEPS_FILE})
WELL_WORKFLOWS = [path for path in ALL_WORKFLOWS if is_well_workflow(path)]
WORKFLOWS = [path for path in ALL_WORKFLOWS if path not in WELL_WORKFLOWS]


def _named(path: Path) -> str:
    return path.stem


def _needs_data(workflow: Workflow) -> bool:
    return workflow.survey is not None and workflow.survey.startswith("$GEOML_DATA")


def _skip_without_checkpoint(workflow: Workflow) -> None:
    if workflow.checkpoint is not None and workflow.checkpoint not in shipped_names():
        pytest.skip(f"checkpoint '{workflow.checkpoint}' is not shipped with this checkout")
    if workflow.denoise is not None:
        name = workflow.denoise.checkpoint.removeprefix("geoml:")
        if name not in shipped_networks("denoise"):
            pytest.skip(f"denoiser '{name}' is not shipped with this checkout")


def test_there_are_workflows() -> None:
    assert {"sample_line", "sample_line_train", "viking", "land_line"} <= set(
        map(_named, WORKFLOWS)
    )


@pytest.mark.parametrize("path", WORKFLOWS, ids=_named)
def test_workflow_is_named_as_its_file_and_says_what_it_gives(path: Path) -> None:
    assert load_workflow(path).name == path.stem
    first, *_ = path.read_text(encoding="utf-8").splitlines()
    assert first.startswith("# ")


@pytest.mark.parametrize("path", WORKFLOWS, ids=_named)
def test_workflow_has_only_options_that_exist(path: Path) -> None:
    workflow = load_workflow(path)
    _skip_without_checkpoint(workflow)
    check_options(workflow)


@pytest.mark.parametrize("path", WORKFLOWS, ids=_named)
def test_workflow_runs_from_survey_to_report(
    path: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = load_workflow(path)
    if _needs_data(workflow):
        monkeypatch.setenv("GEOML_DATA", str(request.getfixturevalue("data_dir")))
    _skip_without_checkpoint(workflow)
    told: list[str] = []
    folder = run_workflow(path, runs=tmp_path, quick=True, announce=told.append)

    assert folder == tmp_path / f"{workflow.name}-quick"
    if workflow.survey is None:
        checkpoint = load_checkpoint(folder / "checkpoint")
        assert checkpoint.acquisition["n_samples"] == 1000
    elif workflow.invert is None:
        _assert_processed(folder, workflow)
    else:
        _assert_inverted(folder)
    if workflow.denoise is not None:
        _assert_denoised(folder)
    assert not any("skipped" in line for line in told)

    told.clear()
    run_workflow(path, runs=tmp_path, quick=True, announce=told.append)
    assert told
    assert all(line.endswith("unchanged, skipped") for line in told)


def _assert_inverted(folder: Path) -> None:
    velocity = open_section(folder / "velocity.zarr")["velocity"]
    assert 300 <= float(velocity.min()) < float(velocity.max()) < 9000
    assert (folder / "velocity.sgy").stat().st_size > 3600
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "Physics check" in report


def _assert_processed(folder: Path, workflow: Workflow) -> None:
    clean = open_survey(folder / "clean.zarr")
    assert clean.attrs["steps"] == step_specs(build_steps(workflow.preprocess))
    assert np.isfinite(clean["amplitude"].values).all()
    assert workflow.preview is not None or workflow.denoise is not None
    shown = [] if workflow.preview is None else workflow.preview.gathers
    for number in range(len(shown)):
        assert (folder / f"preview_{number + 1}.png").stat().st_size > 10_000


def _assert_denoised(folder: Path) -> None:
    names = ("clean", "denoised", "removed")
    clean, kept, removed = (open_survey(folder / f"{n}.zarr")["amplitude"].values for n in names)
    np.testing.assert_array_equal(removed, clean - kept)
    assert 0 < np.std(removed) < np.std(clean)
    assert "f-k spectra" in (folder / "denoise.html").read_text(encoding="utf-8")


def test_steps_file_is_the_preprocessing_of_the_sample_line() -> None:
    for name in ("sample_line", "sample_line_train"):
        workflow = load_workflow(ROOT / "workflows" / f"{name}.yaml")
        assert step_specs(build_steps(workflow.preprocess)) == step_specs(load_steps(STEPS_FILE))


@pytest.mark.parametrize("path", WELL_WORKFLOWS, ids=_named)
def test_wells_workflow_runs_from_log_files_to_las(
    path: Path, tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOML_DATA", str(data_dir))
    assert load_well_workflow(path).name == path.stem
    assert path.read_text(encoding="utf-8").startswith("# ")
    told: list[str] = []
    folder = run_workflow(path, runs=tmp_path, quick=True, announce=told.append)
    assert folder == tmp_path / f"{path.stem}-quick"
    assert any("constant" in line for line in told)
    files = sorted((folder / "predictions").glob("*.las"))
    assert files
    for target in load_well_workflow(path).learn.built_task().targets:
        assert all(f"{target}_PRED" in file.read_text(encoding="utf-8") for file in files)

    told.clear()
    run_workflow(path, runs=tmp_path, quick=True, announce=told.append)
    assert all(line.endswith("unchanged, skipped") for line in told)
