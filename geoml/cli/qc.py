"""``geoml qc``: the geometry of a survey in one picture and one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoml.cli import options as o


def qc(
    store: o.Store,
    png: Annotated[Path, typer.Option(help="Picture to write.")] = Path("geometry.png"),
) -> None:
    """Map, fold, offsets, header against coordinate offsets, elevations: a picture and a table."""
    from geoml.products.geometry_figure import save_geometry_qc
    from geoml.survey.store import open_survey

    print(save_geometry_qc(open_survey(store), png))
    print(f"drawn in {png}")
