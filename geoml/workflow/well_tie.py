"""A velocity section against the sonic of a well near the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from geoml.errors import GeometryError, PhysicsError
from geoml.physics.well_misfit import WellMisfit, well_misfit
from geoml.survey.well_path import line_distance_of, vertical_depth


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
