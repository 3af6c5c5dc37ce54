"""A log file as wells: standard names and units on a regular grid, and the file's own beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geoml.errors import FileFormatError
from geoml.readers.depth_grid import DepthGrid
from geoml.readers.log_nulls import without_usual_nulls
from geoml.readers.log_options import LogOptions
from geoml.readers.mnemonics import Match, match_curves
from geoml.readers.raw_log import RawCurve, RawLog, column_name, unique_names
from geoml.survey.log_curves import curve_kind
from geoml.survey.log_units import convert, is_blank_unit, known_unit
from geoml.survey.well import well_dataset

WellPair = tuple[xr.Dataset, xr.Dataset]
"""A well, and the same well as its file has it."""

# On these a value of -999 may be true; only the declared null counts.
_POSITIONS = ("MD", "TVD", "TVDSS", "X", "Y", "Z")


def wells_of(
    logs: list[RawLog], options: LogOptions, name: str, attrs: dict[str, Any]
) -> list[WellPair]:
    """The logs of one file as wells.

    Args:
        logs: What a reader found in the file.
        options: What the user settles.
        name: The file, for messages.
        attrs: Attributes for every well, such as ``source_file``.

    Raises:
        FileFormatError: If a log has no curve beside the depth.
        GeometryError: If its depths make no grid.
        OptionError: If an option names a curve or unit that is not there.
    """
    return [_well(log, options, name, attrs) for log in logs]


def _well(log: RawLog, options: LogOptions, name: str, attrs: dict[str, Any]) -> WellPair:
    if not log.curves:
        raise FileFormatError(f"{name}: no curve beside the depth '{log.index_name}'.")
    findings = list(log.findings)
    unit = _depth_unit(log, options, name, findings)
    depth_m = np.asarray(convert(log.index, unit, "m"))
    grid = DepthGrid(depth_m, options.step_m, options.max_gap_m, name)
    findings += grid.findings
    matches = match_curves(log.curves, options.names, options.units)
    findings += [match.finding for match in matches if match.finding]
    assumed = [
        f"{raw.mnemonic} {match.unit}"
        for raw, match in zip(log.curves, matches, strict=True)
        if match.assumed
    ]
    if assumed:
        findings.append(f"units that the file does not give were assumed: {', '.join(assumed)}")
    nulls: list[str] = []
    curves, units, curve_attrs = {}, {}, {}
    for raw, match in zip(log.curves, matches, strict=True):
        values, unit_kept = _standard_values(raw, match, options, nulls)
        kind = curve_kind(match.name)
        log_scale = match.standard is not None and match.standard.log_scale
        if values.dtype == object:
            kind = "text"
        curves[match.name] = grid.values(values, kind, log_scale)
        units[match.name] = unit_kept
        curve_attrs[match.name] = {
            "mnemonic": raw.mnemonic,
            "original_units": raw.unit,
            "kind": kind,
            "standard": match.standard is not None,
            **({"file_description": raw.description} if raw.description else {}),
        }
    if nulls:
        findings.append(f"values such as -999 and -9999 taken for missing: {', '.join(nulls)}")
    facts = {
        **log.attrs,
        **attrs,
        **_position(curves, log.attrs),
        "well": log.well,
        "findings": findings,
        "max_gap_m": grid.max_gap_m,
        "regular_in_file": grid.regular,
        "depth_unit_in_file": unit,
    }
    well = well_dataset(
        log.name, grid.depth_m, curves, units=units, curve_attrs=curve_attrs, attrs=facts
    )
    return well, _original(log)


def _depth_unit(log: RawLog, options: LogOptions, name: str, findings: list[str]) -> str:
    unit = options.depth_unit or log.index_unit
    if is_blank_unit(unit):
        findings.append("the depths have no unit; metres are taken. Pass --depth-unit to choose")
        return "m"
    known = known_unit(unit, "length")
    if known is None or known.quantity != "length":
        raise FileFormatError(f"{name}: depths in '{unit}'; a length such as m or ft is needed.")
    return known.name


def _standard_values(
    raw: RawCurve, match: Match, options: LogOptions, nulls: list[str]
) -> tuple[Any, str]:
    """Values in the standard unit where there is one, and their unit."""
    if raw.values.dtype == object:
        return raw.values, ""
    values = raw.values.astype(np.float64)
    if match.name not in _POSITIONS:
        values, n_nulls = without_usual_nulls(values, options.nulls)
        if n_nulls:
            nulls.append(f"{raw.mnemonic} {n_nulls}")
    # What does not fit into single precision is no measurement.
    values = np.where(np.abs(values) < np.finfo(np.float32).max, values, np.nan)
    if match.standard is None:
        return values, "" if is_blank_unit(match.unit) else match.unit
    needed, known = known_unit(match.standard.units), known_unit(match.unit)
    if needed is None or known is None or match.standard.kind != "log":
        return values, match.standard.units
    return np.asarray(convert(values, match.unit, match.standard.units)), match.standard.units


def _position(curves: dict[str, Any], attrs: dict[str, Any]) -> dict[str, float]:
    """Where the hole starts, from its path where the header says nothing."""
    found = {}
    for key, curve in (("x_m", "X"), ("y_m", "Y")):
        if key not in attrs and curve in curves and curves[curve].dtype != object:
            finite = curves[curve][np.isfinite(curves[curve])]
            if finite.size:
                found[key] = float(finite[0])
    return found


def _original(log: RawLog) -> xr.Dataset:
    columns = unique_names([column_name(c.mnemonic) for c in log.curves], ["index", "depth"])
    data = {}
    for column, raw in zip(columns, log.curves, strict=True):
        attrs = {"mnemonic": raw.mnemonic, "units": raw.unit, "description": raw.description}
        values, words = raw.values, {}
        if values.dtype == object:
            known = sorted({str(word) for word in values if word})
            number = {word: float(code) for code, word in enumerate(known)}
            values = np.array([number.get(str(word), np.nan) for word in values])
            words = {"categories": known}
        data[column] = ("depth", values.astype(np.float64), {**attrs, **words})
    return xr.Dataset(
        data,
        coords={
            "depth": (
                "depth",
                log.index,
                {"mnemonic": log.index_name, "units": log.index_unit},
            )
        },
        attrs={"null": log.null, "header": log.header},
    )


def options_as_dict(options: LogOptions) -> dict[str, Any]:
    """The options that are not the default ones, for the history."""
    plain, default = asdict(options), asdict(LogOptions())
    return {key: value for key, value in plain.items() if value != default[key]}


LogReader = Callable[[str | Path, LogOptions], list[RawLog]]
"""Reads the logs of one file."""
