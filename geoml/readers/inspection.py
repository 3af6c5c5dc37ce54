"""Everything about a trace file that can be told before its samples are converted."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from geoml.errors import FileFormatError
from geoml.readers import open_reader
from geoml.readers.finding import Finding
from geoml.readers.geometry_check import geometry_findings
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader
from geoml.readers.trace_table import trace_table
from geoml.survey.local_plane import LocalPlane
from geoml.survey.location import AnyPath


@dataclass(frozen=True, eq=False)
class Inspection:
    """An opened file, its trace variables and what was noticed about its headers.

    Attributes:
        reader: The opened file.
        table: Survey without amplitudes and header bytes.
        findings: From file headers, trace headers and positions.
    """

    reader: Reader
    table: xr.Dataset
    findings: list[Finding]


def inspect_file(
    path: AnyPath,
    options: IngestOptions,
    *,
    with_geometry: bool = True,
    plane: LocalPlane | None = None,
) -> Inspection:
    """Open a file and settle its layout, units, time axis and geometry.

    Args:
        path: The file.
        options: The user's decisions.
        with_geometry: Look for contradictions in the positions too.
        plane: The plane for coordinates that are angles; by default one around the file's own.

    Raises:
        FileFormatError: If the file cannot be read right.
        GeometryError: If the geometry file does not fit.
        OptionError: If an option makes no sense for the file.
    """
    reader = open_reader(path, options)
    table, findings = trace_table(reader, options, plane)
    if with_geometry:
        findings = [*findings, *geometry_findings(table)]
    return Inspection(reader, table, findings)


def refuse_warnings(findings: list[Finding], options: IngestOptions) -> None:
    """Stop at the first warning where strict reading was asked for.

    Raises:
        FileFormatError: With the first warning and the number of others.
    """
    warnings = [finding for finding in findings if finding.level == "warning"]
    if options.strict and warnings:
        n_more = len(warnings) - 1
        more = f" (and {n_more} more {'warning' if n_more == 1 else 'warnings'})" if n_more else ""
        raise FileFormatError(f"{warnings[0]}{more} Strict reading was asked for.")
