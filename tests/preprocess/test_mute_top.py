"""Top mute step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.mute_top import MuteTop


@pytest.fixture
def ones(gathers: xr.DataArray) -> xr.DataArray:
    return xr.ones_like(gathers)


def test_sharp_mute_by_velocity_worked_by_hand(ones: xr.DataArray) -> None:
    # Offset 150 m at 1500 m/s after 0.1 s: 0.2 s, the sample of number 50.
    muted = MuteTop(velocity_m_s=1500, intercept_s=0.1, taper_s=0)(ones).values[0]
    assert not muted[:50].any()
    assert (muted[50:] == 1).all()


def test_taper_rises_as_a_cosine_before_the_mute_time(ones: xr.DataArray) -> None:
    muted = MuteTop(velocity_m_s=1500, intercept_s=0.1, taper_s=0.04)(ones).values[0]
    # 0.2 s is the sample 50, the taper begins ten samples before it.
    rise = np.sin(np.pi / 2 * np.arange(11) / 10) ** 2
    np.testing.assert_allclose(muted[40:51], rise, atol=1e-6)
    assert not muted[:40].any()
    assert (muted[50:] == 1).all()


def test_sign_of_offset_does_not_matter(ones: xr.DataArray) -> None:
    step = MuteTop(velocity_m_s=1500)
    mirrored = ones.assign_coords(offset=-ones["offset"])
    np.testing.assert_array_equal(step(mirrored).values, step(ones).values)


def test_empty_offset_header_is_replaced_by_the_positions(ones: xr.DataArray) -> None:
    step = MuteTop(velocity_m_s=1500)
    empty = ones.assign_coords(offset=0 * ones["offset"])
    np.testing.assert_array_equal(step(empty).values, step(ones).values)


def test_mute_by_first_break_ends_its_lead_before_the_pick(ones: xr.DataArray) -> None:
    muted = MuteTop(first_break_lead_s=0.02, taper_s=0)(ones)
    for row in muted[[0, 6, 20]]:
        first = row["time"].values[int(np.argmax(row.values != 0))]
        assert 0 <= first - (float(row["first_break"]) - 0.02) < 0.004


def test_trace_without_a_pick_is_left_as_it_is(ones: xr.DataArray) -> None:
    picks = ones["first_break"].values.copy()
    picks[2] = np.nan
    muted = MuteTop(first_break_lead_s=0.0)(ones.assign_coords(first_break=("trace", picks)))
    assert (muted.values[2] == 1).all()
    assert not (muted.values[3] == 1).all()


def test_mute_by_first_break_without_picks_is_refused(ones: xr.DataArray) -> None:
    with pytest.raises(GeometryError, match="put the step 'pick_first_breaks' before it"):
        MuteTop(first_break_lead_s=0.02)(ones.drop_vars("first_break"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs velocity_m_s or first_break_lead_s, and not both"),
        ({"velocity_m_s": 1500, "first_break_lead_s": 0}, "and not both"),
        ({"velocity_m_s": -1}, "velocity_m_s is -1 m/s; it must be above 0"),
        ({"velocity_m_s": 1500, "taper_s": -0.1}, "taper_s -0.1 at least 0"),
        ({"first_break_lead_s": 0.02, "intercept_s": 0.1}, "has no intercept_s"),
        ({"first_break_lead_s": float("inf")}, "must be a finite number"),
    ],
)
def test_impossible_mutes_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        MuteTop(**options)
