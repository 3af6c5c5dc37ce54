"""Several trace files as one survey: one table, one time axis, findings told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from geoml.errors import FileFormatError, GeometryError
from geoml.readers.file_list import TracePaths, trace_files
from geoml.readers.finding import Finding
from geoml.readers.geometry_check import geometry_findings
from geoml.readers.geometry_file import read_geometry
from geoml.readers.inspection import Inspection, inspect_file
from geoml.readers.joined_files import JoinedFiles
from geoml.readers.options import IngestOptions
from geoml.survey.local_plane import LocalPlane
from geoml.survey.location import AnyPath
from geoml.survey.schema import SOURCE_TRACE_VARIABLES, TRACE_VARIABLES
from geoml.survey.store import chunk_traces

_SAME_TIME_S = 1e-9


@dataclass(frozen=True, eq=False)
class FilesInspection:
    """Opened files, their trace variables in one table, and what was noticed.

    Attributes:
        files: The opened files.
        table: Survey without amplitudes and bytes of traces.
        findings: From file headers, trace headers and positions.
    """

    files: JoinedFiles
    table: xr.Dataset
    findings: list[Finding]


def inspect_files(paths: TracePaths, options: IngestOptions) -> FilesInspection:
    """Open files and settle their layout, units, time axis and geometry.

    Args:
        paths: A file, URL or pattern, or several.
        options: The user's decisions, for every file.

    Raises:
        FileFormatError: If a file cannot be read right, or their time axes differ.
        GeometryError: If the geometry file does not fit, or only some files' coordinates are
            angles.
        OptionError: If an option makes no sense for a file.
    """
    files = trace_files(paths)
    if len(files) == 1:
        only = inspect_file(files[0], options)
        return FilesInspection(JoinedFiles((only.reader,)), only.table, only.findings)
    # A geometry file speaks of the whole survey, not of each file.
    alone = replace(options, geometry=None)
    inspections = _inspect_each(files, alone)
    _refuse_different_times(inspections)
    joined = JoinedFiles(tuple(each.reader for each in inspections))
    table = _joined_table([each.table for each in inspections], options)
    name = f"{len(files)} files"
    found = _told_once(
        [each.findings for each in inspections], [each.reader.name for each in inspections]
    )
    about_positions = geometry_findings(table.assign_attrs(source_file=name))
    return FilesInspection(joined, table, [*found, *about_positions])


def source_records(
    files: JoinedFiles, common: Mapping[str, Any], digests: Sequence[str]
) -> list[dict[str, Any]]:
    """What must be kept of each of several files, where it differs from the first.

    Args:
        files: The files.
        common: Attributes of the first.
        digests: SHA-256 of each.
    """
    _, tails = files.trailing_bytes()
    records = []
    for reader, digest, tail in zip(files.readers, digests, tails, strict=True):
        own = {
            **reader.file_attrs(),
            "byte_order": reader.byte_order,
            "sample_format": reader.sample_format,
        }
        records.append(
            {
                "name": reader.name,
                "size": reader.source.n_bytes,
                "sha256": digest,
                "n_traces": reader.n_traces,
                "n_samples": reader.n_samples,
                "n_trailing_bytes": tail,
                **{name: value for name, value in own.items() if common.get(name) != value},
            }
        )
    return records


def _inspect_each(files: Sequence[AnyPath], options: IngestOptions) -> list[Inspection]:
    """Each file; what its positions alone look like is of no interest."""
    first = inspect_file(files[0], options, with_geometry=False)
    origin = first.table.attrs.get("coordinate_origin_deg")
    # Longitudes and latitudes of one survey go onto one plane.
    plane = None if origin is None else LocalPlane(*origin)
    others = [inspect_file(path, options, with_geometry=False, plane=plane) for path in files[1:]]
    for each in others:
        if ("coordinate_origin_deg" in each.table.attrs) != (origin is not None):
            raise GeometryError(
                f"{each.reader.name} and {first.reader.name}: coordinates are angles in one and "
                "lengths in the other. Ingest them into stores of their own, or pass --unit m."
            )
    return [first, *others]


def _refuse_different_times(inspections: list[Inspection]) -> None:
    first = inspections[0]
    time = first.table["time"].values
    for each in inspections[1:]:
        other = each.table["time"].values
        if other.size != time.size or np.abs(other - time).max() > _SAME_TIME_S:
            raise FileFormatError(
                f"{each.reader.name}: {_axis(other)}, but {first.reader.name}: {_axis(time)}; "
                "one time axis is needed. Ingest them into stores of their own."
            )


def _axis(time: np.ndarray) -> str:
    step_ms = 1e3 * (time[-1] - time[0]) / max(1, time.size - 1)
    return f"{time.size} samples of {step_ms:g} ms from {time[0]:g} s"


def _joined_table(tables: list[xr.Dataset], options: IngestOptions) -> xr.Dataset:
    variables = {
        name: np.concatenate([table[name].values for table in tables]) for name in TRACE_VARIABLES
    }
    if options.geometry is not None:
        variables.update(read_geometry(options.geometry, variables))
    sizes = [table.sizes["trace"] for table in tables]
    variables["source_file"] = np.repeat(np.arange(len(tables), dtype=np.int32), sizes)
    first = tables[0]
    origin = "headers" if options.geometry is None else str(options.geometry)
    kinds = {**TRACE_VARIABLES, **SOURCE_TRACE_VARIABLES}
    joined = xr.Dataset(
        {name: ("trace", values.astype(kinds[name].dtype)) for name, values in variables.items()},
        coords={"time": first["time"].variable},
        attrs=first.attrs,
    )
    records = variables["source_file"].astype(np.int64) * 2**32 + variables["field_record"]
    n_samples = joined.sizes["time"]
    return joined.assign_attrs(
        traces_per_gather=chunk_traces(records, n_samples), positions_from=origin
    )


def _told_once(found: list[list[Finding]], names: list[str]) -> list[Finding]:
    """Findings of many files; one that several files share is told with their number."""
    files_of: dict[Finding, list[str]] = defaultdict(list)
    for findings, name in zip(found, names, strict=True):
        for finding in findings:
            bare = replace(finding, message=finding.message.removeprefix(f"{name}: "))
            files_of[bare].append(name)
    told = []
    for finding, of in files_of.items():
        where = of[0] if len(of) == 1 else f"{of[0]} and {len(of) - 1} more files"
        told.append(replace(finding, message=f"{where}: {finding.message}"))
    return told
