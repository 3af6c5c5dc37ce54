"""Laws of log units and of the table of standard curves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import OptionError
from geoml.survey.log_curves import ALIASES, CURVES
from geoml.survey.log_units import _SPELLINGS, convert, is_blank_unit, known_unit, same_unit


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "expected"),
    [
        (100.0, "us/ft", "us/m", 328.0839895),
        (2650.0, "K/M3", "g/cc", 2.65),
        (30.0, "%", "v/v", 0.30),
        (45.0, "PU", "m3/m3", 0.45),
        (215.9, "mm", "in", 8.5),
        (212.0, "degF", "degC", 100.0),
        (2.0, "log10 ohm.m", "OHMM", 100.0),
        (1000.0, "0.1 in", "m", 2.54),
        (10.0, "FT", "m", 3.048),
        (8.345404, "lbm/gal", "g/cm3", 1.0),
    ],
)
def test_known_conversions(value: float, from_unit: str, to_unit: str, expected: float) -> None:
    assert convert(value, from_unit, to_unit) == pytest.approx(expected, rel=1e-6)


_PAIRS = [
    (a, b)
    for a in _SPELLINGS
    for b in _SPELLINGS
    if a.quantity.removeprefix("log10 ") == b.quantity.removeprefix("log10 ")
]


@given(pair=st.sampled_from(_PAIRS), value=st.floats(0.01, 200))
def test_there_and_back_is_the_same_value(pair: tuple, value: float) -> None:  # type: ignore[type-arg]
    there = convert(value, pair[0].name, pair[1].name)
    assert convert(there, pair[1].name, pair[0].name) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_no_spelling_means_two_units() -> None:
    spellings = [spelling for text in _SPELLINGS.values() for spelling in text.split()]
    assert len(spellings) == len(set(spellings))
    assert all(known_unit(unit.name) == unit for unit in _SPELLINGS)


def test_spelling_does_not_matter() -> None:
    assert same_unit("G/C3", "g / cm^3")
    assert same_unit("µs/ft", "US/F")
    assert same_unit("furlong", "Furlong ")
    assert not same_unit("us/ft", "us/m")
    assert is_blank_unit(" _ ")
    assert known_unit("USFT", "length") == known_unit("ft")


def test_float32_stays_float32_and_nothing_is_lost_where_units_agree() -> None:
    values = np.array([1.1, np.nan], dtype=np.float32)
    assert convert(values, "us/ft", "us/m").dtype == np.float32
    np.testing.assert_array_equal(convert(values, "G/CC", "g/cm3"), values)


def test_conversion_between_quantities_is_refused() -> None:
    with pytest.raises(OptionError, match="'ft' is a length, 'us/m' a slowness"):
        convert(1.0, "ft", "us/m")
    with pytest.raises(OptionError, match="Unit 'furlong' is not known"):
        convert(1.0, "furlong", "m")


@pytest.mark.parametrize("name", CURVES)
def test_standard_curve_is_sound(name: str) -> None:
    curve = CURVES[name]
    assert curve.name == name == name.upper()
    assert not curve.units or known_unit(curve.units) is not None
    assert all(alias == alias.upper() for alias in curve.aliases)
    assert ALIASES[name][0] == curve
    if curve.low is not None and curve.high is not None:
        assert curve.low < curve.high


def test_no_mnemonic_means_two_curves() -> None:
    aliases = [alias for curve in CURVES.values() for alias in curve.aliases]
    assert sorted(aliases) == sorted(set(aliases))
