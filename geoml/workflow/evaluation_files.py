"""The checkpoints that an evaluation names, and the files that it leaves."""

from __future__ import annotations

import json
from pathlib import Path

from geoml.checkpoint import Checkpoint, load_checkpoint
from geoml.errors import OptionError
from geoml.products.evaluation_figure import evaluation_figure
from geoml.products.style import png_bytes, write_whole
from geoml.survey.pairs import open_pairs
from geoml.workflow.evaluation import Evaluation


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


def save_json(evaluation: Evaluation, path: Path) -> None:
    """All figures and curves as one JSON file."""
    document = {**evaluation.facts, "rows": evaluation.rows}
    write_whole(path, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())


def save_figure(evaluation: Evaluation, pairs: str | Path, path: Path) -> None:
    """Calibration, risk over coverage and error over depth as a picture."""
    depth_m = open_pairs(pairs)["depth"].values
    write_whole(path, png_bytes(evaluation_figure(evaluation.rows, depth_m)))
