"""Longitudes and latitudes as metres on a plane that touches the ellipsoid, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EQUATOR_RADIUS_M = 6378137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)
ARC_SECONDS, DECIMAL_DEGREES, DEGREES_MINUTES_SECONDS = 2, 3, 4
_MOST_STEPS = 50
_CLOSE_M = 1e-6


@dataclass(frozen=True)
class LocalPlane:
    """The plane that touches the WGS84 ellipsoid at an origin; x points east, y north.

    Distances from the origin come out short, as a sphere's chords do: by ``distance**3 / (6
    R**2)``, 4 mm at 10 km and 4 m at 100 km. Heights are left out.

    Attributes:
        longitude_deg: Longitude of the origin, east positive [degrees].
        latitude_deg: Latitude of the origin, north positive [degrees].

    References:
        NIMA (2000), World Geodetic System 1984, TR8350.2, third edition, sections 3 and 4.
    """

    longitude_deg: float
    latitude_deg: float

    @classmethod
    def around(cls, longitude_deg: Floats, latitude_deg: Floats) -> LocalPlane:
        """The plane at the middle of some positions, to a thousandth of a degree.

        The middle is taken in space, so that a survey across the date line has its own.
        """
        x, y, z = (float(axis.mean()) for axis in _space(longitude_deg, latitude_deg))
        longitude = np.degrees(np.arctan2(y, x))
        latitude = np.degrees(np.arctan2(z, (1 - ECCENTRICITY_2) * np.hypot(x, y)))
        return cls(round(float(longitude), 3) + 0.0, round(float(latitude), 3) + 0.0)

    def xy(self, longitude_deg: Floats, latitude_deg: Floats) -> tuple[Floats, Floats]:
        """East and north of the origin [m] of positions [degrees]."""
        origin = _space(np.array(self.longitude_deg), np.array(self.latitude_deg))
        x, y, z = (
            axis - zero
            for axis, zero in zip(_space(longitude_deg, latitude_deg), origin, strict=True)
        )
        sin_lon, cos_lon = _sin_cos(self.longitude_deg)
        sin_lat, cos_lat = _sin_cos(self.latitude_deg)
        east = cos_lon * y - sin_lon * x
        north = cos_lat * z - sin_lat * (cos_lon * x + sin_lon * y)
        return east, north

    def angles(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Longitude and latitude [degrees] of positions on the plane [m]; ``xy`` undone.

        Holds within some hundred kilometres of the origin and away from the poles.
        """
        x_m, y_m = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
        east_radius, north_radius = _radii(self.latitude_deg)
        longitude = np.full(x_m.shape, self.longitude_deg)
        latitude = np.full(y_m.shape, self.latitude_deg)
        for _ in range(_MOST_STEPS):
            east, north = self.xy(longitude, latitude)
            longitude = longitude + np.degrees((x_m - east) / east_radius)
            latitude = latitude + np.degrees((y_m - north) / north_radius)
            if max(np.abs(x_m - east).max(), np.abs(y_m - north).max()) < _CLOSE_M:
                break
        return longitude, latitude


def degrees(values: Floats, units_code: int) -> Floats:
    """Decimal degrees of coordinates in one of the angular units of SEG-Y.

    Args:
        values: Header coordinates with their scalar applied, shape (trace,).
        units_code: 2 seconds of arc, 3 decimal degrees, 4 degrees, minutes and seconds written as
            one number, DDDMMSS.ss.

    References:
        SEG (2017), SEG-Y revision 2.0 data exchange format, trace header bytes 89-90.
    """
    if units_code == ARC_SECONDS:
        return values / 3600
    if units_code == DECIMAL_DEGREES:
        return values
    # A hundredth of a second is the finest that headers hold; the rest is rounding.
    size = np.round(np.abs(values), 4)
    whole, minutes = np.floor(size / 1e4), np.floor(size % 1e4 / 100)
    return np.sign(values) * (whole + minutes / 60 + size % 100 / 3600)


def shortening_m(distance_m: float) -> float:
    """How much too short the plane shows a distance from its origin [m]."""
    return distance_m**3 / (6 * EQUATOR_RADIUS_M**2)


def _sin_cos(angle_deg: float) -> tuple[float, float]:
    angle = np.radians(angle_deg)
    return float(np.sin(angle)), float(np.cos(angle))


def _radii(latitude_deg: float) -> tuple[float, float]:
    """Metres in a radian of longitude and of latitude."""
    sine, cosine = _sin_cos(latitude_deg)
    bent = 1 - ECCENTRICITY_2 * sine**2
    east = EQUATOR_RADIUS_M / np.sqrt(bent) * max(cosine, 1e-6)
    return float(east), float(EQUATOR_RADIUS_M * (1 - ECCENTRICITY_2) / bent**1.5)


def _space(longitude_deg: Floats, latitude_deg: Floats) -> tuple[Floats, Floats, Floats]:
    """Positions on the ellipsoid in space, x through Greenwich, z to the north [m]."""
    longitude, latitude = np.radians(longitude_deg), np.radians(latitude_deg)
    sine, cosine = np.sin(latitude), np.cos(latitude)
    normal = EQUATOR_RADIUS_M / np.sqrt(1 - ECCENTRICITY_2 * sine**2)
    x = normal * cosine * np.cos(longitude)
    y = normal * cosine * np.sin(longitude)
    return x, y, normal * (1 - ECCENTRICITY_2) * sine
