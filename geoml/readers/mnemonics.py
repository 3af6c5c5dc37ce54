"""Which column of a file is which standard curve, and in which unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoml.errors import OptionError
from geoml.readers.raw_log import RawCurve, column_name, unique_names
from geoml.registry import nearest
from geoml.survey.log_curves import ALIASES, CURVES, Curve
from geoml.survey.log_units import is_blank_unit, known_unit
from geoml.survey.well_writer import RESERVED


@dataclass(frozen=True)
class Match:
    """What a column of a file becomes.

    Attributes:
        name: Its variable's name: standard where it is known.
        standard: The standard curve, None where it is none.
        unit: The unit its values are in.
        assumed: Whether the unit is the one that its values or the custom suggest.
        finding: What a user should know about the choice, empty where nothing.
    """

    name: str
    standard: Curve | None
    unit: str
    assumed: bool = False
    finding: str = ""


def match_curves(
    curves: Sequence[RawCurve],
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> list[Match]:
    """Name and unit of every column.

    A column is taken for a standard curve where its mnemonic is among the aliases and its unit
    measures the same, or says nothing. Of several, the first alias in the curve's list wins, then
    the one with more values; the others keep the names of the file.

    Args:
        curves: Columns of one file.
        names: Mnemonic -> name in the store, against the aliases.
        units: Mnemonic -> unit, against the file.

    Raises:
        OptionError: If ``names`` or ``units`` name a column that is not there, or ``units`` a unit
            that nothing is known of.
    """
    names, units = _capitals(names or {}, curves), _capitals(units or {}, curves)
    for mnemonic, unit in units.items():
        if known_unit(unit) is None:
            raise OptionError(
                f"Unit '{unit}' of '{mnemonic}' is not known; write one such as us/m."
            )
    stated = [units.get(curve.mnemonic.upper(), curve.unit) for curve in curves]
    winners: dict[str, tuple[tuple[int, int], int]] = {}
    for place, (curve, unit) in enumerate(zip(curves, stated, strict=True)):
        found = _standard(curve, unit, names)
        if found is None:
            continue
        standard, rank = found
        merit = (rank, -int(np.sum(_present(curve.values))))
        if standard.name not in winners or merit < winners[standard.name][0]:
            winners[standard.name] = (merit, place)
    chosen = {place: CURVES[name] for name, (_, place) in winners.items()}
    wanted = [
        chosen[i].name if i in chosen else names.get(c.mnemonic.upper(), column_name(c.mnemonic))
        for i, c in enumerate(curves)
    ]
    given = _names(wanted, chosen)
    return [
        _match(curve, unit, name, chosen.get(place))
        for place, (curve, unit, name) in enumerate(zip(curves, stated, given, strict=True))
    ]


def _standard(curve: RawCurve, unit: str, names: Mapping[str, str]) -> tuple[Curve, int] | None:
    """The standard curve of a column and its rank among those who want to be it."""
    mnemonic = curve.mnemonic.upper().strip()
    if mnemonic in names:
        standard = CURVES.get(names[mnemonic])
        return None if standard is None else (standard, -1)
    standard, rank = ALIASES.get(column_name(mnemonic), (None, 0))
    if standard is None or (curve.values.dtype == object) != (standard.kind == "text"):
        return None
    return (standard, rank) if _fits(unit, standard) else None


def _match(curve: RawCurve, unit: str, name: str, standard: Curve | None) -> Match:
    if standard is None:
        return Match(name, None, unit, finding=_unit_mismatch(curve, unit, name))
    needed, known = known_unit(standard.units), known_unit(unit)
    if standard.kind != "log" or needed is None or needed.quantity == "number":
        return Match(name, standard, standard.units)
    if known is not None and known.quantity != "number":
        return Match(name, standard, unit)
    finding = "" if is_blank_unit(unit) else f"'{unit}' is no known unit of '{curve.mnemonic}'"
    return Match(name, standard, _assumed_unit(standard, curve), assumed=True, finding=finding)


def _unit_mismatch(curve: RawCurve, unit: str, name: str) -> str:
    """A line where the unit alone keeps a column from being a standard curve."""
    alias = ALIASES.get(column_name(curve.mnemonic))
    if alias is None or curve.values.dtype == object or _fits(unit, alias[0]):
        return ""
    return f"'{curve.mnemonic}' is kept as {name}: '{unit}' is no unit of {alias[0].name}"


def _fits(unit: str, standard: Curve) -> bool:
    """Whether a unit measures what a curve does, or leaves that open."""
    own, needed = known_unit(unit), known_unit(standard.units)
    if needed is None or is_blank_unit(unit) or standard.kind != "log":
        return True
    if own is None:
        return needed.quantity in _TOLD_BY_VALUES
    return own.quantity in (needed.quantity, f"log10 {needed.quantity}", "number")


_TOLD_BY_VALUES = ("slowness", "density", "fraction")
"""Quantities whose values alone tell the unit."""


def _assumed_unit(standard: Curve, curve: RawCurve) -> str:
    """The unit that makes a column's values possible, where the file gives none."""
    if standard.log_scale and "LOG10" in column_name(curve.mnemonic):
        return "log10 ohm.m"
    values = curve.values[np.isfinite(curve.values) & (np.abs(curve.values) < 1e6)]
    values = values[~np.isin(values, (-999.0, -999.25, -9999.0))]
    if values.size == 0:
        return standard.units
    middle, high = (float(q) for q in np.quantile(values, (0.5, 0.95)))
    needed = known_unit(standard.units)
    quantity = needed.quantity if needed is not None else ""
    if quantity == "slowness":
        # Compressional slowness of rock is 40 to 180 us/ft, shear 60 to 300 for the most part.
        return "us/m" if middle > (180 if standard.name == "DTC" else 300) else "us/ft"
    if quantity == "density":
        return "kg/m3" if middle > 100 else "lbm/gal" if middle > 5 else "g/cm3"
    if quantity == "fraction":
        return "%" if high > 1.5 else "v/v"
    if standard.units == "in":
        return "mm" if middle > 60 else "in"
    if quantity == "velocity":
        return "km/s" if middle < 20 else "m/s"
    return standard.units


def _names(wanted: Sequence[str], chosen: Mapping[int, Curve]) -> list[str]:
    """Variable names: standard ones first, the others beside them, none of the store's own."""
    standard = [curve.name for curve in chosen.values()]
    rest = [name for place, name in enumerate(wanted) if place not in chosen]
    free = iter(unique_names(rest, [*RESERVED, *standard]))
    return [chosen[place].name if place in chosen else next(free) for place in range(len(wanted))]


def _present(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    return values != "" if values.dtype == object else np.isfinite(values)


def _capitals(given: Mapping[str, str], curves: Sequence[RawCurve]) -> dict[str, str]:
    there = [curve.mnemonic.upper().strip() for curve in curves]
    for mnemonic in given:
        if mnemonic.upper() not in there:
            listing = ", ".join(curve.mnemonic for curve in curves)
            raise OptionError(
                f"No curve '{mnemonic}' in the file.{nearest(mnemonic.upper(), there)} "
                f"Curves: {listing}."
            )
    return {mnemonic.upper(): value for mnemonic, value in given.items()}
