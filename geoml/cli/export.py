"""``geoml export``: a survey store back to SEG-Y or Seismic Unix."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def export(
    store: Annotated[
        str, typer.Argument(help="Survey store, as 'geoml ingest' makes it; may be a URL.")
    ],
    out: Annotated[
        str,
        typer.Argument(
            help="File to write (.sgy, .segy; .su for Seismic Unix), or a folder for files under "
            "their own names; may be a URL."
        ),
    ],
    ieee: Annotated[
        bool, typer.Option("--ieee", help="Write IEEE floats, whatever format was read.")
    ] = False,
    sample_format: Annotated[
        int | None, typer.Option(help="SEG-Y sample format code to write.")
    ] = None,
    byte_order: Annotated[
        Literal["big", "little"] | None, typer.Option(help="Byte order to write.")
    ] = None,
    overwrite: o.Overwrite = False,
) -> None:
    """Write a survey as SEG-Y: the bytes that were read, or processed samples in their headers."""
    from geoml.errors import OptionError
    from geoml.products.survey_segy import write_survey_segy
    from geoml.survey.store import open_survey

    if ieee and sample_format not in (None, 5):
        raise OptionError(f"--ieee is format 5, --sample-format says {sample_format}; give one.")
    with progress_bar("Writing traces") as progress:
        written = write_survey_segy(
            open_survey(store),
            out,
            sample_format=5 if ieee else sample_format,
            byte_order=byte_order,
            overwrite=overwrite,
            progress=progress,
        )
    for path in written:
        print(path)
