"""The stages that make the velocity section: inversion, its check by modelling, the report."""

from __future__ import annotations

from geoml.checkpoint import load_checkpoint
from geoml.products import product_for
from geoml.survey.store import open_survey
from geoml.survey.velocity import open_section
from geoml.workflow.inversion import (
    check_inversion,
    open_checks,
    predict_section,
    save_checks,
    write_inversion_report,
)
from geoml.workflow.stage import Stage, checkpoint_fingerprint
from geoml.workflow.workflow_run import WorkflowRun


def invert_stage(run: WorkflowRun, clean: Stage) -> Stage:
    """Velocity of the line, by this run's network or the one that is named."""
    section = run.workflow.invert
    assert section is not None, "only called with an inversion asked for"
    products = run.folder / "velocity.zarr", run.folder / "velocity.sgy"

    def make(resume: bool) -> None:
        with run.bar("Inverting windows") as progress:
            prediction = predict_section(
                open_survey(run.line_store),
                load_checkpoint(run.checkpoint),
                section,
                progress=progress,
                announce=lambda line: run.announce(f"  {line}"),
            )
        for warning in prediction.attrs.get("warnings", []):
            run.announce(f"  {warning}")
        for path in products:
            product_for(path)(prediction, path)

    inputs = {
        "preprocess": clean.fingerprint,
        "checkpoint": checkpoint_fingerprint(load_checkpoint(run.checkpoint)),
    }
    return Stage("invert", section.model_dump(), inputs, products, make)


def check_stage(run: WorkflowRun, clean: Stage, inverted: Stage) -> Stage:
    """Shots modelled through the velocity, beside the recorded ones."""
    checks = run.folder / "check.zarr"

    def make(resume: bool) -> None:
        with run.bar("Re-modelling shots") as progress:
            result = check_inversion(
                open_survey(run.line_store),
                open_section(run.folder / "velocity.zarr"),
                load_checkpoint(run.checkpoint),
                run.workflow.check,
                shown_shots=run.workflow.report.gathers,
                progress=progress,
            )
        save_checks(result, checks)

    options = {
        "check": run.workflow.check.model_dump(),
        "shown_shots": run.workflow.report.gathers,
    }
    inputs = {"preprocess": clean.fingerprint, "invert": inverted.fingerprint}
    return Stage("check", options, inputs, (checks,), make)


def report_stage(run: WorkflowRun, inverted: Stage, checked: Stage) -> Stage:
    """One page on the velocity and how well it explains the shots."""
    report = run.folder / "report.html"

    def make(resume: bool) -> None:
        write_inversion_report(
            report,
            title=run.workflow.report.title or run.workflow.name,
            prediction=open_section(run.folder / "velocity.zarr"),
            checks=open_checks(run.folder / "check.zarr"),
            raw=open_survey(run.raw_store),
            clean=open_survey(run.line_store),
            checkpoint=load_checkpoint(run.checkpoint),
            seconds=run.records.all_seconds(),
        )

    options = run.workflow.report.model_dump()
    inputs = {"invert": inverted.fingerprint, "check": checked.fingerprint}
    return Stage("report", options, inputs, (report,), make)
