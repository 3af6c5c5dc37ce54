"""``geoml wells train``, ``predict``, ``evaluate``: models on logs, from a wells store to LAS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar

if TYPE_CHECKING:
    from geoml.workflow.well_learning import WellLearning

Store = Annotated[
    Path, typer.Argument(metavar="STORE", help="Wells store, as 'geoml wells ingest' makes it.")
]
Task = Annotated[str, typer.Option(help="log_regression, imputation or facies.")]
Target = Annotated[
    list[str] | None, typer.Option("--target", help="Curve to learn or fill; may be repeated.")
]
Input = Annotated[
    list[str] | None, typer.Option("--input", help="Curve that enters; may be repeated.")
]
Model = Annotated[
    list[str] | None,
    typer.Option("--model", help="lstm, tcn, hist_boosting, ...; several are averaged."),
]
Learning = Annotated[
    Path | None, typer.Option(help="YAML with the keys of 'learn' in a wells workflow.")
]
By = Annotated[
    str | None, typer.Option("--by", help="What a fold leaves out: well, field, depth_block.")
]
BlockM = Annotated[
    float | None,
    typer.Option(
        "--block-m", help="Length of the pieces that depth_block and imputation hide [m]."
    ),
]
Folds = Annotated[int | None, typer.Option(help="Folds; one a well by default.")]
AllowLeak = Annotated[
    bool, typer.Option("--allow-leak", help="Permit --by random, and see what it is worth.")
]
Steps = Annotated[int | None, typer.Option(help="Batches that a network is trained with.")]
Seeds = Annotated[int | None, typer.Option(help="Networks of so many seeds are averaged.")]
Chosen = Annotated[list[str] | None, typer.Option("--well", help="Only this well; repeatable.")]


def train(
    store: Store,
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint.")],
    task: Task = "log_regression",
    target: Target = None,
    inputs: Input = None,
    model: Model = None,
    learning: Learning = None,
    by: By = None,
    block_m: BlockM = None,
    folds: Folds = None,
    allow_leak: AllowLeak = False,
    steps: Steps = None,
    seeds: Seeds = None,
    well: Chosen = None,
    no_calibration: Annotated[
        bool, typer.Option("--no-calibration", help="Skip the folds: no scores, raw spread.")
    ] = False,
) -> None:
    """Train models on the wells of a store; scores on left-out wells beside the trivial rows."""
    from geoml.workflow.wells import train_wells

    chosen = _learning(
        learning,
        task,
        target,
        inputs,
        model,
        by,
        block_m,
        folds,
        allow_leak,
        steps,
        seeds,
        no_calibration,
    )
    with progress_bar("Training") as progress:
        print(train_wells(_wells(store, well), out, chosen, progress=progress))


def evaluate(
    store: Store,
    task: Task = "log_regression",
    target: Target = None,
    inputs: Input = None,
    model: Model = None,
    learning: Learning = None,
    by: By = None,
    block_m: BlockM = None,
    folds: Folds = None,
    allow_leak: AllowLeak = False,
    steps: Steps = None,
    seeds: Seeds = None,
    well: Chosen = None,
) -> None:
    """Score models on left-out wells, or imputation on hidden pieces, beside trivial rows."""
    from geoml.workflow.wells import evaluate_wells

    chosen = _learning(
        learning, task, target, inputs, model, by, block_m, folds, allow_leak, steps, seeds, False
    )
    with progress_bar("Training folds") as progress:
        evaluate_wells(_wells(store, well), chosen, progress=progress)


def predict(
    store: Store,
    checkpoint: Annotated[Path, typer.Option(help="Folder that 'geoml wells train' wrote.")],
    out: Annotated[Path, typer.Option(help="Folder for a LAS file a well.")],
    well: Chosen = None,
    overwrite: o.Overwrite = False,
) -> None:
    """Predict curves or facies of wells; LAS files with the predictions beside the curves."""
    from geoml.workflow.well_prediction import predict_wells

    for path in predict_wells(store, checkpoint, out, well, overwrite=overwrite):
        print(path)


def _wells(store: Path, names: list[str] | None) -> list[Any]:
    from geoml.survey.wells import wells

    return [dataset for _, dataset in wells(store, names)]


def _learning(
    path: Path | None,
    task: str,
    target: list[str] | None,
    inputs: list[str] | None,
    model: list[str] | None,
    by: str | None,
    block_m: float | None,
    folds: int | None,
    allow_leak: bool,
    steps: int | None,
    seeds: int | None,
    no_calibration: bool,
) -> WellLearning:
    """The file's keys, with those of the command line on top."""
    from geoml.errors import OptionError
    from geoml.workflow.well_specification import checked_learning, load_learning

    plain = {} if path is None else load_learning(path)
    if path is None or target:
        if not target:
            raise OptionError("Nothing to learn; name a curve with --target, or give --learning.")
        if task == "facies" and len(target) > 1:
            raise OptionError("Facies have one target curve.")
        options = {"target": target[0]} if task == "facies" else {"targets": target}
        plain["task"] = {task: options}
    plain |= {"inputs": inputs} if inputs else {}
    plain |= {"models": model} if model else {}
    plain |= {"seeds": seeds} if seeds else {}
    plain |= {"calibrate": False} if no_calibration else {}
    split = {"by": by, "block_m": block_m, "n_folds": folds, "allow_leak": allow_leak or None}
    chosen = {name: value for name, value in split.items() if value is not None}
    plain["split"] = {**plain.get("split", {}), **chosen}
    plain["training"] = {**plain.get("training", {}), **({"steps": steps} if steps else {})}
    return checked_learning(plain, "learn")
