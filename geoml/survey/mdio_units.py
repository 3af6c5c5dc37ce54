"""In which unit an MDIO store holds its positions: metres, another length, or angles."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geoml.survey.header_scalar import scaled
from geoml.survey.local_plane import (
    ARC_SECONDS,
    DECIMAL_DEGREES,
    DEGREES_MINUTES_SECONDS,
    LocalPlane,
    degrees,
)
from geoml.survey.location import base_name
from geoml.survey.mdio_group import MdioGroup

Columns = dict[str, NDArray[np.int64]]
Floats = NDArray[np.float64]

_METRES = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3}
_METRES |= {"in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}
_FEET_CODE = 2
_ANGLES = (ARC_SECONDS, DECIMAL_DEGREES, DEGREES_MINUTES_SECONDS)


@dataclass(frozen=True)
class PositionUnits:
    """How numbers of a store become metres.

    Attributes:
        factor: Metres in the store's length unit.
        units_code: 2, 3 or 4 where x and y are angles, else 0; see ``degrees``.
        plane: The plane that angles are put on.
        findings: What was noticed.
    """

    factor: float
    units_code: int = 0
    plane: LocalPlane | None = None
    findings: list[str] = field(default_factory=list)

    def xy(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Positions in metres; 0, 0, where nothing was filled in, stays so."""
        if self.plane is None:
            return self.factor * x, self.factor * y
        filled = (x != 0) | (y != 0)
        east, north = np.zeros(x.shape), np.zeros(y.shape)
        code = self.units_code
        east[filled], north[filled] = self.plane.xy(
            degrees(x[filled], code), degrees(y[filled], code)
        )
        return east, north


def position_units(mdio: MdioGroup, columns: Columns) -> PositionUnits:
    """The unit of a store's positions.

    Args:
        mdio: The opened store.
        columns: Header numbers of the live traces, each of shape (trace,).
    """
    name = base_name(mdio.path)
    unit = mdio.length_unit()
    if not unit:
        fields = mdio.file_header().get("binaryHeader") or {}
        unit = "ft" if fields.get("measurement_system_code") == _FEET_CODE else "m"
    findings = []
    if unit not in _METRES:
        findings.append(f"{name}: coordinates in the unit '{unit}', taken for metres.")
    elif unit != "m":
        findings.append(f"{name}: lengths are in {unit}; given in metres.")
    factor = _METRES.get(unit, 1.0)
    code, longitude, latitude = _angles(columns)
    if not code:
        return PositionUnits(factor, findings=findings)
    farthest = float(np.abs(longitude).max()), float(np.abs(latitude).max())
    if farthest[0] > 360 or farthest[1] > 90:
        findings.append(
            f"{name}: coordinates are marked as angles (units code {code}) but reach "
            f"{farthest[0]:.0f} and {farthest[1]:.0f} degrees; reading them as lengths."
        )
        return PositionUnits(factor, findings=findings)
    plane = LocalPlane.around(longitude, latitude)
    findings.append(
        f"{name}: coordinates are angles (units code {code}), put on a plane in metres around "
        f"longitude {plane.longitude_deg:g} and latitude {plane.latitude_deg:g} (WGS84)."
    )
    return PositionUnits(factor, code, plane, findings)


def _angles(columns: Columns) -> tuple[int, Floats, Floats]:
    """Units code of angles, and longitudes and latitudes [degrees]; code 0 where there are none."""
    none = np.empty(0), np.empty(0)
    needed = ("coordinate_units", "coordinate_scalar", "source_x", "source_y")
    if not set(needed) <= set(columns):
        return 0, *none
    code = int(np.bincount(np.clip(columns["coordinate_units"], 0, 5)).argmax())
    if code not in _ANGLES:
        return 0, *none
    longitudes, latitudes = [], []
    for who in ("source", "receiver"):
        if f"{who}_x" in columns and f"{who}_y" in columns:
            x, y = (scaled(columns[f"{who}_{axis}"], columns["coordinate_scalar"]) for axis in "xy")
            filled = (x != 0) | (y != 0)
            longitudes.append(degrees(x[filled], code))
            latitudes.append(degrees(y[filled], code))
    longitude, latitude = np.concatenate(longitudes), np.concatenate(latitudes)
    return (code if longitude.size else 0), longitude, latitude
