"""Where a well's samples lie: vertical depth below a datum, and distance along a line."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geoml.errors import GeometryError

Floats = NDArray[np.float64]


def vertical_depth(
    well: xr.Dataset, *, datum_m: float = 0.0, kelly_bushing_m: float | None = None
) -> Floats:
    """Depth of each sample below a datum [m], shape (depth,).

    From the elevation ``Z``, else the depth below the sea ``TVDSS``, else ``TVD``, else the
    measured depth of a hole taken for vertical; the last two count from the kelly bushing.

    Args:
        well: The well.
        datum_m: Elevation of the section's depth 0 above the sea [m].
        kelly_bushing_m: Elevation of the depth reference above the sea [m]; 0 above the datum if
            not given.
    """
    if _there(well, "Z"):
        return datum_m - _filled(well, "Z")
    if _there(well, "TVDSS"):
        return datum_m + _filled(well, "TVDSS")
    above = 0.0 if kelly_bushing_m is None else kelly_bushing_m - datum_m
    if _there(well, "TVD"):
        return _filled(well, "TVD") - above
    return well["depth"].values.astype(np.float64) - above


def line_distance_of(well: xr.Dataset, section: xr.Dataset) -> tuple[Floats, float]:
    """Distance along a line of each sample of a well, and how far from the line its mouth is.

    Args:
        well: With curves ``X`` and ``Y``, or attributes ``x_m`` and ``y_m``.
        section: With ``distance``, ``cdp_x`` and ``cdp_y`` [m].

    Returns:
        Distance [m], shape (depth,), and metres between mouth and line.

    Raises:
        GeometryError: If positions of the well or of the line are missing.
    """
    if "cdp_x" not in section or "cdp_y" not in section:
        raise GeometryError("The section has no cdp_x and cdp_y; pass the well's distance instead.")
    if _there(well, "X") and _there(well, "Y"):
        x, y = _filled(well, "X"), _filled(well, "Y")
    elif "x_m" in well.attrs and "y_m" in well.attrs:
        x, y = (np.full(well.sizes["depth"], float(well.attrs[k])) for k in ("x_m", "y_m"))
    else:
        raise GeometryError(
            f"Well '{well.attrs.get('name', '')}' has no position; pass its distance on the line."
        )
    line_x, line_y = (section[k].values.astype(np.float64) for k in ("cdp_x", "cdp_y"))
    distance = section["distance"].values.astype(np.float64)
    return _projected(x, y, line_x, line_y, distance)


def _projected(
    x: Floats, y: Floats, line_x: Floats, line_y: Floats, distance: Floats
) -> tuple[Floats, float]:
    """The nearest point of a broken line, for each position."""
    best, found = np.full(x.size, np.inf), np.zeros(x.size)
    for k in range(line_x.size - 1):
        dx, dy = line_x[k + 1] - line_x[k], line_y[k + 1] - line_y[k]
        square = dx * dx + dy * dy
        share = ((x - line_x[k]) * dx + (y - line_y[k]) * dy) / square if square else 0.0 * x
        share = np.clip(share, 0, 1)
        off = np.hypot(x - line_x[k] - share * dx, y - line_y[k] - share * dy)
        nearer = off < best
        best = np.where(nearer, off, best)
        found = np.where(nearer, distance[k] + share * (distance[k + 1] - distance[k]), found)
    return found, float(best[0])


def _there(well: xr.Dataset, name: str) -> bool:
    return name in well and bool(np.isfinite(well[name].values).any())


def _filled(well: xr.Dataset, name: str) -> Floats:
    """A position curve, straight over gaps and beyond its ends."""
    values = well[name].values.astype(np.float64)
    depth = well["depth"].values
    there = np.isfinite(values)
    line = np.interp(depth, depth[there], values[there])
    if name not in ("Z", "TVD", "TVDSS") or there.sum() < 2:
        return line
    known, at = values[there], depth[there]
    # Beyond its survey a hole goes on as steeply as it was there.
    down = (known[1] - known[0]) / (at[1] - at[0]), (known[-1] - known[-2]) / (at[-1] - at[-2])
    line = np.where(depth < at[0], known[0] + down[0] * (depth - at[0]), line)
    return np.where(depth > at[-1], known[-1] + down[1] * (depth - at[-1]), line)
