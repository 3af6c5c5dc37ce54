"""A dry run of ingest: what a file holds, the traps in it, and what ingest would do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from geoml.errors import GeometryError
from geoml.readers.finding import Finding
from geoml.readers.inspection import inspect_file
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader
from geoml.readers.sample_check import SampleTally
from geoml.survey.gathers import gather_index
from geoml.survey.geometry import line_coordinates
from geoml.survey.sample_format import SAMPLE_FORMATS
from geoml.survey.schema import TRACES_SHARD_FACTOR

_LOOKED_AT_TRACES = 512


@dataclass(frozen=True)
class ScanReport:
    """What ``geoml scan`` prints.

    Attributes:
        facts: Label and text of each line about the file.
        findings: Traps, contradictions and decisions.
    """

    facts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        lines = [f"{label:<12} {text}" for label, text in self.facts]
        lines += [f"{finding.level:<12} {finding}" for finding in self.findings]
        return "\n".join(lines)


def scan(path: str | Path, options: IngestOptions | None = None) -> ScanReport:
    """Look at every header and at up to 512 traces of a file; write nothing.

    Args:
        path: SEG-Y or Seismic Unix file.
        options: The decisions that ingest would get.

    Raises:
        FileFormatError: If ingest could not read the file right.
        GeometryError: If its coordinates are angles, or the geometry file does not fit.
        OptionError: If an option makes no sense for the file.
    """
    inspection = inspect_file(path, options or IngestOptions())
    facts = [
        *_file_facts(inspection.reader, inspection.table),
        *_gather_facts(inspection.table),
        *_line_facts(inspection.table),
        _plan(inspection.table),
    ]
    return ScanReport(
        facts=tuple(facts),
        findings=(*inspection.findings, *_sample_findings(inspection.reader)),
    )


def _file_facts(reader: Reader, table: xr.Dataset) -> list[tuple[str, str]]:
    time = table["time"].values
    dt_ms = 1e3 * (time[1] - time[0]) if time.size > 1 else 0.0
    form = SAMPLE_FORMATS[reader.sample_format].name
    facts = [
        ("file", f"{reader.name}, {reader.source.n_bytes} bytes"),
        (
            "format",
            f"{table.attrs['file_type'].upper()} revision {table.attrs['revision']}, "
            f"{reader.byte_order}-endian, {form}"
            if table.attrs["file_type"] == "segy"
            else f"Seismic Unix, {reader.byte_order}-endian, {form}",
        ),
        (
            "traces",
            f"{reader.n_traces} of {reader.n_samples} samples, {dt_ms:g} ms apart, "
            f"{time[0]:g} to {time[-1]:g} s",
        ),
    ]
    first_lines = [line for line in table.attrs["text_header"].splitlines() if line[3:].strip()]
    return facts + [("text", line) for line in first_lines[:3]]


def _gather_facts(table: xr.Dataset) -> list[tuple[str, str]]:
    facts = []
    for kind in ("shot", "receiver", "cdp"):
        index = gather_index(table, kind)
        sizes = [traces.size for traces in index.trace_lists]
        plural = f"{len(index)} gathers of {min(sizes)} to {max(sizes)} traces"
        facts.append((f"by {kind}", plural))
    return facts


def _line_facts(table: xr.Dataset) -> list[tuple[str, str]]:
    try:
        line = line_coordinates(table)
    except GeometryError as error:
        return [("geometry", str(error))]
    offset = line.receiver_distance_m - line.source_distance_m
    kind = "marine" if line.is_marine else "land"
    return [
        (
            "geometry",
            f"{kind}, sources {_extent(line.source_distance_m)} m and receivers "
            f"{_extent(line.receiver_distance_m)} m along a line of azimuth "
            f"{line.azimuth_deg:.1f} degrees, offsets {_extent(offset)} m",
        ),
        (
            "depths",
            f"sources {_extent(line.source_depth_m)} m, receivers "
            f"{_extent(line.receiver_depth_m)} m below the datum at elevation "
            f"{line.datum_elevation_m:.1f} m",
        ),
    ]


def _extent(values: np.ndarray) -> str:
    low, high = (round(float(value), 1) + 0.0 for value in (values.min(), values.max()))
    return f"{low:g} to {high:g}"


def _plan(table: xr.Dataset) -> tuple[str, str]:
    chunk = int(table.attrs["traces_per_gather"])
    size_mb = 4e-6 * table.sizes["trace"] * table.sizes["time"]
    return (
        "ingest",
        f"would store {size_mb:.1f} MB of samples before compression, {chunk} traces a chunk, "
        f"{chunk * TRACES_SHARD_FACTOR} a shard",
    )


def _sample_findings(reader: Reader) -> list[Finding]:
    tally = SampleTally(reader)
    step = max(1, reader.n_traces // _LOOKED_AT_TRACES)
    for start in range(0, reader.n_traces, step):
        tally.add(start, reader.amplitude(slice(start, start + 1)))
    return tally.findings()
