"""``geoml scan``: what a trace file holds and what ingest would do, touching nothing."""

from __future__ import annotations

from geoml.cli import options as o


def scan(
    file: o.TraceFile,
    samples: o.Samples = None,
    byte_order: o.ByteOrder = None,
    sample_format: o.SampleFormat = None,
    dt_s: o.Interval = None,
    geometry: o.Geometry = None,
    unit: o.CoordinateUnit = None,
    strict: o.Strict = False,
) -> None:
    """Dry run: geometry, sampling, traps found, what ingest would do."""
    from geoml.readers.scan import scan as scan_file

    chosen = o.ingest_options(samples, byte_order, sample_format, dt_s, geometry, unit, strict)
    print(scan_file(file, chosen))
