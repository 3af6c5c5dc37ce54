"""Trace headers of an MDIO store as the trace variables of a survey, in metres."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoml.survey.header_scalar import scaled
from geoml.survey.mdio_group import MdioGroup, dimension_names, quiet_records
from geoml.survey.mdio_units import PositionUnits
from geoml.survey.schema import TRACE_VARIABLES

Columns = dict[str, NDArray[Any]]

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
    "coordinate_units": ("coordinate_unit",),
    "delay_ms": ("delay_recording_time",),
    "dt_us": ("sample_interval",),
    "inline": ("inline",),
    "crossline": ("crossline",),
}
# Axes that the writer of the store chose: they outrank the standard's place for the number.
_AXES = ("cdp", "offset", "inline", "crossline")
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


def trace_variables(mdio: MdioGroup, columns: Columns, units: PositionUnits) -> Columns:
    """Every trace variable of a survey, 0 where the store holds nothing for it.

    Args:
        mdio: The opened store.
        columns: Header numbers of the live traces, each of shape (trace,).
        units: How positions become metres.

    Returns:
        Arrays of shape (trace,); positions, elevations and offsets in metres.
    """
    variables = {}
    for who in ("source", "receiver"):
        x, y = (_coordinate(mdio, columns, f"{who}_{axis}") for axis in "xy")
        variables[f"{who}_x"], variables[f"{who}_y"] = units.xy(x, y)
    for name in TRACE_VARIABLES.keys() - variables.keys():
        variables[name] = _number(mdio, columns, name)
        if name in _ELEVATIONS or name == "offset":
            variables[name] = units.factor * variables[name]
    return variables


def _coordinate(mdio: MdioGroup, columns: Columns, name: str) -> NDArray[np.float64]:
    """A coordinate in the unit of the store: from the headers, each with its own scalar."""
    if name in columns and "coordinate_scalar" in columns:
        return scaled(columns[name], columns["coordinate_scalar"])
    # Without headers: MDIO's own coordinates stand scaled in the store.
    values = mdio.trace_values(_NAMES[name][0])
    return np.zeros(mdio.live.size) if values is None else np.nan_to_num(values)


def _number(mdio: MdioGroup, columns: Columns, name: str) -> NDArray[Any]:
    if name in _ELEVATIONS and name in columns and "elevation_scalar" in columns:
        return scaled(columns[name], columns["elevation_scalar"])
    if name in _AXES and name in mdio.dims:
        chosen = mdio.trace_values(name)
        if chosen is not None:
            return chosen
    if name in columns:
        return columns[name]
    found = (mdio.trace_values(other) for other in _NAMES.get(name, ()))
    return next((values for values in found if values is not None), np.zeros(mdio.live.size))


def _first(names: tuple[str, ...], there: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in there), None)
