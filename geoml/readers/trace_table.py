"""A file's headers as the trace variables, time axis and attributes of a survey."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.readers.coordinate_angles import CoordinateAngles, coordinate_angles
from geoml.readers.finding import Finding
from geoml.readers.geometry_file import read_geometry
from geoml.readers.header_units import (
    length_factor,
    recording_delay,
    sample_interval,
    scalar_findings,
)
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader
from geoml.readers.unequal_traces import length_findings
from geoml.survey.local_plane import LocalPlane
from geoml.survey.schema import STORE_VERSION, TRACE_VARIABLES
from geoml.survey.store import chunk_traces, history_line

_COORDINATES = ("source_x", "source_y", "receiver_x", "receiver_y")
_ELEVATIONS = ("source_elevation", "source_depth", "receiver_elevation")
_NUMBERS = ("field_record", "trace_in_record", "cdp", "trace_kind")
_LINE_NUMBERS = ("inline", "crossline")


def trace_table(
    reader: Reader, options: IngestOptions, plane: LocalPlane | None = None
) -> tuple[xr.Dataset, list[Finding]]:
    """Everything of a survey but its amplitudes and header bytes.

    Coordinates that are angles are put on a plane in metres. The attrs ``coordinate_origin_deg``
    (longitude, latitude) and ``coordinate_units`` then say how to go back:
    ``LocalPlane(*origin).angles(x, y)``.

    Args:
        reader: The opened file.
        options: The user's decisions.
        plane: The plane for angles, such as that of another file of the same survey; by default
            one around this file's positions.

    Returns:
        Dataset of dims (trace, time) with every trace variable in metres, and what was noticed.

    Raises:
        FileFormatError: If the time axis is open or differs between traces.
        GeometryError: If the geometry file does not fit.
    """
    factor, findings = length_factor(reader, options)
    dt_s, about_interval = sample_interval(reader, options)
    start_s, about_delay = recording_delay(reader, dt_s)
    findings = [*reader.findings, *length_findings(reader), *findings]
    findings += [*about_interval, *about_delay]

    angles, about_angles = coordinate_angles(reader, options, plane)
    about_scalars = scalar_findings(reader, "coordinate_scalar", _COORDINATES)
    variables = {
        **_positions(reader, factor, angles),
        **_elevations_and_numbers(reader, factor),
    }
    positions_from = "headers"
    if options.geometry is not None:
        given = read_geometry(options.geometry, variables)
        variables.update(given)
        message = f"{reader.name}: positions come from {options.geometry}, not the headers."
        findings.append(Finding("info", message))
        if set(_COORDINATES) <= set(given):
            angles, about_angles, about_scalars = None, [], []
            positions_from = str(options.geometry)
    findings += [*about_angles, *about_scalars]
    findings += scalar_findings(reader, "elevation_scalar", _ELEVATIONS)
    survey = xr.Dataset(
        {
            name: ("trace", variables[name].astype(kind.dtype, copy=False), _variable_attrs(name))
            for name, kind in TRACE_VARIABLES.items()
        },
        coords={
            "time": (
                "time",
                start_s + dt_s * np.arange(reader.n_samples),
                {"units": "s", "long_name": "time after the shot"},
            )
        },
        attrs={
            **_attrs(reader, options, factor),
            "positions_from": positions_from,
            "recorded_samples": reader.n_samples,
            "recorded_dt_s": dt_s,
            "recorded_start_s": start_s,
        },
    )
    if angles is not None:
        origin = [angles.plane.longitude_deg, angles.plane.latitude_deg]
        survey.attrs.update(coordinate_origin_deg=origin, coordinate_units=angles.units_code)
    survey.attrs["traces_per_gather"] = chunk_traces(variables["field_record"], reader.n_samples)
    return survey, findings


def _positions(
    reader: Reader, factor: float, angles: CoordinateAngles | None
) -> dict[str, NDArray[Any]]:
    length = reader.headers.length
    variables: dict[str, NDArray[Any]] = {}
    for who in ("source", "receiver"):
        x, y = length(f"{who}_x"), length(f"{who}_y")
        if angles is not None:
            x, y = angles.xy(x, y)
        else:
            x, y = _times(x, factor), _times(y, factor)
        variables[f"{who}_x"], variables[f"{who}_y"] = x, y
    return variables


def _elevations_and_numbers(reader: Reader, factor: float) -> dict[str, NDArray[Any]]:
    column, length = reader.headers.column, reader.headers.length
    variables: dict[str, NDArray[Any]] = {
        name: _times(length(name), factor) for name in _ELEVATIONS
    }
    variables["offset"] = _times(length("offset"), factor)
    for name in (*_NUMBERS, *_LINE_NUMBERS):
        # Narrow at once: a table of millions of traces is held a column at a time.
        there = name in _NUMBERS or reader.has_cdp_position
        variables[name] = (
            column(name).astype(TRACE_VARIABLES[name].dtype)
            if there
            else np.zeros(reader.n_traces, dtype=TRACE_VARIABLES[name].dtype)
        )
    return variables


def _times(values: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    return values if factor == 1 else factor * values


def _variable_attrs(name: str) -> dict[str, str]:
    kind = TRACE_VARIABLES[name]
    units = {"units": kind.units} if kind.units else {}
    return {"long_name": kind.meaning, **units}


def _attrs(reader: Reader, options: IngestOptions, factor: float) -> dict[str, Any]:
    chosen = {
        "file": reader.name,
        "samples": options.samples,
        "byte_order": options.byte_order,
        "sample_format": options.sample_format,
        "dt_s": options.dt_s,
        "geometry": str(options.geometry) if options.geometry else None,
        "coordinate_unit": options.coordinate_unit,
    }
    chosen = {name: value for name, value in chosen.items() if value not in (None, False)}
    return {
        "store_version": STORE_VERSION,
        "complete": True,
        **reader.file_attrs(),
        "byte_order": reader.byte_order,
        "sample_format": reader.sample_format,
        "source_file": reader.name,
        "source_size": reader.source.n_bytes,
        "coordinate_factor_m": factor,
        "history": [history_line("ingest", chosen, __version__)],
        "steps": [],
    }
