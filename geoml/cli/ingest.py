"""``geoml ingest``: SEG-Y or Seismic Unix files into a survey store."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def ingest(
    files: o.TraceFiles,
    out: o.NewStore,
    samples: o.Samples = None,
    byte_order: o.ByteOrder = None,
    sample_format: o.SampleFormat = None,
    dt_s: o.Interval = None,
    geometry: o.Geometry = None,
    unit: o.CoordinateUnit = None,
    strict: o.Strict = False,
    layout: Annotated[
        Literal["file", "receiver"],
        typer.Option(
            help="Order of the traces in the store: as in the files, or receiver by receiver, so "
            "that receiver gathers are read at once."
        ),
    ] = "file",
    scheduler: o.Scheduler = "threads",
    overwrite: o.Overwrite = False,
) -> None:
    """Read trace files into a survey store; run it again to go on after a kill."""
    from geoml.readers.ingest import ingest as ingest_files

    chosen = o.ingest_options(samples, byte_order, sample_format, dt_s, geometry, unit, strict)
    with progress_bar("Reading traces") as progress:
        ingest_files(
            files,
            out,
            chosen,
            progress,
            overwrite=overwrite,
            layout=layout,
            scheduler=scheduler,
        )
    print(out)
