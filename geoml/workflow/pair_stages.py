"""The stages that make a network: simulated pairs, and training on them."""

from __future__ import annotations

from pathlib import Path

from geoml.survey.store import open_survey
from geoml.workflow.preset_simulation import simulate_preset
from geoml.workflow.simulation import simulate_like
from geoml.workflow.stage import Stage, file_fingerprint, path_fingerprint
from geoml.workflow.training import train_pairs
from geoml.workflow.workflow_run import WorkflowRun


def simulate_stage(run: WorkflowRun, clean: Stage) -> Stage:
    """Pairs whose gathers are like those of the survey."""
    workflow, section = run.workflow, run.workflow.simulate
    assert section is not None, "the specification pairs simulate with train"

    def make(resume: bool) -> None:
        with run.bar("Simulating pairs") as progress:
            simulate_like(
                open_survey(run.line_store),
                run.pairs_store,
                section,
                workflow,
                raw=open_survey(run.raw_store),
                overwrite=True,
                announce=lambda line: run.announce(f"  {line}"),
                progress=progress,
            )

    options = {
        "layout": workflow.layout,
        "wavelet": workflow.wavelet.model_dump(exclude={"file"}),
        "trend": workflow.trend,
        "velocity_range": workflow.velocity_range,
        "simulate": section.model_dump(),
    }
    inputs = {"preprocess": clean.fingerprint}
    if workflow.wavelet.file is not None:
        inputs["wavelet"] = file_fingerprint(Path(workflow.wavelet.file))
    return Stage("simulate", options, inputs, (run.pairs_store,), make)


def preset_stage(run: WorkflowRun) -> Stage:
    """Pairs of a preset, without any survey."""
    workflow, section = run.workflow, run.workflow.simulate
    assert section is not None, "the specification asks for a survey or a preset"

    def make(resume: bool) -> None:
        with run.bar("Simulating pairs") as progress:
            simulate_preset(
                run.pairs_store,
                section,
                workflow,
                overwrite=True,
                announce=lambda line: run.announce(f"  {line}"),
                progress=progress,
            )

    options = {
        "trend": workflow.trend,
        "velocity_range": workflow.velocity_range,
        "simulate": section.model_dump(exclude={"models"}),
    }
    inputs = {} if section.models is None else {"models": path_fingerprint(Path(section.models))}
    return Stage("simulate", options, inputs, (run.pairs_store,), make)


def train_stage(run: WorkflowRun, pairs: Stage) -> Stage:
    """A network that learns from the pairs."""
    section, folder = run.workflow.train, run.folder / "checkpoint"
    assert section is not None, "only called with training asked for"

    def make(resume: bool) -> None:
        with run.bar("Training") as progress:
            train_pairs(
                run.pairs_store,
                folder,
                section,
                resume=resume,
                overwrite=not resume,
                announce=lambda line: run.announce(f"  {line}"),
                progress=progress,
            )

    products = (folder,)
    inputs = {"simulate": pairs.fingerprint}
    return Stage("train", section.model_dump(), inputs, products, make)
