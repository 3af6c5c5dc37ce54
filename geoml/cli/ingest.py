"""``geoml ingest``: a SEG-Y or Seismic Unix file into a survey store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geoml.cli import options as o
from geoml.cli.progress import progress_bar


def ingest(
    file: o.TraceFile,
    out: Annotated[Path, typer.Argument(help="Survey store to make, such as line.zarr.")],
    samples: o.Samples = None,
    byte_order: o.ByteOrder = None,
    sample_format: o.SampleFormat = None,
    dt_s: o.Interval = None,
    geometry: o.Geometry = None,
    unit: o.CoordinateUnit = None,
    strict: o.Strict = False,
    overwrite: o.Overwrite = False,
) -> None:
    """Read a trace file into a survey store."""
    from geoml.readers.ingest import ingest as ingest_file

    chosen = o.ingest_options(samples, byte_order, sample_format, dt_s, geometry, unit, strict)
    with progress_bar("Reading traces") as progress:
        ingest_file(file, out, chosen, progress, overwrite=overwrite)
    print(out)
