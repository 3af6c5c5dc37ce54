"""``geoml preprocess``: a list of steps over a survey store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def preprocess(
    store: o.Store,
    out: Annotated[
        str | None,
        typer.Argument(
            metavar="OUT",
            help="Survey store to make, such as clean.zarr; may be a URL. Not needed with "
            "--dry-run or --preview.",
        ),
    ] = None,
    steps: Annotated[
        Path | None, typer.Option(help="YAML with the list of steps, alone or under 'preprocess'.")
    ] = None,
    scheduler: o.Scheduler = "threads",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell passes, tasks, memory and time; write nothing.")
    ] = False,
    preview: Annotated[
        str | None,
        typer.Option(
            help="Draw one gather before, after, and their difference: its key, such as a field "
            "record, or #3 for the third one."
        ),
    ] = None,
    gather: Annotated[
        Literal["shot", "receiver", "cdp", "offset"], typer.Option(help="Kind of the preview.")
    ] = "shot",
    png: Annotated[Path, typer.Option(help="Picture of the preview.")] = Path("preview.png"),
    overwrite: o.Overwrite = False,
) -> None:
    """Apply preprocessing steps, whole gathers at a time; run it again to go on after a kill."""
    from geoml.errors import OptionError
    from geoml.preprocess.recipe import load_steps

    if steps is None:
        raise OptionError("--steps is needed: a YAML file with the list of steps.")
    built = load_steps(steps)
    if dry_run:
        from geoml.preprocess.plan import preprocess_plan

        for number, plan in enumerate(preprocess_plan(store, built), start=1):
            print(f"pass {number}  {plan}")
    if preview is not None:
        from geoml.workflow.preview import save_preview

        print(f"{png}  {save_preview(store, built, preview, png, gather)}")
    if dry_run or preview is not None:
        return
    if out is None:
        raise OptionError("OUT is needed: the survey store to make, such as clean.zarr.")
    from geoml.preprocess.store_run import preprocess_store

    with progress_bar("Processing traces") as progress:
        preprocess_store(
            store, out, built, overwrite=overwrite, scheduler=scheduler, progress=progress
        )
    print(out)
