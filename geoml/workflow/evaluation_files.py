"""The checkpoints that an evaluation names, and the files that it leaves."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from geoml.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from geoml.errors import OptionError, StoreError
from geoml.prediction.mixture_calibration import with_mixture_calibration
from geoml.products.evaluation_figure import evaluation_figure
from geoml.products.style import png_bytes, write_whole
from geoml.survey.pairs import open_pairs
from geoml.workflow.evaluation import Evaluation
from geoml.workflow.evaluation_options import EvaluationOptions


def named_checkpoints(text: str) -> tuple[list[str], list[tuple[str, Checkpoint]]]:
    """What was written with commas, and each checkpoint under the shortest name of its own.

    Raises:
        OptionError: If there is none, or one comes twice.
        CheckpointError: If one cannot be loaded.
    """
    paths = [part.strip() for part in text.split(",") if part.strip()]
    if not paths or len(set(paths)) < len(paths):
        raise OptionError(f"'{text}': name at least one checkpoint, and each of them once.")
    names = [Path(path).name for path in paths]
    if len(set(names)) < len(names):
        names = paths
    return paths, [(name, load_checkpoint(path)) for name, path in zip(names, paths, strict=True)]


def check_calibration(folders: Sequence[str], options: EvaluationOptions) -> None:
    """Refuse to keep a calibration that would not be one, before anything is judged.

    Raises:
        OptionError: If nothing is to be fitted, or on a part of what there is, or a checkpoint is
            shipped with geoml.
    """
    if not options.calibrate:
        raise OptionError("--write-calibration keeps what --calibrate fits; pass both.")
    if options.limit is not None:
        raise OptionError(
            f"'limit' of {options.limit} fits the calibration on as few pairs; leave it out with "
            "--write-calibration."
        )
    refuse_shipped(folders)


def refuse_shipped(folders: Sequence[str | Path]) -> None:
    """Refuse to write to checkpoints that come with geoml.

    Raises:
        OptionError: If there is one.
    """
    for folder in folders:
        if not Path(folder).is_dir():
            raise OptionError(
                f"'{folder}' is shipped with geoml and is not written to; copy its folder."
            )


def write_calibrations(folders: Sequence[str | Path], evaluation: Evaluation) -> list[Path]:
    """Put what an evaluation fitted into the checkpoints, beside what is there.

    Args:
        folders: Where the checkpoints of the evaluation lie, in its order.
        evaluation: With what it fitted.

    Returns:
        Folders that were written.

    Raises:
        OptionError: If a checkpoint that is to be written is shipped with geoml.
    """
    firsts = sorted({fitted.first for fitted in evaluation.fitted})
    refuse_shipped([folders[first] for first in firsts])
    for first in firsts:
        checkpoint = load_checkpoint(folders[first])
        for fitted in evaluation.fitted:
            if fitted.first == first:
                checkpoint = with_mixture_calibration(checkpoint, fitted.name, fitted.calibration)
        save_checkpoint(checkpoint, folders[first])
    return [Path(folders[first]) for first in firsts]


def check_files(paths: Sequence[Path]) -> None:
    """Refuse names that no file can be written under, before anything is judged.

    Raises:
        StoreError: If one is a folder, or lies where nothing can be made.
    """
    for path in paths:
        if path.is_dir():
            raise StoreError(f"{path}: a folder; name a file.")
        above = next(folder for folder in path.absolute().parents if folder.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise StoreError(f"{path}: {above} is no folder that can be written to; name another.")


def save_json(evaluation: Evaluation, path: Path) -> None:
    """All figures and curves as one JSON file."""
    document = {**evaluation.facts, "rows": evaluation.rows}
    write_whole(path, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())


def save_figure(evaluation: Evaluation, pairs: str | Path, path: Path) -> None:
    """Calibration, risk over coverage and error over depth as a picture."""
    depth_m = open_pairs(pairs)["depth"].values
    write_whole(path, png_bytes(evaluation_figure(evaluation.rows, depth_m)))
