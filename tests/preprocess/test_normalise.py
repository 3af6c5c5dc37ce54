"""Normalise step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.normalise import Normalise


def test_rms_of_each_gather_is_one_over_its_live_traces(gathers: xr.DataArray) -> None:
    out = Normalise(by="gather")(gathers).values.reshape(3, 12, -1)
    first_live = np.delete(out[0], 5, axis=0)
    np.testing.assert_allclose(np.sqrt(np.mean(first_live**2)), 1, rtol=1e-5)
    np.testing.assert_allclose(np.sqrt(np.mean(out[1:] ** 2, axis=(1, 2))), 1, rtol=1e-5)


def test_amplitude_along_offset_is_kept_by_gather_and_lost_by_trace(gathers: xr.DataArray) -> None:
    ratio = np.abs(gathers.values[0]).max() / np.abs(gathers.values[8]).max()
    by_gather = np.abs(Normalise(by="gather")(gathers).values).max(axis=1)
    by_trace = np.abs(Normalise(by="trace", measure="max")(gathers).values).max(axis=1)
    np.testing.assert_allclose(by_gather[0] / by_gather[8], ratio, rtol=1e-5)
    np.testing.assert_allclose(np.delete(by_trace, 5), 1, rtol=1e-6)


def test_killing_a_trace_changes_nothing_for_the_others(gathers: xr.DataArray) -> None:
    without = gathers.isel(trace=np.delete(np.arange(36), 5))
    out = Normalise(by="gather", measure="quantile")(gathers).values
    np.testing.assert_array_equal(
        np.delete(out, 5, axis=0), Normalise(by="gather", measure="quantile")(without).values
    )


def test_gathers_are_told_apart_by_source_where_field_records_are_equal(
    gathers: xr.DataArray,
) -> None:
    step = Normalise(by="gather", measure="max")
    same = gathers.assign_coords(field_record=0 * gathers["field_record"])
    np.testing.assert_array_equal(step(same).values, step(gathers).values)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 1.0])
def test_quantile_of_absolute_amplitude_is_one(gathers: xr.DataArray, quantile: float) -> None:
    step = Normalise(by="trace", measure="quantile", quantile=quantile)
    out = np.abs(step(gathers).values[[0, 10, 23]])
    np.testing.assert_allclose(np.quantile(out, quantile, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("measure", ["rms", "max", "quantile"])
def test_scale_of_the_input_does_not_matter(gathers: xr.DataArray, measure: Any) -> None:
    step = Normalise(by="gather", measure=measure)
    np.testing.assert_allclose(
        step(gathers * np.float32(7e12)).values, step(gathers).values, rtol=1e-5
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "survey"}, "by is 'survey'; it must be one of trace, gather"),
        ({"measure": "mean"}, "measure is 'mean'; it must be one of rms, max, quantile"),
        ({"measure": "quantile", "quantile": 0}, r"quantile is 0; it must be in \(0, 1\]"),
        ({"quantile": 0.5}, "has a quantile but measures 'rms'"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Normalise(**options)
