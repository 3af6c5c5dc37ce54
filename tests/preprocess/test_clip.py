"""Clip step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.clip import Clip


def test_limit_by_hand(gathers: xr.DataArray) -> None:
    out = Clip(limit=0.2)(gathers).values
    inside = np.abs(gathers.values) <= 0.2
    np.testing.assert_array_equal(out[inside], gathers.values[inside])
    np.testing.assert_array_equal(out[~inside], np.float32(0.2) * np.sign(gathers.values[~inside]))


def test_percentile_is_that_of_the_live_samples(gathers: xr.DataArray) -> None:
    first = np.delete(gathers.values[:12], 5, axis=0)
    out = Clip(percentile=90)(gathers).values[:12]
    assert np.abs(out).max() == pytest.approx(np.percentile(np.abs(first), 90), rel=1e-6)
    assert np.mean(np.abs(first) > np.abs(out).max()) == pytest.approx(0.1, abs=1e-3)
    by_trace = Clip(percentile=90, by="trace")(gathers).values
    for trace in (0, 17, 35):
        limit = np.percentile(np.abs(gathers.values[trace]), 90)
        np.testing.assert_allclose(np.abs(by_trace[trace]).max(), limit, rtol=1e-6)


def test_killing_a_trace_changes_nothing_for_the_others(gathers: xr.DataArray) -> None:
    gathers.values[2] *= 1000
    killed = gathers.copy(deep=True)
    killed.values[2] = 0
    dropped = gathers.isel(trace=np.delete(np.arange(36), 2))
    out = Clip(percentile=95)(killed).values
    np.testing.assert_array_equal(np.delete(out, 2, axis=0), Clip(percentile=95)(dropped).values)


def test_nan_stays_and_does_not_move_the_percentile(gathers: xr.DataArray) -> None:
    gathers.values[3] = np.nan
    out = Clip(percentile=99)(gathers)
    assert np.isnan(out.values[3]).all()
    rest = np.delete(gathers.values[:12], [3, 5], axis=0)
    assert np.nanmax(np.abs(out.values[:12])) == pytest.approx(np.percentile(np.abs(rest), 99))


def test_mostly_silent_gather_is_left(gathers: xr.DataArray) -> None:
    gathers.values[:] = 0
    gathers.values[0, 7] = 3
    assert Clip(percentile=50)(gathers).values[0, 7] == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs limit or percentile, and not both"),
        ({"limit": 1.0, "percentile": 9.0}, "needs limit or percentile, and not both"),
        ({"limit": 0.0}, "limit is 0; it must be above 0"),
        ({"percentile": 100.0}, r"percentile is 100; it must be in \(0, 100\)"),
        ({"limit": 1.0, "by": "trace"}, "with a limit has no 'by'"),
        ({"percentile": 9.0, "by": "shot"}, "by is 'shot'; it must be trace or gather"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Clip(**options)
