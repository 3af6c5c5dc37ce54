"""Picking step."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError, ShapeError
from geoml.physics import picks
from geoml.preprocess.pick_first_breaks import PickFirstBreaks


def test_picks_lie_on_the_known_arrivals(gathers: xr.DataArray) -> None:
    known = gathers["first_break"].values
    picked = PickFirstBreaks()(gathers.drop_vars("first_break"))
    error = picked["first_break"].values - known
    assert np.isfinite(error).sum() >= 34
    assert np.nanmax(np.abs(error)) < 0.004
    np.testing.assert_array_equal(picked.values, gathers.values)


def test_dead_trace_has_no_pick(gathers: xr.DataArray) -> None:
    assert np.isnan(PickFirstBreaks()(gathers)["first_break"].values[5])


def test_each_gather_is_picked_by_itself(gathers: xr.DataArray) -> None:
    together = PickFirstBreaks()(gathers)["first_break"].values
    for shot in range(3):
        rows = slice(12 * shot, 12 * shot + 12)
        alone = picks.pick_first_breaks(
            gathers.values[rows], 0.004, 0.0, gathers["offset"].values[rows]
        )
        np.testing.assert_array_equal(together[rows], alone)


def test_delay_of_the_recording_is_in_the_pick(gathers: xr.DataArray) -> None:
    late = gathers.assign_coords(time=gathers["time"] + 0.02)
    # An arrival 20 ms later moves the noise window too, so equal to half a sample and no better.
    np.testing.assert_allclose(
        PickFirstBreaks()(late)["first_break"].values,
        PickFirstBreaks()(gathers)["first_break"].values + 0.02,
        atol=0.002,
    )


def test_sides_of_a_split_spread_are_told_apart_without_signed_offsets(
    gathers: xr.DataArray,
) -> None:
    # One shot inside its spread, slower rock to the west: the two sides have other moveouts.
    one = gathers.isel(trace=slice(6, 30)).copy(deep=True)
    away_m = 50.0 * np.array([*range(-12, 0), *range(1, 13)])
    arrival_s = 0.1 + np.abs(away_m) / np.where(away_m < 0, 1000, 3000)
    late_s = one["time"].values - arrival_s[:, None]
    noise = 1e-3 * np.random.default_rng(0).normal(size=late_s.shape)
    one.values[:] = noise + np.where(late_s > 0, np.sin(2 * np.pi * 25 * late_s), 0)
    one = one.assign_coords(
        field_record=0 * one["field_record"],
        source_x=0 * one["source_x"],
        offset=("trace", np.abs(away_m)),
        receiver_x=("trace", away_m),
    )
    picked = PickFirstBreaks()(one)["first_break"].values
    np.testing.assert_allclose(picked, arrival_s, atol=0.004)


def test_traces_too_short_to_pick_on_are_refused(gathers: xr.DataArray) -> None:
    with pytest.raises(ShapeError, match="under eight windows"):
        PickFirstBreaks()(gathers.isel(time=slice(0, 15)))


def test_impossible_options_are_refused() -> None:
    with pytest.raises(OptionError, match="above 0"):
        PickFirstBreaks(window_s=-1)
    with pytest.raises(OptionError, match="finite"):
        PickFirstBreaks(tolerance_s=float("nan"))
