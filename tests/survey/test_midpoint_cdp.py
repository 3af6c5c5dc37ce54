"""CDP numbers from midpoints."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.survey.midpoint_cdp import station_interval, with_midpoint_cdps
from geoml.survey.schema import TRACE_VARIABLES


def survey(azimuth_deg: float = 30.0) -> xr.Dataset:
    """Four sources 50 m apart and six receivers 25 m apart, rolling along a straight line."""
    source = np.repeat(50.0 * np.arange(4), 6)
    receiver = source + 100 + np.tile(25.0 * np.arange(6), 4)
    values = {name: np.zeros(24) for name in TRACE_VARIABLES}
    along = np.array([np.sin(np.deg2rad(azimuth_deg)), np.cos(np.deg2rad(azimuth_deg))])
    for who, distance in (("source", source), ("receiver", receiver)):
        values[f"{who}_x"], values[f"{who}_y"] = along[:, None] * distance + 5000
    values["field_record"] = np.repeat(np.arange(1, 5), 6)
    return xr.Dataset(
        {name: ("trace", np.asarray(values[name], k.dtype)) for name, k in TRACE_VARIABLES.items()},
        coords={"time": np.arange(3) * 0.004},
    )


@pytest.mark.parametrize("azimuth_deg", [0.0, 30.0, 90.0])
def test_bins_are_half_a_receiver_interval(azimuth_deg: float) -> None:
    cdp = with_midpoint_cdps(survey(azimuth_deg))["cdp"]
    # By hand: midpoints of the first source at 50, 62.5 ... m, of the next 50 m farther on.
    expected = np.tile(np.arange(1, 7), 4) + np.repeat([0, 4, 8, 12], 6)
    np.testing.assert_array_equal(cdp.values, expected)
    assert cdp.attrs["spacing_m"] == pytest.approx(12.5)


def test_wider_bins_hold_more_traces() -> None:
    cdp = with_midpoint_cdps(survey(), 50.0)["cdp"].values
    np.testing.assert_array_equal(np.unique(cdp), [1, 2, 3, 4, 5])
    assert np.bincount(cdp).max() > np.bincount(with_midpoint_cdps(survey())["cdp"].values).max()


def test_rounded_positions_are_one_station() -> None:
    assert station_interval(np.array([0.0, 0.4, 25.2, 25.0, 50.0, 75.0])) == pytest.approx(24.8)
    assert station_interval(np.zeros(5)) == 1.0


def test_towed_receivers_are_a_station_apart_inside_their_shot() -> None:
    shot = np.repeat(np.arange(50), 20)
    feather = np.random.default_rng(0).uniform(-3, 3, 50)[shot]
    distance = 18.75 * shot + 25 * np.tile(np.arange(20), 50) + feather
    shuffled = np.random.default_rng(1).permutation(1000)
    assert station_interval(distance[shuffled], shot[shuffled]) == pytest.approx(25)
    assert station_interval(distance) < 10


def test_survey_that_is_no_line_is_refused() -> None:
    with pytest.raises(GeometryError, match="no geometry"):
        with_midpoint_cdps(survey() * 0)
    with pytest.raises(OptionError, match="0 m; it must be above 0"):
        with_midpoint_cdps(survey(), 0.0)
