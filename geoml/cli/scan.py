"""``geoml scan``: what trace files hold and what ingest would do, touching nothing."""

from __future__ import annotations

from geoml.cli import options as o


def scan(
    files: o.TraceFiles,
    samples: o.Samples = None,
    byte_order: o.ByteOrder = None,
    sample_format: o.SampleFormat = None,
    dt_s: o.Interval = None,
    geometry: o.Geometry = None,
    unit: o.CoordinateUnit = None,
    strict: o.Strict = False,
) -> None:
    """Dry run: geometry, sampling, traps found, what ingest would do."""
    from geoml.readers.inspection import refuse_warnings
    from geoml.readers.scan import scan as scan_files

    chosen = o.ingest_options(samples, byte_order, sample_format, dt_s, geometry, unit, strict)
    report = scan_files(files, chosen)
    print(report)
    refuse_warnings(list(report.findings), chosen)
