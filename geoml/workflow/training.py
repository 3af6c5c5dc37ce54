"""A network trained on a pair store, as a workflow or the command line asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geoml.registry import with_options
from geoml.training import TrainingOptions, train
from geoml.workflow.specification import TrainSection

Progress = Callable[[int, int], None]


def train_pairs(
    pairs: Path,
    out: Path,
    section: TrainSection,
    *,
    resume: bool = False,
    overwrite: bool = False,
    announce: Callable[[str], None] = print,
    progress: Progress | None = None,
) -> Path:
    """Train what a section asks for; see ``geoml.training.train``.

    Args:
        pairs: Pair store.
        out: Folder for the checkpoint.
        section: Task, model and options.
        resume: Go on with an interrupted run.
        overwrite: Replace a run that is already there.
        announce: Told in one line each what happens.
        progress: Told the work done.

    Returns:
        The folder.
    """
    return train(
        pairs,
        out,
        task=section.task,
        model=section.model,
        options=with_options(TrainingOptions, section.options, "train"),
        resume=resume,
        overwrite=overwrite,
        announce=announce,
        progress=progress,
    )
