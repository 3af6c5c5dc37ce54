"""Gain step against spreading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.gain_time_power import GainTimePower
from geoml.preprocess.spherical_divergence import SphericalDivergence

Maker = Callable[..., xr.DataArray]
ROWS = ((0.0, 1500.0), (1.0, 2000.0), (2.0, 3000.0))


def test_gain_by_hand(one_trace: Maker) -> None:
    out = SphericalDivergence(velocity_m_s=ROWS)(one_trace(np.ones(6), dt_s=0.5)).values[0]
    ratio = np.array([1500, 1750, 2000, 2500, 3000, 3000]) / 1500
    np.testing.assert_allclose(out, np.array([0, 0.5, 1, 1.5, 2, 2.5]) * ratio**2, rtol=1e-6)


def test_one_velocity_is_the_time_power(gathers: xr.DataArray) -> None:
    for power in (1.0, 1.7):
        out = SphericalDivergence(velocity_m_s=1800.0, time_power=power)(gathers)
        np.testing.assert_allclose(
            out.values, GainTimePower(power=power)(gathers).values, rtol=1e-6
        )


def test_reflections_of_a_layered_earth_are_level_again(one_trace: Maker) -> None:
    """Zero-offset spreading by ray tracing: amplitude goes with 1 / (dx / d angle)."""
    thickness_m, velocity_m_s = np.full(3000, 1.0), np.linspace(1500, 4000, 3000)
    twt_s = 2 * np.cumsum(thickness_m / velocity_m_s)
    angle = 1e-4
    slowness = np.sin(angle) / velocity_m_s[0]
    sines = slowness * velocity_m_s
    reach_m = 2 * np.cumsum(thickness_m * sines / np.sqrt(1 - sines**2))
    amplitude = angle / reach_m
    rms_m_s = np.sqrt(np.cumsum(velocity_m_s * thickness_m) / (twt_s / 2))
    time_s = np.arange(0.1, twt_s[-1], 0.004)
    rows = tuple(zip([0.0, *twt_s.tolist()], [1500.0, *rms_m_s.tolist()], strict=True))
    trace = one_trace(np.interp(time_s, twt_s, amplitude), start_s=time_s[0])
    out = SphericalDivergence(velocity_m_s=rows)(trace).values[0]
    np.testing.assert_allclose(out, out.mean(), rtol=0.01)
    by_time = GainTimePower(power=1)(trace).values[0]
    assert by_time.max() > 2 * by_time.min()


def test_velocities_go_by_cdp(gathers: xr.DataArray) -> None:
    cdp = np.arange(36)
    table = {0: ROWS, 35: ((0.0, 1800.0),)}
    out = SphericalDivergence(velocity_m_s=table)(gathers.assign_coords(cdp=("trace", cdp)))
    for trace, velocity in ((0, ROWS), (35, 1800.0)):
        alone = SphericalDivergence(velocity_m_s=velocity)(gathers)
        np.testing.assert_array_equal(out.values[trace], alone.values[trace])
    with pytest.raises(GeometryError, match="'spherical_divergence' needs 'cdp'"):
        SphericalDivergence(velocity_m_s=table)(gathers.drop_vars("cdp", errors="ignore"))


def test_inverse_brings_all_back_but_time_zero(gathers: xr.DataArray) -> None:
    gained = SphericalDivergence(velocity_m_s=ROWS)(gathers)
    back = SphericalDivergence(velocity_m_s=ROWS, inverse=True)(gained).values
    np.testing.assert_allclose(back[:, 1:], gathers.values[:, 1:], rtol=1e-6)
    assert not back[:, 0].any()


def test_file_of_velocities_is_kept_in_the_options(gathers: xr.DataArray, tmp_path: Path) -> None:
    path = tmp_path / "velocity.csv"
    path.write_text("time_s,velocity_m_s\n0,1500\n1,2000\n2,3000\n", encoding="utf-8")
    assert SphericalDivergence(velocity_m_s=str(path)) == SphericalDivergence(velocity_m_s=ROWS)


def test_impossible_options_are_refused(gathers: xr.DataArray) -> None:
    with pytest.raises(OptionError, match=r"time_power 0 must be in \(0, 5\]"):
        SphericalDivergence(velocity_m_s=1500.0, time_power=0)
    with pytest.raises(OptionError, match="velocity_m_s is 0 m/s; it must be above 0"):
        SphericalDivergence(velocity_m_s=0.0)
    survey = gathers.to_dataset(name="amplitude").assign(cdp=("trace", np.zeros(36)))
    with pytest.raises(OptionError, match="velocities by CDP and the survey no CDP numbers"):
        SphericalDivergence(velocity_m_s={1: ROWS}).check(survey)
