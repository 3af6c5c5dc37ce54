"""A velocity section against the sonic of a well near the line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from geoml.errors import GeometryError, PhysicsError
from geoml.physics.well_misfit import WellMisfit, well_misfit
from geoml.survey.well_path import line_distance_of, vertical_depth
from geoml.survey.wells import wells


@dataclass(frozen=True, eq=False)
class WellTie:
    """A compared well.

    Attributes:
        name: The well.
        misfit: Figures and curves.
        distance_m: Distance of its mouth along the line [m].
        offset_m: How far its mouth is from the line [m], None where its distance was given.
    """

    name: str
    misfit: WellMisfit
    distance_m: float
    offset_m: float | None


def tie_well(
    section: xr.Dataset,
    well: xr.Dataset,
    *,
    distance_m: float | None = None,
    datum_m: float = 0.0,
    kelly_bushing_m: float | None = None,
    length_m: float | None = None,
) -> WellTie:
    """Compare a section with the sonic ``DTC`` of a well along its path.

    Args:
        section: ``velocity`` and, if known, ``velocity_std`` over (depth, distance), as ``invert``
            gives them.
        well: As ``geoml.survey.wells`` gives it.
        distance_m: Where a vertical well stands on the line [m]; else by its coordinates.
        datum_m: Elevation of the section's depth 0 above the sea [m].
        kelly_bushing_m: Elevation of the well's depth reference [m].
        length_m: Length over which the sonic is averaged [m]; a cell by default.

    Raises:
        GeometryError: If the well's place is unknown, or its path turns upwards.
        PhysicsError: If it has no sonic where the section is.
    """
    name = str(well.attrs.get("name", ""))
    if "DTC" not in well:
        raise PhysicsError(f"Well '{name}' has no sonic 'DTC'; nothing to compare.")
    depth = vertical_depth(well, datum_m=datum_m, kelly_bushing_m=kelly_bushing_m)
    if (np.diff(depth) <= 0).any():
        raise GeometryError(f"Well '{name}': its vertical depth does not increase along the hole.")
    if distance_m is None:
        distance, offset = line_distance_of(well, section)
    else:
        distance, offset = np.full(depth.size, distance_m), None
    with np.errstate(divide="ignore"):
        sonic = 1e6 / well["DTC"].values.astype(np.float64)
    spread = section["velocity_std"].values if "velocity_std" in section else None
    found = well_misfit(
        section["velocity"].values,
        section["depth"].values,
        section["distance"].values,
        depth,
        distance,
        np.where(np.isfinite(sonic), sonic, np.nan),
        spread,
        length_m=length_m,
    )
    return WellTie(name, found, float(distance[0]), offset)


def tie_wells(
    section: xr.Dataset, store: str | Path, *, max_offset_m: float = 1000.0, datum_m: float = 0.0
) -> tuple[dict[str, WellMisfit], list[str]]:
    """The misfit of every well of a store that stands near the line and has a sonic.

    Args:
        section: As ``tie_well`` takes it.
        store: Wells store.
        max_offset_m: How far from the line a well's mouth may be [m].
        datum_m: Elevation of the section's depth 0 above the sea [m].

    Returns:
        Well -> misfit, and a line for each well that was left out.
    """
    found, left_out = {}, []
    for name, well in wells(store):
        try:
            tied = tie_well(section, well, datum_m=datum_m)
        except (GeometryError, PhysicsError) as error:
            left_out.append(f"{name}: {error}")
            continue
        if tied.offset_m is not None and tied.offset_m > max_offset_m:
            left_out.append(f"{name}: {tied.offset_m:.0f} m from the line, over {max_offset_m:g} m")
        else:
            found[name] = tied.misfit
    return found, left_out
