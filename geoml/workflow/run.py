"""A workflow file from its survey to its report, each stage run once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from geoml.workflow.input_path import input_path
from geoml.workflow.option_check import check_options
from geoml.workflow.specification import Workflow, load_workflow
from geoml.workflow.stage import Stage, StageRecords
from geoml.workflow.stages import workflow_stages
from geoml.workflow.well_specification import is_well_workflow
from geoml.workflow.workflow_run import Bar, Progress, WorkflowRun


@contextmanager
def no_bar(label: str) -> Iterator[Progress]:
    """Progress that is told to nobody."""
    yield lambda done, total: None


def run_workflow(
    path: str | Path,
    *,
    runs: str | Path = "runs",
    quick: bool = False,
    announce: Callable[[str], None] = print,
    bar: Bar = no_bar,
) -> Path:
    """Run the stages of a workflow that are new or changed.

    Args:
        path: The workflow file.
        runs: Folder of all runs; products go to ``runs/<name>``.
        quick: Tiny counts, to prove the road; products go to ``runs/<name>-quick``.
        announce: Told in one line each what happens.
        bar: Makes a progress callback for a label.

    Returns:
        The folder of the products.

    Raises:
        GeomlError: If the file, its survey or a stage is at fault.
    """
    path = Path(path)
    if is_well_workflow(path):
        # Learning on logs loads scikit-learn, which no other workflow needs.
        from geoml.workflow.well_run import run_well_workflow

        return run_well_workflow(path, runs=runs, quick=quick, announce=announce, bar=bar)
    workflow = with_found_inputs(load_workflow(path), path)
    check_options(workflow)
    folder = Path(runs) / workflow.name
    if quick:
        workflow, folder = quickened(workflow), Path(runs) / f"{workflow.name}-quick"
    records = StageRecords(folder)
    for stage in workflow_stages(WorkflowRun(workflow, folder, records, announce, bar)):
        _run(stage, records, announce)
    return folder


def with_found_inputs(workflow: Workflow, path: Path) -> Workflow:
    """The workflow with the paths of its input files found.

    Raises:
        FileFormatError: If one of them is nowhere.
    """
    changes: dict[str, object] = {}
    if workflow.survey is not None:
        changes["survey"] = str(input_path(workflow.survey, path))
    if workflow.simulate is not None and workflow.simulate.models is not None:
        models = str(input_path(workflow.simulate.models, path, "simulate.models"))
        changes["simulate"] = workflow.simulate.model_copy(update={"models": models})
    if workflow.wavelet.file is not None:
        found = str(input_path(workflow.wavelet.file, path))
        changes["wavelet"] = workflow.wavelet.model_copy(update={"file": found})
    return workflow.model_copy(update=changes)


def quickened(workflow: Workflow) -> Workflow:
    """The workflow with the counts of its section ``quick``."""
    quick = workflow.quick
    changes: dict[str, object] = {
        "check": workflow.check.model_copy(update={"shots": quick.shots}),
    }
    if workflow.simulate is not None and workflow.train is not None:
        # A handful of pairs is made sooner than worker processes start.
        few = {"count": quick.count, "options": {**workflow.simulate.options, "workers": 1}}
        changes["simulate"] = workflow.simulate.model_copy(update=few)
        options = {**workflow.train.model_dump(), "max_epochs": quick.max_epochs}
        changes["train"] = type(workflow.train).model_validate(options)
    return workflow.model_copy(update=changes)


def _run(stage: Stage, records: StageRecords, announce: Callable[[str], None]) -> None:
    if records.is_finished(stage):
        announce(f"{stage.name}: unchanged, skipped")
        return
    announce(f"{stage.name} ...")
    records.run(stage)
    announce(f"{stage.name}: {records.seconds(stage.name):.0f} s")
