"""Survey positions along the best straight line through them, and depths below its datum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError

Floats = NDArray[np.float64]

# Farther apart than any spread: one of the two was never filled in.
_IMPOSSIBLE_OFFSET_M = 100e3
# Sources hang near the sea surface; deeper ones are on land that lies below sea level.
_DEEPEST_MARINE_SOURCE_M = 100.0


@dataclass(frozen=True, eq=False)
class LineCoordinates:
    """Where sources and receivers are along a line and below its datum.

    Attributes:
        source_distance_m: Distance along the line [m], 0 at the line's first position, shape
            (trace,).
        receiver_distance_m: The same for receivers, shape (trace,).
        origin_xy: x and y of distance 0 [m].
        azimuth_deg: Direction of the line, clockwise from north (y), in (0, 180] [degrees].
        datum_elevation_m: Elevation of depth 0 [m], up.
        source_depth_m: Depth below the datum [m], shape (trace,).
        receiver_depth_m: Depth below the datum [m], shape (trace,).
        is_marine: True where sources and receivers hang below a sea surface.
        deviation_m: Largest distance of a position from the straight line [m].
    """

    source_distance_m: Floats
    receiver_distance_m: Floats
    origin_xy: tuple[float, float]
    azimuth_deg: float
    datum_elevation_m: float
    source_depth_m: Floats
    receiver_depth_m: Floats
    is_marine: bool
    deviation_m: float

    def xy_of(self, distance_m: float | Floats) -> tuple[Floats, Floats]:
        """Positions x and y [m] of distances along the line [m]."""
        along = np.asarray(distance_m, dtype=np.float64)
        azimuth = np.deg2rad(self.azimuth_deg)
        x = self.origin_xy[0] + along * _clean(np.sin(azimuth))
        y = self.origin_xy[1] + along * _clean(np.cos(azimuth))
        return x, y


def line_coordinates(survey: xr.Dataset) -> LineCoordinates:
    """Positions of a survey along the straight line that fits them best.

    The line is the least-squares one through all source and receiver positions, directed towards
    growing x (growing y where x does not change). The datum is the sea level where nothing lies
    above it, else the highest elevation of a source's or receiver's surface.

    Args:
        survey: Dataset with the trace variables in metres.

    Raises:
        GeometryError: If the headers hold no positions, or sources or receivers lack theirs.
    """
    source = _positions(survey, "source")
    receiver = _positions(survey, "receiver")
    _refuse_missing(source, receiver)
    points = unique_points(np.concatenate([source, receiver]))
    direction = _direction(points)
    centre = points.mean(axis=0)
    first = float(((points - centre) @ direction).min())
    origin = centre + first * direction
    across = np.array([-direction[1], direction[0]])

    source_elevation = survey["source_elevation"].values - survey["source_depth"].values
    receiver_elevation = survey["receiver_elevation"].values
    is_marine, datum = _datum(
        survey["source_elevation"].values, source_elevation, receiver_elevation
    )
    azimuth = float(np.rad2deg(np.arctan2(direction[0], direction[1])))
    return LineCoordinates(
        source_distance_m=(source - origin) @ direction,
        receiver_distance_m=(receiver - origin) @ direction,
        origin_xy=(float(origin[0]), float(origin[1])),
        azimuth_deg=azimuth,
        datum_elevation_m=datum,
        source_depth_m=datum - source_elevation,
        receiver_depth_m=datum - receiver_elevation,
        is_marine=is_marine,
        deviation_m=float(np.abs((points - centre) @ across).max()),
    )


def unique_points(points: Floats) -> Floats:
    """Different positions, sorted by x and then y, shape (point, 2)."""
    # Neighbouring traces mostly share one position: fewer are left to sort.
    points = points[np.append(True, (points[1:] != points[:-1]).any(axis=1))]
    # Complex numbers sort by real, then imaginary part: far quicker than unique rows.
    single = np.sort(points[:, 0] + 1j * points[:, 1])
    single = single[np.append(True, single[1:] != single[:-1])]
    return np.column_stack([single.real, single.imag])


def _positions(survey: xr.Dataset, who: str) -> Floats:
    positions = np.stack([survey[f"{who}_x"].values, survey[f"{who}_y"].values], axis=1)
    if not np.isfinite(positions).all():
        raise GeometryError(f"A {who} position is NaN or Inf; every position must be finite.")
    return positions.astype(np.float64)


def _refuse_missing(source: Floats, receiver: Floats) -> None:
    advice = "Ingest again with a geometry table (--geometry geometry.csv)."
    if not source.any() and not receiver.any():
        raise GeometryError(f"Every source and receiver coordinate is 0: no geometry. {advice}")
    farthest = float(np.hypot(*(receiver - source).T).max())
    for name, there in (("source", source.any()), ("receiver", receiver.any())):
        if not there and farthest > _IMPOSSIBLE_OFFSET_M:
            raise GeometryError(f"Every {name} coordinate is 0: {name}s have no geometry. {advice}")
    if farthest > _IMPOSSIBLE_OFFSET_M:
        raise GeometryError(
            f"A receiver is {farthest / 1e3:.0f} km from its source; at most "
            f"{_IMPOSSIBLE_OFFSET_M / 1e3:.0f} km is believed. {advice}"
        )


def _direction(points: Floats) -> Floats:
    """Unit vector (x, y) of the line through the points, shape (2,)."""
    centred = points - points.mean(axis=0)
    if not centred.any():
        return np.array([1.0, 0.0])
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    # A line straight north would otherwise point along x's rounding error.
    direction = np.array([_clean(direction[0]), _clean(direction[1])])
    # Which way a singular vector points is the linear algebra library's choice.
    leading = direction[0] if direction[0] != 0 else direction[1]
    return direction * np.sign(leading)


def _datum(surface: Floats, source: Floats, receiver: Floats) -> tuple[bool, float]:
    """Marine or not, and the elevation of depth 0 [m]."""
    highest = float(max(surface.max(), source.max(), receiver.max()))
    if highest > 0:
        return False, highest
    near_sea_level = float(-source.min()) <= _DEEPEST_MARINE_SOURCE_M
    if not near_sea_level:
        return False, highest
    return bool(np.median(receiver) < 0), 0.0


def _clean(component: float) -> float:
    return 0.0 if abs(component) < 1e-12 else float(component)
