"""The stages of a workflow in their order, each one call of another package's public function."""

from __future__ import annotations

from collections.abc import Iterator

from geoml.workflow.pair_stages import preset_stage, simulate_stage, train_stage
from geoml.workflow.section_stages import check_stage, invert_stage, report_stage
from geoml.workflow.stage import Stage
from geoml.workflow.survey_stages import (
    denoise_stage,
    ingest_stage,
    preprocess_stage,
    preview_stage,
)
from geoml.workflow.workflow_run import WorkflowRun


def workflow_stages(run: WorkflowRun) -> Iterator[Stage]:
    """The stages in order; each is described when the one before it is done."""
    if run.workflow.survey is None:
        pairs = preset_stage(run)
        yield pairs
        yield train_stage(run, pairs)
        return
    ingested = ingest_stage(run)
    yield ingested
    clean = preprocess_stage(run, ingested)
    yield clean
    if run.workflow.preview is not None:
        yield preview_stage(run, clean)
    if run.workflow.denoise is not None:
        clean = denoise_stage(run, clean)
        yield clean
    if run.workflow.train is not None:
        pairs = simulate_stage(run, clean)
        yield pairs
        trained = train_stage(run, pairs)
        yield trained
    if run.workflow.invert is not None:
        inverted = invert_stage(run, clean)
        yield inverted
        checked = check_stage(run, clean, inverted)
        yield checked
        yield report_stage(run, inverted, checked)
