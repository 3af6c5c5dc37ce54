"""Bottom mute step."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.mute_bottom import MuteBottom
from geoml.preprocess.mute_top import MuteTop


@pytest.fixture
def ones(gathers: xr.DataArray) -> xr.DataArray:
    return xr.ones_like(gathers)


def test_sharp_mute_worked_by_hand(ones: xr.DataArray) -> None:
    # Offset 150 m at 1500 m/s after 0.1 s: 0.2 s, the sample of number 50.
    muted = MuteBottom(velocity_m_s=1500, intercept_s=0.1, taper_s=0)(ones).values[0]
    assert (muted[:51] == 1).all()
    assert not muted[51:].any()


def test_taper_falls_as_a_cosine_behind_the_mute_time(ones: xr.DataArray) -> None:
    muted = MuteBottom(velocity_m_s=1500, intercept_s=0.1, taper_s=0.04)(ones).values[0]
    fall = np.cos(np.pi / 2 * np.arange(11) / 10) ** 2
    np.testing.assert_allclose(muted[50:61], fall, atol=1e-6)
    assert (muted[:51] == 1).all()
    assert not muted[60:].any()


def test_sharp_top_and_bottom_mute_on_one_line_leave_one_sample_at_most(ones: xr.DataArray) -> None:
    line = {"velocity_m_s": 1500.0, "intercept_s": 0.1, "taper_s": 0.0}
    left = MuteTop(**line)(MuteBottom(**line)(ones)).values
    assert ((left != 0).sum(axis=1) <= 1).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"velocity_m_s": 0.0, "intercept_s": 0.1}, "velocity_m_s is 0 m/s"),
        ({"velocity_m_s": 1500.0, "intercept_s": np.nan}, "must be finite"),
        ({"velocity_m_s": 1500.0, "intercept_s": 0.1, "taper_s": -1.0}, "at least 0"),
    ],
)
def test_impossible_line_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        MuteBottom(**options)
