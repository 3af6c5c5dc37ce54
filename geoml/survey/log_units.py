"""Units of well logs: the many spellings in files, and the one unit that each curve is kept in.

Logs are kept in the units they are read in on paper (g/cm3, v/v, ohm.m, gAPI, mV, in), but for
lengths along the hole [m] and slowness [us/m].
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoml.errors import OptionError

_FOOT_M = 0.3048
_LOG10 = "log10"


@dataclass(frozen=True)
class Unit:
    """A unit as a multiple of its quantity's base: ``base = factor * value + offset``.

    Attributes:
        name: Its spelling in geoml.
        quantity: What it measures; units of one quantity convert into each other.
        factor: Base units in one of it.
        offset: Base value of its zero, for temperatures.
    """

    name: str
    quantity: str
    factor: float = 1.0
    offset: float = 0.0


_SPELLINGS: dict[Unit, str] = {
    Unit("m", "length"): "m metre metres meter meters mt mtr",
    Unit("ft", "length", _FOOT_M): "ft f feet foot ftus",
    Unit("in", "length", 0.0254): 'in inch inches ins "',
    Unit("0.1 in", "length", 0.00254): "0.1in .1in",
    Unit("mm", "length", 1e-3): "mm millimetres millimeters",
    Unit("cm", "length", 1e-2): "cm centimetres centimeters",
    Unit("km", "length", 1e3): "km",
    Unit("us/m", "slowness"): "us/m usec/m usm s/m*1e-6 us/metre",
    Unit("us/ft", "slowness", 1 / _FOOT_M): "us/ft us/f usec/ft usec/f usft usf us/foot uspf",
    Unit("s/m", "slowness", 1e6): "s/m",
    Unit("m/s", "velocity"): "m/s m/sec",
    Unit("km/s", "velocity", 1e3): "km/s",
    Unit("ft/s", "velocity", _FOOT_M): "ft/s ft/sec f/s",
    Unit("g/cm3", "density"): "g/cm3 g/cc gm/cc gm/cm3 g/c3 gcc gm/c3 grm/cc gr/cc sg gcm3 g/c",
    Unit("kg/m3", "density", 1e-3): "kg/m3 k/m3 kgm3 kg/cm",
    Unit("lbm/gal", "density", 0.1198264): "lbm/gal lb/gal ppg lbs/gal",
    Unit(
        "v/v", "fraction"
    ): "v/v m3/m3 frac fraction ft3/ft3 cfcf dec decimal vv cm3/cm3 decp v/vdecimal m/m",
    Unit("%", "fraction", 1e-2): "% pu percent pct p.u. vol% pcnt porosityunits",
    Unit("ohm.m", "resistivity"): "ohm.m ohmm ohm-m ohm/m ohmsm ohmmeter ohmmetre Ω.m Ωm ohms-m",
    Unit("log10 ohm.m", f"{_LOG10} resistivity"): "log10ohm.m log10ohmm log(ohm.m)",
    Unit("gAPI", "gamma"): "gapi api gr apigr apiu gammaapi api-gr",
    Unit("mV", "potential"): "mv millivolt millivolts",
    Unit("V", "potential", 1e3): "v volt volts",
    Unit("b/e", "photoelectric"): "b/e barns/e b/elec barn/e be barnse b/electron barns/electron",
    Unit("degC", "temperature"): "degc celsius deg.c °c",
    Unit("degF", "temperature", 5 / 9, -160 / 9): "degf fahrenheit deg.f °f",
    Unit("m/h", "rate"): "m/h m/hr mph",
    Unit("ft/h", "rate", _FOOT_M): "ft/h ft/hr f/hr f/h fph",
    Unit("lbf", "force"): "lbf lb lbs",
    Unit("N", "force", 0.2248089): "n",
    Unit("kN", "force", 224.8089): "kn",
    Unit("deg", "angle"): "deg dega degrees degree",
    Unit("1", "number"): "1 unitless none na n/a dimensionless ratio _ -",
}

_UNITS = {spelling: unit for unit, text in _SPELLINGS.items() for spelling in text.split()}
# "usft" is a survey foot or microseconds a foot: a file means the latter on a curve and says so
# with a slash on most; the survey foot is left to depth columns, which are asked for a length.
_SURVEY_FEET = {"usft", "ftus"}


def known_unit(text: str, quantity: str = "") -> Unit | None:
    """The unit that a spelling stands for, None where it is none of the known ones.

    Args:
        text: As a file spells it; capitals, blanks, ``^``, ``**`` and ``µ`` do not matter.
        quantity: What is measured, where the spelling alone leaves a choice.
    """
    key = re.sub(r"[\s^*\[\]]", "", text).lower().replace("µ", "u").replace("μ", "u")
    key = re.sub(r"(?<=\d)\.0+$", "", key)
    if quantity == "length" and key in _SURVEY_FEET:
        return _UNITS["ft"]
    return _UNITS.get(key)


def is_blank_unit(text: str) -> bool:
    """Whether a file leaves the unit open."""
    return text.strip().lower() in {"", "_", "-", "none", "unknown", "unkn", "na", "n/a", "."}


def same_unit(one: str, other: str) -> bool:
    """Whether two spellings mean the same unit."""
    first, second = known_unit(one), known_unit(other)
    return first == second if first and second else one.strip().lower() == other.strip().lower()


def convert(values: ArrayLike, from_unit: str, to_unit: str) -> NDArray[Any]:
    """Values in another unit of the same quantity; float32 stays float32.

    A logarithmic resistivity is turned into a resistivity and back.

    Args:
        values: Numbers in ``from_unit``, any shape.
        from_unit: Their unit, in any known spelling.
        to_unit: The unit wanted.

    Raises:
        OptionError: If a unit is unknown, or they measure different things.
    """
    array = np.asarray(values)
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    quantity = next((u.quantity for u in map(known_unit, (to_unit, from_unit)) if u), "")
    source, target = known_unit(from_unit, quantity), known_unit(to_unit, quantity)
    if source is None or target is None:
        unknown = from_unit if source is None else to_unit
        raise OptionError(f"Unit '{unknown}' is not known; write one such as us/m, g/cm3 or v/v.")
    if source == target:
        return array
    if source.quantity == f"{_LOG10} {target.quantity}":
        with np.errstate(over="ignore"):
            return np.asarray(10**array, dtype=array.dtype)
    if target.quantity == f"{_LOG10} {source.quantity}":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(array > 0, np.log10(array), np.nan).astype(array.dtype)
    if source.quantity != target.quantity:
        raise OptionError(
            f"'{from_unit}' is a {source.quantity}, '{to_unit}' a {target.quantity}; units of one "
            "quantity are needed."
        )
    base = array.astype(np.float64) * source.factor + source.offset
    return ((base - target.offset) / target.factor).astype(array.dtype)
