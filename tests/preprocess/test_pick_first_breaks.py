"""Picking step."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError, ShapeError
from geoml.physics import picks
from geoml.preprocess.pick_first_breaks import Method, PickFirstBreaks


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


@pytest.mark.parametrize(
    ("method", "late_s"), [("aic", 0.006), ("sta_lta", 0.02), ("recursive_sta_lta", 0.02)]
)
def test_customary_methods_pick_the_onset_or_soon_after(
    gathers: xr.DataArray, method: Method, late_s: float
) -> None:
    step = PickFirstBreaks(method=method, lta_s=0.16, trigger_ratio=5.0)
    error = step(gathers)["first_break"].values - gathers["first_break"].values
    assert np.isfinite(error).sum() >= 33
    assert np.nanmin(error) > -0.005
    assert np.nanmax(error) < late_s


@pytest.mark.parametrize("method", ["aic", "sta_lta", "recursive_sta_lta"])
def test_customary_methods_do_not_pick_before_the_fastest_wave(
    gathers: xr.DataArray, method: Method
) -> None:
    early = gathers.copy(deep=True)
    early.values[20, 40] += 0.3  # a spike at 0.16 s, long before the arrival at 0.575 s
    step = PickFirstBreaks(method=method, lta_s=0.12, fastest_m_s=3000.0)
    pick = step(early)["first_break"].values[20]
    assert pick > early["offset"].values[20] / 3000


def test_method_without_neighbours_needs_no_whole_gathers() -> None:
    assert PickFirstBreaks().needs_whole_gathers
    assert not PickFirstBreaks(method="aic").needs_whole_gathers


def test_windows_that_cannot_trigger_are_refused(gathers: xr.DataArray) -> None:
    with pytest.raises(OptionError, match="never reached: sta_lta is at most lta_s / sta_s = 5"):
        PickFirstBreaks(method="sta_lta", lta_s=0.1, trigger_ratio=6)
    with pytest.raises(OptionError, match="under lta_s"):
        PickFirstBreaks(method="sta_lta", sta_s=0.3)
    with pytest.raises(ShapeError, match="long window of 500 samples"):
        PickFirstBreaks(method="sta_lta", lta_s=2.0)(gathers)
