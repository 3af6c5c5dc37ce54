"""The stages of a workflow, each one call of another package's public function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from geoml.checkpoint import load_checkpoint
from geoml.prediction.denoise import denoise_step, denoise_store
from geoml.preprocess.pipeline import build_steps, preprocess_store, step_specs
from geoml.products import product_for
from geoml.readers import IngestOptions
from geoml.readers.ingest import ingest
from geoml.registry import with_options
from geoml.survey.gathers import usual_gather
from geoml.survey.schema import STORE_VERSION
from geoml.survey.store import open_survey
from geoml.survey.velocity import open_section
from geoml.workflow.denoising import write_denoise_report
from geoml.workflow.inversion import (
    check_inversion,
    open_checks,
    predict_section,
    save_checks,
    write_inversion_report,
)
from geoml.workflow.preset_simulation import simulate_preset
from geoml.workflow.preview import save_preview
from geoml.workflow.simulation import simulate_like
from geoml.workflow.specification import Workflow
from geoml.workflow.stage import (
    Stage,
    StageRecords,
    checkpoint_fingerprint,
    file_fingerprint,
    path_fingerprint,
)
from geoml.workflow.training import train_pairs

Progress = Callable[[int, int], None]
Bar = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class WorkflowStages:
    """What the stages of one run share.

    Attributes:
        workflow: The file, its inputs found.
        folder: Where the products go.
        records: What was finished before.
        announce: Told in one line each what happens.
        bar: Makes a progress callback for a label.
    """

    workflow: Workflow
    folder: Path
    records: StageRecords
    announce: Callable[[str], None]
    bar: Bar

    def __iter__(self) -> Iterator[Stage]:
        """The stages in order; each is described when the one before it is done."""
        if self.workflow.survey is None:
            pairs = self._simulate_preset()
            yield pairs
            yield self._train(pairs)
            return
        ingested = self._ingest()
        yield ingested
        clean = self._preprocess(ingested)
        yield clean
        if self.workflow.preview is not None:
            yield self._preview(clean)
        if self.workflow.denoise is not None:
            clean = self._denoise(clean)
            yield clean
        if self.workflow.train is not None:
            pairs = self._simulate(clean)
            yield pairs
            trained = self._train(pairs)
            yield trained
        if self.workflow.invert is not None:
            inverted = self._invert(clean)
            yield inverted
            checked = self._check(clean, inverted)
            yield checked
            yield self._report(inverted, checked)

    @property
    def raw_store(self) -> Path:
        """The survey as it came."""
        return self.folder / "survey.zarr"

    @property
    def clean_store(self) -> Path:
        """The survey after preprocessing."""
        return self.folder / "clean.zarr"

    @property
    def line_store(self) -> Path:
        """The survey that is inverted."""
        return self.clean_store if self.workflow.denoise is None else self.folder / "denoised.zarr"

    @property
    def checkpoint(self) -> Path | str:
        """What this run trained, or what the workflow names."""
        if self.workflow.checkpoint is not None:
            return self.workflow.checkpoint
        return self.folder / "checkpoint"

    def _ingest(self) -> Stage:
        assert self.workflow.survey is not None, "a preset needs no ingestion"
        survey = Path(self.workflow.survey)
        options = with_options(IngestOptions, self.workflow.ingest, "ingest")

        def make(resume: bool) -> None:
            with self.bar("Reading traces") as progress:
                ingest(survey, self.raw_store, options, progress, overwrite=True)

        inputs = {"survey": file_fingerprint(survey)}
        made_with = {**self.workflow.ingest, "store_version": STORE_VERSION}
        return Stage("ingest", made_with, inputs, (self.raw_store,), make)

    def _preprocess(self, ingested: Stage) -> Stage:
        steps = build_steps(self.workflow.preprocess)

        def make(resume: bool) -> None:
            with self.bar("Processing traces") as progress:
                preprocess_store(
                    self.raw_store, self.clean_store, steps, overwrite=True, progress=progress
                )

        options = {"steps": step_specs(steps)}
        inputs = {"ingest": ingested.fingerprint}
        return Stage("preprocess", options, inputs, (self.clean_store,), make)

    def _preview(self, clean: Stage) -> Stage:
        section, steps = self.workflow.preview, build_steps(self.workflow.preprocess)
        assert section is not None, "only called with a preview asked for"
        numbers = range(1, len(section.gathers) + 1)
        pictures = tuple(self.folder / f"preview_{number}.png" for number in numbers)

        def make(resume: bool) -> None:
            for key, picture in zip(section.gathers, pictures, strict=True):
                drawn = save_preview(self.raw_store, steps, str(key), picture, section.kind)
                self.announce(f"  {picture.name}: {drawn}")

        inputs = {"preprocess": clean.fingerprint}
        return Stage("preview", section.model_dump(), inputs, pictures, make)

    def _denoise(self, clean: Stage) -> Stage:
        section = self.workflow.denoise
        assert section is not None, "only called with denoising asked for"
        removed, report = self.folder / "removed.zarr", self.folder / "denoise.html"
        options = section.step_options
        options.setdefault("gather", usual_gather(open_survey(self.clean_store)))
        step = denoise_step(**options)

        def make(resume: bool) -> None:
            with self.bar("Denoising traces") as progress:
                denoise_store(
                    self.clean_store,
                    self.line_store,
                    step,
                    removed=removed,
                    overwrite=True,
                    progress=progress,
                )
            write_denoise_report(
                report,
                self.clean_store,
                self.line_store,
                step,
                n_gathers=section.gathers,
                title=f"{self.workflow.name}: denoised",
            )

        # The step names the weights: a network that was trained again makes the stage anew.
        made_with = {**step_specs([step])[0], "gathers": section.gathers}
        inputs = {"preprocess": clean.fingerprint}
        return Stage("denoise", made_with, inputs, (self.line_store, removed, report), make)

    def _simulate(self, clean: Stage) -> Stage:
        workflow, section = self.workflow, self.workflow.simulate
        assert section is not None, "the specification pairs simulate with train"
        pairs = self.folder / "pairs.zarr"

        def make(resume: bool) -> None:
            with self.bar("Simulating pairs") as progress:
                simulate_like(
                    open_survey(self.line_store),
                    pairs,
                    section,
                    workflow,
                    raw=open_survey(self.raw_store),
                    overwrite=True,
                    announce=lambda line: self.announce(f"  {line}"),
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
        return Stage("simulate", options, inputs, (pairs,), make)

    def _simulate_preset(self) -> Stage:
        workflow, section = self.workflow, self.workflow.simulate
        assert section is not None, "the specification asks for a survey or a preset"
        pairs = self.folder / "pairs.zarr"

        def make(resume: bool) -> None:
            with self.bar("Simulating pairs") as progress:
                simulate_preset(
                    pairs,
                    section,
                    workflow,
                    overwrite=True,
                    announce=lambda line: self.announce(f"  {line}"),
                    progress=progress,
                )

        options = {
            "trend": workflow.trend,
            "velocity_range": workflow.velocity_range,
            "simulate": section.model_dump(exclude={"models"}),
        }
        inputs = (
            {} if section.models is None else {"models": path_fingerprint(Path(section.models))}
        )
        return Stage("simulate", options, inputs, (pairs,), make)

    def _train(self, pairs: Stage) -> Stage:
        section, folder = self.workflow.train, self.folder / "checkpoint"
        assert section is not None, "only called with training asked for"

        def make(resume: bool) -> None:
            with self.bar("Training") as progress:
                train_pairs(
                    self.folder / "pairs.zarr",
                    folder,
                    section,
                    resume=resume,
                    overwrite=not resume,
                    announce=lambda line: self.announce(f"  {line}"),
                    progress=progress,
                )

        products = (folder,)
        inputs = {"simulate": pairs.fingerprint}
        return Stage("train", section.model_dump(), inputs, products, make)

    def _invert(self, clean: Stage) -> Stage:
        section = self.workflow.invert
        assert section is not None, "only called with an inversion asked for"
        products = self.folder / "velocity.zarr", self.folder / "velocity.sgy"

        def make(resume: bool) -> None:
            with self.bar("Inverting windows") as progress:
                prediction = predict_section(
                    open_survey(self.line_store),
                    load_checkpoint(self.checkpoint),
                    section,
                    progress=progress,
                    announce=lambda line: self.announce(f"  {line}"),
                )
            for warning in prediction.attrs.get("warnings", []):
                self.announce(f"  {warning}")
            for path in products:
                product_for(path)(prediction, path)

        inputs = {
            "preprocess": clean.fingerprint,
            "checkpoint": checkpoint_fingerprint(load_checkpoint(self.checkpoint)),
        }
        return Stage("invert", section.model_dump(), inputs, products, make)

    def _check(self, clean: Stage, inverted: Stage) -> Stage:
        checks = self.folder / "check.zarr"

        def make(resume: bool) -> None:
            with self.bar("Re-modelling shots") as progress:
                result = check_inversion(
                    open_survey(self.line_store),
                    open_section(self.folder / "velocity.zarr"),
                    load_checkpoint(self.checkpoint),
                    self.workflow.check,
                    shown_shots=self.workflow.report.gathers,
                    progress=progress,
                )
            save_checks(result, checks)

        options = {
            "check": self.workflow.check.model_dump(),
            "shown_shots": self.workflow.report.gathers,
        }
        inputs = {"preprocess": clean.fingerprint, "invert": inverted.fingerprint}
        return Stage("check", options, inputs, (checks,), make)

    def _report(self, inverted: Stage, checked: Stage) -> Stage:
        report = self.folder / "report.html"

        def make(resume: bool) -> None:
            write_inversion_report(
                report,
                title=self.workflow.report.title or self.workflow.name,
                prediction=open_section(self.folder / "velocity.zarr"),
                checks=open_checks(self.folder / "check.zarr"),
                raw=open_survey(self.raw_store),
                clean=open_survey(self.line_store),
                checkpoint=load_checkpoint(self.checkpoint),
                seconds=self.records.all_seconds(),
            )

        options = self.workflow.report.model_dump()
        inputs = {"invert": inverted.fingerprint, "check": checked.fingerprint}
        return Stage("report", options, inputs, (report,), make)
