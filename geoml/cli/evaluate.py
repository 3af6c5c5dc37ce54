"""``geoml evaluate``: checkpoints judged on pairs, beside answers that need no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from geoml.cli.progress import progress_bar


def evaluate(
    checkpoints: Annotated[
        str,
        typer.Argument(
            metavar="CHECKPOINT[,CHECKPOINT...]",
            help="Folders of 'geoml train' or names of shipped checkpoints, commas between them.",
        ),
    ],
    pairs: Annotated[Path, typer.Argument(help="Pair store of the same acquisition.")],
    split: Annotated[
        Literal["test", "validation", "all"],
        typer.Option(help="Part of the store that a checkpoint was trained on; of others, all."),
    ] = "test",
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Also score each with its mirrored windows.")
    ] = False,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Also score all checkpoints as one mixture.")
    ] = False,
    dropout_samples: Annotated[
        int, typer.Option(help="Also score each with this many draws of its dropout.")
    ] = 0,
    samples: Annotated[
        int, typer.Option(min=0, help="Also score this many samples of a network that draws them.")
    ] = 0,
    refine: Annotated[
        list[str] | None,
        typer.Option(
            help="Also score rungs on each network, commas between them or the option again: "
            "mirror, consistency, fwi, or 'fwi: {iterations: 10}'. Waves are modelled, with the "
            "stencil of the pairs where they tell it: set --limit."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Pairs at most, evenly spread.")] = None,
    augment: Annotated[
        bool, typer.Option("--augment", help="Add the noise that training added.")
    ] = False,
    calibrate: Annotated[
        bool,
        typer.Option("--calibrate", help="Fit spreads and edges on the store's calibration part."),
    ] = False,
    write_calibration: Annotated[
        bool,
        typer.Option("--write-calibration", help="Keep what was fitted in the checkpoints."),
    ] = False,
    allow_train: Annotated[
        bool, typer.Option("--allow-train", help="Score pairs that training has seen.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="File for all figures and curves.")] = None,
    png: Annotated[
        Path | None, typer.Option(help="Picture of calibration, risk and error by depth.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Windows in one call of the network.")] = 16,
    device: Annotated[str, typer.Option(help="As torch spells it.")] = "cpu",
) -> None:
    """Print velocity, edge and spread scores of checkpoints beside their trivial rows."""
    from geoml.cli.invert import rung_specs
    from geoml.errors import OptionError
    from geoml.workflow.evaluation import evaluate as judge
    from geoml.workflow.evaluation_files import (
        check_calibration,
        check_files,
        named_checkpoints,
        save_figure,
        save_json,
        write_calibrations,
    )
    from geoml.workflow.evaluation_options import EvaluationOptions
    from geoml.workflow.evaluation_text import evaluation_text
    from geoml.workflow.specification import InvertSection, checked

    rungs = checked(InvertSection, {"refine": rung_specs(refine or [])}, "evaluate").rungs
    options = EvaluationOptions(
        split=split,
        mirror=mirror,
        dropout_samples=dropout_samples,
        samples=samples,
        ensemble=ensemble,
        limit=limit,
        calibrate=calibrate,
        augment=augment,
        allow_train=allow_train,
        refine=tuple(rungs),
        batch=batch,
        device=device,
    )
    folders, named = named_checkpoints(checkpoints)
    check_files([path for path in (json, png) if path is not None])
    if write_calibration:
        check_calibration(folders, options)
    with progress_bar("Predicting sections") as progress:
        evaluation = judge(named, pairs, options, progress=progress)
    print(evaluation_text(evaluation))
    if json is not None:
        save_json(evaluation, json)
    if png is not None:
        save_figure(evaluation, pairs, png)
    if write_calibration:
        written = write_calibrations(folders, evaluation)
        if not written:
            raise OptionError("Nothing was fitted: no checkpoint here has a spread or edges.")
        for folder in written:
            print(f"calibration written to {folder}")
