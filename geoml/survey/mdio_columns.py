"""Trace headers of an MDIO store as the trace variables of a survey, in metres."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.survey.header_scalar import scaled
from geoml.survey.location import base_name
from geoml.survey.mdio_group import MdioGroup, dimension_names, quiet_records
from geoml.survey.schema import TRACE_VARIABLES

Columns = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]

_METRES = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3}
_METRES |= {"in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}
_FEET_CODE = 2
# Units code of the standard -> units a degree: seconds of arc, degrees, degrees-minutes-seconds.
_UNITS_A_DEGREE = {2: 3600.0, 3: 1.0, 4: 1e4}

# Number -> the names that MDIO's SEG-Y reader may give it, the standard's own first.
_NAMES: dict[str, tuple[str, ...]] = {
    "field_record": ("orig_field_record_num", "shot_point", "energy_source_point_num"),
    "trace_in_record": ("trace_num_orig_record", "channel", "receiver", "trace"),
    "cdp": ("ensemble_num",),
    "trace_kind": ("trace_id_code",),
    "offset": ("source_to_receiver_distance",),
    "receiver_elevation": ("receiver_group_elevation",),
    "source_elevation": ("source_surface_elevation",),
    "source_depth": ("source_depth_below_surface",),
    "elevation_scalar": ("elevation_depth_scalar",),
    "coordinate_scalar": ("coordinate_scalar",),
    "source_x": ("source_coord_x",),
    "source_y": ("source_coord_y",),
    "receiver_x": ("group_coord_x",),
    "receiver_y": ("group_coord_y",),
    "cdp_x": ("cdp_x",),
    "cdp_y": ("cdp_y",),
    "coordinate_units": ("coordinate_unit",),
    "delay_ms": ("delay_recording_time",),
    "dt_us": ("sample_interval",),
    "inline": ("inline",),
    "crossline": ("crossline",),
}
# Axes that the writer of the store chose: they outrank the standard's place for the number.
_AXES = ("cdp", "offset", "inline", "crossline")
_COORDINATES = ("source_x", "source_y", "receiver_x", "receiver_y", "cdp_x", "cdp_y")
_ELEVATIONS = ("source_elevation", "source_depth", "receiver_elevation")


def trace_columns(mdio: MdioGroup) -> Columns:
    """The numbers of each live trace's header, as they stand there, shape (trace,) each.

    Only the wanted fields are kept, so that the records of a large store never are in memory.
    """
    array = mdio.array("headers")
    if array is None or not array.dtype.names or dimension_names(array) != mdio.dims[:-1]:
        return {}
    found = {name: _first(names, array.dtype.names) for name, names in _NAMES.items()}
    wanted = {name: field for name, field in found.items() if field}
    columns = {name: np.empty(mdio.live.size, dtype=np.int64) for name in wanted}
    step = int(array.chunks[0])
    slab = int(np.prod(mdio.grid[1:], dtype=np.int64))
    for start in range(0, mdio.grid[0], step):
        with quiet_records():
            records = np.asarray(array[start : start + step]).reshape(-1)
        first, last = np.searchsorted(mdio.live, [start * slab, (start + step) * slab])
        there = records[mdio.live[first:last] - start * slab]
        for name, field in wanted.items():
            columns[name][first:last] = there[field]
    return columns


def trace_variables(mdio: MdioGroup, columns: Columns, factor: float) -> Columns:
    """Every trace variable of a survey, 0 where the store holds nothing for it.

    Args:
        mdio: The opened store.
        columns: Header numbers of the live traces, each of shape (trace,).
        factor: Metres in the store's length unit, 0 where its coordinates are no lengths.

    Returns:
        Arrays of shape (trace,); positions, elevations and offsets in metres.
    """
    return {name: _variable(mdio, columns, factor, name) for name in TRACE_VARIABLES}


def length_factor(mdio: MdioGroup, columns: Columns) -> tuple[float, list[str]]:
    """Metres in the store's length unit, and what was noticed about it.

    The factor is 0 where the coordinates are angles, which puts every position at 0: a survey
    without geometry.
    """
    name = base_name(mdio.path)
    code, farthest = _marked_as_angles(columns)
    findings = []
    if code and farthest <= 180:
        return 0.0, [
            f"{name}: coordinates are angles (units code {code}); positions are left at 0. Ingest "
            "the SEG-Y itself to have them projected."
        ]
    if code:
        findings = [
            f"{name}: coordinates are marked as angles (units code {code}) but reach "
            f"{farthest:.0f} degrees; reading them as lengths."
        ]
    unit = mdio.length_unit()
    if not unit:
        fields = mdio.file_header().get("binaryHeader") or {}
        unit = "ft" if fields.get("measurement_system_code") == _FEET_CODE else "m"
    if unit not in _METRES:
        return 1.0, [*findings, f"{name}: coordinates in the unit '{unit}', taken for metres."]
    if unit != "m":
        findings.append(f"{name}: lengths are in {unit}; given in metres.")
    return _METRES[unit], findings


def _marked_as_angles(columns: Columns) -> tuple[int, float]:
    """The code that marks coordinates as angles, else 0, and the largest one [degrees]."""
    units = columns.get("coordinate_units", np.zeros(1, dtype=np.int64))
    code = int(np.bincount(np.clip(units, 0, 5)).argmax())
    if code not in _UNITS_A_DEGREE:
        return 0, 0.0
    found = (_scaled(columns, name, "coordinate_scalar") for name in _COORDINATES[:4])
    farthest = max((float(np.abs(v).max()) for v in found if v is not None), default=0.0)
    return (code if farthest else 0), farthest / _UNITS_A_DEGREE[code]


def _variable(mdio: MdioGroup, columns: Columns, factor: float, name: str) -> NDArray[Any]:
    none = np.zeros(mdio.live.size)
    if name in _COORDINATES:
        # Without headers, the coordinates stand scaled in the store.
        values = _scaled(columns, name, "coordinate_scalar")
        if values is None:
            values = mdio.trace_values(_NAMES[name][0])
        return factor * (none if values is None else np.nan_to_num(values))
    length = factor or 1.0  # angles are coordinates only
    if name in _ELEVATIONS:
        values = _scaled(columns, name, "elevation_scalar")
        return length * (none if values is None else values)
    values = mdio.trace_values(name) if name in _AXES and name in mdio.dims else None
    if values is None:
        values = columns.get(name)
    if values is None:
        values = next((v for n in _NAMES[name] if (v := mdio.trace_values(n)) is not None), none)
    return length * values if name == "offset" else values


def _scaled(columns: Columns, name: str, scalar_name: str) -> Floats | None:
    """A header number with its trace's own scalar applied, None where either is missing."""
    if name not in columns or scalar_name not in columns:
        return None
    return scaled(columns[name], columns[scalar_name])


def _first(names: tuple[str, ...], there: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in there), None)
