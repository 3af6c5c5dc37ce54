"""A dry run of ingest: what files hold, the traps in them, and what ingest would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.readers.file_list import TracePaths
from geoml.readers.finding import Finding
from geoml.readers.header_table import Traces
from geoml.readers.joined_files import JoinedFiles
from geoml.readers.many_files import FilesInspection, inspect_files
from geoml.readers.options import IngestOptions
from geoml.readers.sample_check import format_findings
from geoml.readers.sample_counts import count_findings, sample_counts
from geoml.survey.description import Fact, counted, geometry_facts
from geoml.survey.sample_format import SAMPLE_FORMATS
from geoml.survey.schema import TRACES_SHARD_FACTOR

_LOOKED_AT_TRACES = 512
_REQUESTED_AT_ONCE = 64
_SHOWN_TEXT_LINES = 3
_MOST_FORMATS_JUDGED = 16
_SEVERITY = {"warning": 0, "info": 1}


@dataclass(frozen=True)
class ScanReport:
    """What ``geoml scan`` prints.

    Attributes:
        facts: Label and text of each line about the files.
        findings: Traps, contradictions and decisions, the gravest first.
        name: The file, left out of the printed findings.
    """

    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    name: str = ""

    def __str__(self) -> str:
        lines = [f"{label:<12} {text}" for label, text in self.facts]
        lines += [f"{finding.level:<12} {self._line(finding)}" for finding in self.findings]
        return "\n".join(lines)

    def _line(self, finding: Finding) -> str:
        text = str(finding).removeprefix(f"{self.name}: ")
        if finding.level == "warning" and not finding.option:
            text += " No option settles this."
        return text


def scan(paths: TracePaths, options: IngestOptions | None = None) -> ScanReport:
    """Look at every header and at up to 512 traces of trace files; write nothing.

    Args:
        paths: SEG-Y or Seismic Unix file, or several, or a pattern; paths or fsspec URLs.
        options: The decisions that ingest would get.

    Raises:
        FileFormatError: If ingest could not read a file right.
        GeometryError: If the geometry file does not fit.
        OptionError: If an option makes no sense for a file.
    """
    return scan_report(inspect_files(paths, options or IngestOptions()))


def scan_report(inspection: FilesInspection) -> ScanReport:
    """The report of opened files."""
    files, table = inspection.files, inspection.table
    step = max(1, -(-files.n_traces // _LOOKED_AT_TRACES))
    looked_at = np.arange(0, files.n_traces, step)
    findings = sorted(
        [*inspection.findings, *_sample_findings(files, looked_at)],
        key=lambda finding: _SEVERITY[finding.level],
    )
    return ScanReport(
        facts=(
            *_file_facts(files, table),
            *geometry_facts(table),
            ("looked at", f"samples of {looked_at.size} traces"),
            _plan(table),
        ),
        findings=tuple(findings),
        name=_name(files),
    )


def _name(files: JoinedFiles) -> str:
    return files.readers[0].name if len(files.readers) == 1 else f"{len(files.readers)} files"


def _file_facts(files: JoinedFiles, table: xr.Dataset) -> list[Fact]:
    first = files.readers[0]
    time = table["time"].values
    n_bytes = sum(reader.source.n_bytes for reader in files.readers)
    form = SAMPLE_FORMATS[first.sample_format].name
    kind = f"SEG-Y revision {table.attrs['revision']}"
    if table.attrs["file_type"] != "segy":
        kind = "Seismic Unix"
    steps = f"{1e3 * (time[1] - time[0]):g} ms apart, " if time.size > 1 else ""
    facts = [("file", f"{first.name}, {_size(n_bytes)}")]
    if len(files.readers) > 1:
        names = f"{len(files.readers)} files, {first.name} to {files.readers[-1].name}"
        facts = [("files", f"{names}, {_size(n_bytes)}")]
    facts += [
        ("format", f"{kind}, {first.byte_order}-endian, {form}"),
        (
            "traces",
            f"{files.n_traces} of {counted(first.n_samples, 'sample')}, {steps}"
            f"{time[0]:g} to {time[-1]:g} s",
        ),
    ]
    written = [line for line in table.attrs["text_header"].splitlines() if line[3:].strip()]
    return facts + [("text", line.rstrip()) for line in written[:_SHOWN_TEXT_LINES]]


def _plan(table: xr.Dataset) -> Fact:
    chunk = int(table.attrs["traces_per_gather"])
    size = _size(4 * table.sizes["trace"] * table.sizes["time"])
    return (
        "ingest",
        f"would store {size} of samples before compression, {counted(chunk, 'trace')} a chunk, "
        f"{chunk * TRACES_SHARD_FACTOR} a shard",
    )


def _sample_findings(files: JoinedFiles, looked_at: NDArray[np.int64]) -> list[Finding]:
    """What the samples of some traces look like."""
    counts = np.zeros(2, dtype=np.int64)
    for part in _portions(looked_at, files.readers[0].source.is_local):
        for piece in files.parts(part):
            counts += sample_counts(piece.reader.amplitude(piece.traces))
    non_finite, dead = (int(count) for count in counts)
    found = count_findings(_name(files), looked_at.size, non_finite, dead)
    judged = files.readers[:: max(1, len(files.readers) // _MOST_FORMATS_JUDGED)]
    return [finding for reader in judged for finding in format_findings(reader)] + found


def _portions(traces: NDArray[np.int64], is_local: bool) -> Iterable[Traces]:
    """Traces to read at once."""
    if not is_local:
        # Requests of scattered traces go out side by side.
        return np.array_split(traces, -(-traces.size // _REQUESTED_AT_ONCE))
    # A mapped run touches its own bytes only; scattered traces of a map are as many runs.
    return (slice(int(trace), int(trace) + 1) for trace in traces)


def _size(n_bytes: int) -> str:
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return counted(n_bytes, "byte")
