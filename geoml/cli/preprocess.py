"""``geoml preprocess``: a list of steps over a survey store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def preprocess(
    store: o.Store,
    out: o.NewStore,
    steps: Annotated[
        Path, typer.Option(help="YAML with the list of steps, alone or under 'preprocess'.")
    ],
    scheduler: o.Scheduler = "threads",
    overwrite: o.Overwrite = False,
) -> None:
    """Apply preprocessing steps, whole gathers at a time."""
    from geoml.preprocess.pipeline import load_steps, preprocess_store

    with progress_bar("Processing traces") as progress:
        preprocess_store(
            store,
            out,
            load_steps(steps),
            overwrite=overwrite,
            scheduler=scheduler,
            progress=progress,
        )
    print(out)
