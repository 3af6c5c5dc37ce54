"""The customary scale, unit and colour of each curve on a log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from geoml.products.log_track import Floats, TrackCurve
from geoml.products.style import INK
from geoml.survey.log_curves import CURVES
from geoml.survey.log_units import convert, same_unit


@dataclass(frozen=True)
class _Scale:
    """Unit and limits of a curve; the first limits that hold nine tenths of it are taken."""

    units: str
    limits: tuple[tuple[float, float], ...]
    colour: str
    log: bool = False
    dashed: bool = False


_RESISTIVITY = ((0.2, 2000.0),)
_CALIPER = ((6.0, 16.0), (6.0, 26.0), (6.0, 46.0))
# Young rock is too light for the first limits; both pairs overlay the curves for limestone, where
# 1 g/cm3 goes with 0.6 of porosity.
_DENSITY = ((1.95, 2.95), (1.70, 2.70))
_NEUTRON = ((0.45, -0.15), (0.60, 0.0))
_SCALES: dict[str, _Scale] = {
    "GR": _Scale("gAPI", ((0, 150), (0, 300)), "#1a8a3c"),
    "CGR": _Scale("gAPI", ((0, 150), (0, 300)), "#6abf7b", dashed=True),
    "CALI": _Scale("in", _CALIPER, "#8d5524"),
    "BS": _Scale("in", _CALIPER, "#6b7280", dashed=True),
    "RDEP": _Scale("ohm.m", _RESISTIVITY, "#c0392b", log=True),
    "RMED": _Scale("ohm.m", _RESISTIVITY, "#d98c1f", log=True),
    "RSHA": _Scale("ohm.m", _RESISTIVITY, "#2471a3", log=True),
    "RXO": _Scale("ohm.m", _RESISTIVITY, "#7d8a97", log=True, dashed=True),
    "RMIC": _Scale("ohm.m", _RESISTIVITY, "#a58fb8", log=True, dashed=True),
    "RHOB": _Scale("g/cm3", _DENSITY, "#c0392b"),
    "NPHI": _Scale("v/v", _NEUTRON, "#2471a3", dashed=True),
    "DPHI": _Scale("v/v", ((0.45, -0.15),), "#c0392b", dashed=True),
    "PHIND": _Scale("v/v", ((0.45, -0.15),), "#2471a3"),
    "DELTA_PHI": _Scale("v/v", ((-0.2, 0.2),), "#8e44ad", dashed=True),
    "PEF": _Scale("b/e", ((0, 10), (0, 20)), "#7a6a00"),
    "DTC": _Scale("us/ft", ((140, 40), (240, 40)), INK),
    "DTS": _Scale("us/ft", ((240, 40), (440, 40), (640, 40)), "#8e44ad"),
}
_SP_SPAN_MV = (100.0, 200.0, 400.0)
_SP_COLOUR = "#5d6d7e"
_MOST_OUTSIDE = 0.1


def curve_on_scale(well: xr.Dataset, name: str, like: str | None = None) -> TrackCurve:
    """A curve of a well in the unit and on the scale it is customarily drawn on.

    Args:
        well: The well.
        name: The curve.
        like: The curve whose scale it takes, for predictions; limits then hold that curve too.
    """
    kind = like or name
    values = well[name].values.astype(np.float64)
    units = str(well[name].attrs.get("units", ""))
    members = [values]
    if like is not None and like in well and like != name:
        members.append(well[like].values.astype(np.float64))
    if kind == "SP":
        left, right = _sp_limits(values)
        return TrackCurve(name, "mV", values, left, right, _SP_COLOUR)
    scale = _SCALES.get(kind)
    if scale is None:
        return _by_values(name, kind, units, values, np.concatenate(members))
    if units and not same_unit(units, scale.units):
        members = [np.asarray(convert(member, units, scale.units)) for member in members]
    if kind in ("CALI", "BS"):
        # Both on one scale, or the shading between them would tell nothing.
        members += [well[n].values for n in ("CALI", "BS") if n in well]
    left, right = _limits(scale, np.concatenate(members))
    if kind in ("RHOB", "NPHI") and {"RHOB", "NPHI"} <= set(well.data_vars):
        # One choice for both, or the overlay would tell nothing.
        ranks = [
            _SCALES[n].limits.index(_limits(_SCALES[n], well[n].values)) for n in ("RHOB", "NPHI")
        ]
        left, right = scale.limits[max(ranks)]
    return TrackCurve(
        name, scale.units, members[0], left, right, scale.colour, scale.log, scale.dashed
    )


def _limits(scale: _Scale, values: Floats) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    for left, right in scale.limits:
        low, high = sorted((left, right))
        if finite.size == 0 or np.mean((finite < low) | (finite > high)) <= _MOST_OUTSIDE:
            return left, right
    return scale.limits[-1]


def _sp_limits(values: Floats) -> tuple[float, float]:
    """A round window about the middle: the base line of a self potential is arbitrary."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return -_SP_SPAN_MV[0], 0.0
    low, high = np.quantile(finite, (0.02, 0.98))
    span = next((s for s in _SP_SPAN_MV if s >= high - low), _SP_SPAN_MV[-1])
    middle = round((low + high) / 2 / 10) * 10
    return middle - span / 2, middle + span / 2


def _by_values(name: str, kind: str, units: str, values: Floats, every: Floats) -> TrackCurve:
    """A scale for a curve that has none of custom: what holds nearly all of it."""
    log = kind in CURVES and CURVES[kind].log_scale
    finite = every[np.isfinite(every) & ((every > 0) if log else True)]
    low, high = np.quantile(finite, (0.01, 0.99)) if finite.size else (0.0, 1.0)
    if high <= low:
        high = low + 1.0
    left, right = (float(f"{v:.2g}") for v in (low, high))
    if left == right:
        left, right = float(low), float(high)
    return TrackCurve(name, units, values, left, right, INK, log)
