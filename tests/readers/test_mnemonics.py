"""Laws of matching mnemonics: unit and name must both fit, and no column is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import OptionError
from geoml.readers.mnemonics import match_curves
from geoml.readers.raw_log import RawCurve
from geoml.survey.log_curves import ALIASES, CURVES


def _curve(mnemonic: str, unit: str = "", values: tuple[float, ...] = (1.0, 2.0)) -> RawCurve:
    return RawCurve(mnemonic, unit, np.array(values))


def test_aliases_get_their_standard_name() -> None:
    curves = [_curve("ILD", "OHMM"), _curve("dt", "US/F"), _curve("ZDEN", "G/C3"), _curve("HCAL")]
    assert [m.name for m in match_curves(curves)] == ["RDEP", "DTC", "RHOB", "CALI"]


def test_first_alias_wins_and_the_others_keep_their_names() -> None:
    curves = [_curve("HCAL", "in"), _curve("CALI", "in"), _curve("CALS", "in")]
    assert [m.name for m in match_curves(curves)] == ["HCAL", "CALI", "CALS"]


def test_of_two_runs_the_fuller_one_wins() -> None:
    curves = [_curve("GR", "GAPI", (np.nan, 1.0)), _curve("GR", "GAPI", (3.0, 1.0))]
    assert [m.name for m in match_curves(curves)] == ["GR_2", "GR"]


def test_unit_of_another_quantity_is_no_match() -> None:
    (match,) = match_curves([_curve("DT", "degF")])
    assert match.standard is None
    assert match.finding == "'DT' is kept as DT: 'degF' is no unit of DTC"


@pytest.mark.parametrize(
    ("mnemonic", "values", "unit"),
    [
        ("DT", (80.0, 100.0), "us/ft"),
        ("DT", (280.0, 400.0), "us/m"),
        ("DTS", (150.0, 200.0), "us/ft"),
        ("RHOB", (2.3, 2.6), "g/cm3"),
        ("RHOB", (2300.0, 2600.0), "kg/m3"),
        ("NPHI", (0.1, 0.4), "v/v"),
        ("NPHI", (10.0, 40.0), "%"),
        ("CALI", (8.5, 9.0), "in"),
        ("CALI", (216.0, 220.0), "mm"),
        ("ILD_log10", (0.5, 1.0), "log10 ohm.m"),
    ],
)
def test_values_tell_a_unit_that_is_not_given(
    mnemonic: str, values: tuple[float, ...], unit: str
) -> None:
    (match,) = match_curves([_curve(mnemonic, "", values)])
    assert match.unit == unit
    assert match.assumed


def test_unknown_unit_is_overruled_by_values_only_where_they_tell_it() -> None:
    density, gamma = match_curves([_curve("RHOB", "K/M", (2500.0,)), _curve("GR", "CPM")])
    assert (density.name, density.unit) == ("RHOB", "kg/m3")
    assert gamma.standard is None


@given(
    mnemonics=st.lists(
        st.one_of(st.sampled_from(sorted(ALIASES)), st.text(max_size=6)), min_size=1, max_size=20
    ),
    unit=st.sampled_from(["", "us/ft", "OHMM", "in", "?"]),
)
def test_every_column_gets_a_name_of_its_own(mnemonics: list[str], unit: str) -> None:
    matches = match_curves([_curve(mnemonic, unit) for mnemonic in mnemonics])
    names = [match.name.lower() for match in matches]
    assert len(set(names)) == len(names) == len(mnemonics)
    assert not {"depth", "well_index", "well_name", "original"} & set(names)
    assert all(m.standard is None or m.name in CURVES for m in matches)


def test_unknown_unit_from_the_user_is_refused() -> None:
    with pytest.raises(OptionError, match="Unit 'furlong' of 'GR' is not known"):
        match_curves([_curve("GR")], units={"GR": "furlong"})
