"""A file's headers as the trace variables, time axis and attributes of a survey."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml import __version__
from geoml.readers.finding import Finding
from geoml.readers.geometry_file import read_geometry
from geoml.readers.header_units import (
    length_factor,
    recording_delay,
    sample_interval,
    scaled,
    unusual_scalars,
)
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader
from geoml.survey.schema import STORE_VERSION, TRACE_VARIABLES
from geoml.survey.store import chunk_traces, history_line

_COORDINATES = ("source_x", "source_y", "receiver_x", "receiver_y")
_ELEVATIONS = ("source_elevation", "source_depth", "receiver_elevation")
_NUMBERS = ("field_record", "trace_in_record", "cdp", "trace_kind")
_LINE_NUMBERS = ("inline", "crossline")


def trace_table(reader: Reader, options: IngestOptions) -> tuple[xr.Dataset, list[Finding]]:
    """Everything of a survey but its amplitudes and header bytes.

    Args:
        reader: The opened file.
        options: The user's decisions.

    Returns:
        Dataset of dims (trace, time) with every trace variable in metres, and what was noticed.

    Raises:
        FileFormatError: If the time axis is open or differs between traces.
        GeometryError: If coordinates are angles, or the geometry file does not fit.
    """
    factor, findings = length_factor(reader, options)
    dt_s, about_interval = sample_interval(reader, options)
    start_s, about_delay = recording_delay(reader)
    findings = [*reader.findings, *findings, *about_interval, *about_delay]
    findings += unusual_scalars(reader, "coordinate_scalar")
    findings += unusual_scalars(reader, "elevation_scalar")

    variables = _trace_variables(reader, factor)
    if options.geometry is not None:
        variables.update(read_geometry(options.geometry, variables))
        message = f"{reader.name}: positions come from {options.geometry}, not the headers."
        findings.append(Finding("info", message))
    survey = xr.Dataset(
        {
            name: ("trace", variables[name].astype(kind.dtype), _variable_attrs(name))
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
            "recorded_samples": reader.n_samples,
            "recorded_dt_s": dt_s,
            "recorded_start_s": start_s,
        },
    )
    survey.attrs["traces_per_gather"] = chunk_traces(variables["field_record"], reader.n_samples)
    return survey, findings


def _trace_variables(reader: Reader, factor: float) -> dict[str, NDArray[Any]]:
    column = reader.headers.column
    coordinate_scalar = column("coordinate_scalar")
    elevation_scalar = column("elevation_scalar")
    variables: dict[str, NDArray[Any]] = {}
    for name in _COORDINATES:
        variables[name] = factor * scaled(column(name), coordinate_scalar)
    for name in _ELEVATIONS:
        variables[name] = factor * scaled(column(name), elevation_scalar)
    variables["offset"] = factor * column("offset")
    for name in _NUMBERS:
        variables[name] = column(name)
    for name in _LINE_NUMBERS:
        there = reader.has_cdp_position
        variables[name] = column(name) if there else np.zeros(reader.n_traces, dtype=np.int64)
    return variables


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
