"""A wells workflow from its log files to LAS with predictions, each stage run once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from geoml.readers.ingest_wells import ingest_wells, log_files
from geoml.readers.log_options import LogOptions
from geoml.registry import with_options
from geoml.survey.wells import wells
from geoml.workflow.input_path import input_path
from geoml.workflow.stage import Stage, StageRecords
from geoml.workflow.well_prediction import predict_wells
from geoml.workflow.well_specification import WellWorkflow, load_well_workflow
from geoml.workflow.wells import train_wells

Bar = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


def run_well_workflow(
    path: str | Path,
    *,
    runs: str | Path,
    quick: bool,
    announce: Callable[[str], None],
    bar: Bar,
) -> Path:
    """Run the stages of a wells workflow that are new or changed; see ``run_workflow``."""
    path = Path(path)
    workflow = load_well_workflow(path)
    folder = Path(runs) / workflow.name
    most = None
    if quick:
        most, folder = workflow.quick.wells, Path(runs) / f"{workflow.name}-quick"
        workflow = workflow.quickened()
    records = StageRecords(folder)
    train_files = _files(workflow.wells, path)
    predict_files = _files(workflow.predict, path)
    if most is not None:
        train_files, predict_files = train_files[:most], predict_files[:most]
    ingested = _ingest("ingest", train_files, folder / "wells.zarr", workflow.read)
    trained = _train(workflow, folder, ingested, most, announce, bar)
    stages = [ingested, trained]
    source = ingested
    if predict_files:
        source = _ingest(
            "ingest_new",
            predict_files,
            folder / "new.zarr",
            workflow.read if workflow.read_new is None else workflow.read_new,
        )
        stages.append(source)
    stages.append(_predict(folder, source, trained, most))
    for stage in stages:
        if records.is_finished(stage):
            announce(f"{stage.name}: unchanged, skipped")
            continue
        announce(f"{stage.name} ...")
        records.run(stage)
        announce(f"{stage.name}: {records.seconds(stage.name):.0f} s")
    return folder


def _files(given: tuple[str, ...], path: Path) -> list[Path]:
    return log_files([input_path(text, path, "wells") for text in given]) if given else []


def _ingest(name: str, files: list[Path], store: Path, read: dict[str, Any]) -> Stage:
    options = with_options(LogOptions, read, "read")

    def make(resume: bool) -> None:
        ingest_wells(files, store, options, overwrite=True)

    inputs = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return Stage(name, {"read": read}, inputs, (store,), make)


def _train(
    workflow: WellWorkflow,
    folder: Path,
    ingested: Stage,
    most: int | None,
    announce: Callable[[str], None],
    bar: Bar,
) -> Stage:
    checkpoint = folder / "checkpoint"

    def make(resume: bool) -> None:
        training = [well for _, well in wells(folder / "wells.zarr")][:most]
        with bar("Training") as progress:
            train_wells(
                training,
                checkpoint,
                workflow.learn,
                announce=lambda line: announce(f"  {line}"),
                progress=progress,
            )

    options = {"learn": workflow.learn.model_dump(mode="json"), "most": most}
    inputs = {"ingest": ingested.fingerprint}
    return Stage("train", options, inputs, (checkpoint,), make)


def _predict(folder: Path, source: Stage, trained: Stage, most: int | None) -> Stage:
    products = folder / "predictions"

    def make(resume: bool) -> None:
        (store,) = source.products
        names = [name for name, _ in wells(store)][:most]
        # A killed run may have left some of them.
        for _ in predict_wells(store, folder / "checkpoint", products, names, overwrite=True):
            pass

    inputs = {"wells": source.fingerprint, "train": trained.fingerprint}
    return Stage("predict", {"most": most}, inputs, (products,), make)
