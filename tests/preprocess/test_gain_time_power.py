"""Gain step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.gain_time_power import GainTimePower


def test_gain_is_one_at_one_second_and_four_at_two(one_trace: Callable[..., xr.DataArray]) -> None:
    gained = GainTimePower(power=2)(one_trace(np.ones(6), dt_s=0.5)).values[0]
    np.testing.assert_allclose(gained, [0, 0.25, 1, 2.25, 4, 6.25])


def test_spherical_spreading_is_undone(one_trace: Callable[..., xr.DataArray]) -> None:
    time_s = 0.1 + np.arange(500) * 0.004
    gained = GainTimePower(power=1)(one_trace(1 / time_s, start_s=0.1))
    np.testing.assert_allclose(gained.values, 1, rtol=1e-6)


def test_time_before_zero_is_silent(one_trace: Callable[..., xr.DataArray]) -> None:
    gained = GainTimePower(power=1.5)(one_trace(np.ones(4), dt_s=0.1, start_s=-0.2)).values[0]
    assert not gained[:3].any()
    assert gained[3] > 0


@pytest.mark.parametrize("power", [0, -1, 6, float("nan")])
def test_power_out_of_range_is_refused(power: float) -> None:
    with pytest.raises(OptionError, match=rf"power is {power:g}; it must be in \(0, 5\]"):
        GainTimePower(power=power)
