"""``geoml run``: a workflow file from its survey to its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoml.cli.progress import progress_bar


def run(
    workflow: Annotated[Path, typer.Argument(help="YAML file, such as workflows/land_line.yaml.")],
    runs: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Tiny counts: proves the road, not the result.")
    ] = False,
) -> None:
    """Run a workflow; finished stages are skipped, changed ones run again."""
    from geoml.workflow.run import run_workflow

    folder = run_workflow(workflow, runs=runs, quick=quick, bar=progress_bar)
    report = folder / "report.html"
    print(report if report.exists() else folder)
