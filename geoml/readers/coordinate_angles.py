"""Header coordinates that are longitudes and latitudes, put on a plane in metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.readers.finding import Finding
from geoml.readers.options import IngestOptions
from geoml.readers.reader import Reader
from geoml.survey.header_scalar import scaled
from geoml.survey.local_plane import (
    ARC_SECONDS,
    DECIMAL_DEGREES,
    DEGREES_MINUTES_SECONDS,
    EQUATOR_RADIUS_M,
    LocalPlane,
    degrees,
    shortening_m,
)

Floats = NDArray[np.float64]

_UNIT_NAMES = {
    ARC_SECONDS: "seconds of arc",
    DECIMAL_DEGREES: "decimal degrees",
    DEGREES_MINUTES_SECONDS: "degrees, minutes and seconds",
}
# A number of one unit of the last place, in degrees.
_UNIT_DEG = {ARC_SECONDS: 1 / 3600, DECIMAL_DEGREES: 1.0, DEGREES_MINUTES_SECONDS: 1 / 3600}
_WHO = ("source", "receiver")


@dataclass(frozen=True)
class CoordinateAngles:
    """The plane for a file whose coordinates are angles.

    Attributes:
        units_code: Trace header bytes 89-90: 2, 3 or 4.
        plane: Touches the ellipsoid in the middle of the survey.
    """

    units_code: int
    plane: LocalPlane

    def xy(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Positions on the plane [m]; 0, 0, where nothing was filled in, stays so.

        Args:
            x: Longitudes in the file's unit, shape (trace,).
            y: Latitudes in the file's unit, shape (trace,).
        """
        filled = (x != 0) | (y != 0)
        east, north = np.zeros(x.shape), np.zeros(y.shape)
        east[filled], north[filled] = self.plane.xy(
            degrees(x[filled], self.units_code), degrees(y[filled], self.units_code)
        )
        return east, north


def coordinate_angles(
    reader: Reader, options: IngestOptions, plane: LocalPlane | None = None
) -> tuple[CoordinateAngles | None, list[Finding]]:
    """How to put a file's coordinates on a plane, None where they are lengths already.

    Args:
        reader: The opened file.
        options: The user's decisions; a coordinate unit says that they are lengths.
        plane: The plane to use, that of another file of the same survey, which told of it.
    """
    if options.coordinate_unit is not None:
        return None, []
    units = reader.headers.column("coordinate_units")
    code = int(np.bincount(np.clip(units, 0, 5)).argmax())
    if code not in _UNIT_NAMES:
        return None, []
    longitude, latitude = _angles(reader, code)
    if not longitude.size:
        return None, []
    name = reader.name
    farthest = float(np.abs(longitude).max()), float(np.abs(latitude).max())
    if farthest[0] > 360 or farthest[1] > 90 or not _credible(reader, code):
        message = (
            f"{name}: coordinates are marked as {_UNIT_NAMES[code]} (units code {code}) but reach "
            f"{farthest[0]:.0f} and {farthest[1]:.0f} degrees; reading them as lengths."
        )
        return None, [Finding("warning", message, "--unit")]
    if plane is not None:
        return CoordinateAngles(code, plane), []
    plane = LocalPlane.around(longitude, latitude)
    east, north = plane.xy(longitude, latitude)
    radius_m = float(np.hypot(east, north).max())
    message = (
        f"{name}: coordinates are {_UNIT_NAMES[code]} (units code {code}), put on a plane in "
        f"metres around {_place(plane)} (WGS84); distances within {_length(radius_m)} of it are "
        f"short by {_length(shortening_m(radius_m))} at most, and the headers hold steps of "
        f"{_length(_step_m(reader, code))}."
    )
    advice = "Pass --geometry with projected positions, or --unit m if the code is wrong."
    return CoordinateAngles(code, plane), [Finding("warning", message, "--geometry", advice)]


def _angles(reader: Reader, code: int) -> tuple[Floats, Floats]:
    """Longitude and latitude of every source and receiver that has one [degrees]."""
    longitudes, latitudes = [], []
    for who in _WHO:
        x, y = (reader.headers.length(f"{who}_{axis}") for axis in "xy")
        filled = (x != 0) | (y != 0)
        longitudes.append(degrees(x[filled], code))
        latitudes.append(degrees(y[filled], code))
    return np.concatenate(longitudes), np.concatenate(latitudes)


def _credible(reader: Reader, code: int) -> bool:
    """Whether minutes and seconds written as one number stay below 60."""
    if code != DEGREES_MINUTES_SECONDS:
        return True
    for who in _WHO:
        for axis in "xy":
            size = np.round(np.abs(reader.headers.length(f"{who}_{axis}")), 4)
            if (size % 1e4 >= 6000).any() or (size % 100 >= 60).any():
                return False
    return True


def _step_m(reader: Reader, code: int) -> float:
    """Length of one header unit along a meridian [m]."""
    scalar = reader.headers.column("coordinate_scalar")
    one = scaled(np.ones_like(scalar), scalar).max()
    return float(np.radians(one * _UNIT_DEG[code]) * EQUATOR_RADIUS_M)


def _place(plane: LocalPlane) -> str:
    north = f"{abs(plane.latitude_deg):g} {'N' if plane.latitude_deg >= 0 else 'S'}"
    return f"{north}, {abs(plane.longitude_deg):g} {'E' if plane.longitude_deg >= 0 else 'W'}"


def _length(metres: float) -> str:
    if metres >= 10_000:
        return f"{metres / 1e3:.0f} km"
    if metres >= 1:
        return f"{metres:.0f} m"
    return f"{1e3 * metres:.0f} mm" if metres >= 1e-3 else "under 1 mm"
