"""The stages that make the survey ready: ingestion, processing, its preview, denoising."""

from __future__ import annotations

from pathlib import Path

from geoml.prediction.denoise import denoise_step, denoise_store
from geoml.preprocess.pipeline import build_steps, preprocess_store, step_specs
from geoml.readers import IngestOptions
from geoml.readers.ingest import ingest
from geoml.registry import with_options
from geoml.survey.gathers import usual_gather
from geoml.survey.schema import STORE_VERSION
from geoml.survey.store import open_survey
from geoml.workflow.denoising import write_denoise_report
from geoml.workflow.preview import save_preview
from geoml.workflow.stage import Stage, file_fingerprint
from geoml.workflow.workflow_run import WorkflowRun


def ingest_stage(run: WorkflowRun) -> Stage:
    """The survey as it came, in a store."""
    assert run.workflow.survey is not None, "a preset needs no ingestion"
    survey = Path(run.workflow.survey)
    options = with_options(IngestOptions, run.workflow.ingest, "ingest")

    def make(resume: bool) -> None:
        with run.bar("Reading traces") as progress:
            ingest(survey, run.raw_store, options, progress, overwrite=True)

    inputs = {"survey": file_fingerprint(survey)}
    made_with = {**run.workflow.ingest, "store_version": STORE_VERSION}
    return Stage("ingest", made_with, inputs, (run.raw_store,), make)


def preprocess_stage(run: WorkflowRun, ingested: Stage) -> Stage:
    """The survey after the steps of ``preprocess``."""
    steps = build_steps(run.workflow.preprocess)

    def make(resume: bool) -> None:
        with run.bar("Processing traces") as progress:
            preprocess_store(
                run.raw_store, run.clean_store, steps, overwrite=True, progress=progress
            )

    options = {"steps": step_specs(steps)}
    inputs = {"ingest": ingested.fingerprint}
    return Stage("preprocess", options, inputs, (run.clean_store,), make)


def preview_stage(run: WorkflowRun, clean: Stage) -> Stage:
    """Pictures of what the steps do to the gathers of ``preview``."""
    section, steps = run.workflow.preview, build_steps(run.workflow.preprocess)
    assert section is not None, "only called with a preview asked for"
    numbers = range(1, len(section.gathers) + 1)
    pictures = tuple(run.folder / f"preview_{number}.png" for number in numbers)

    def make(resume: bool) -> None:
        for key, picture in zip(section.gathers, pictures, strict=True):
            drawn = save_preview(run.raw_store, steps, str(key), picture, section.kind)
            run.announce(f"  {picture.name}: {drawn}")

    inputs = {"preprocess": clean.fingerprint}
    return Stage("preview", section.model_dump(), inputs, pictures, make)


def denoise_stage(run: WorkflowRun, clean: Stage) -> Stage:
    """The survey without its noise, what was removed, and a report of it."""
    section = run.workflow.denoise
    assert section is not None, "only called with denoising asked for"
    removed, report = run.folder / "removed.zarr", run.folder / "denoise.html"
    options = section.step_options
    options.setdefault("gather", usual_gather(open_survey(run.clean_store)))
    step = denoise_step(**options)

    def make(resume: bool) -> None:
        with run.bar("Denoising traces") as progress:
            denoise_store(
                run.clean_store,
                run.line_store,
                step,
                removed=removed,
                overwrite=True,
                progress=progress,
            )
        write_denoise_report(
            report,
            run.clean_store,
            run.line_store,
            step,
            n_gathers=section.gathers,
            title=f"{run.workflow.name}: denoised",
        )

    # The step names the weights: a network that was trained again makes the stage anew.
    made_with = {**step_specs([step])[0], "gathers": section.gathers}
    inputs = {"preprocess": clean.fingerprint}
    return Stage("denoise", made_with, inputs, (run.line_store, removed, report), make)
