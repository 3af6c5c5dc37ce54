"""``geoml verify``: proof that a survey store is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def verify(
    store: o.Store,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="The file that was ingested, to be compared byte by byte; once for each of "
            "several, or their folder."
        ),
    ] = None,
) -> None:
    """Read every chunk, compare every checksum, and make the ingested bytes again."""
    from geoml.workflow.verification import verify as verify_store

    with progress_bar("Checking files") as progress:
        report = verify_store(store, source or None, progress)
    print(report)
