"""Time shift step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.shift_time import ShiftTime

Maker = Callable[..., xr.DataArray]


def test_positive_shift_moves_an_event_later(one_trace: Maker) -> None:
    shifted = ShiftTime(shift_s=0.008)(one_trace([1, 2, 3, 4, 5]))
    np.testing.assert_array_equal(shifted.values[0], [0, 0, 1, 2, 3])
    np.testing.assert_allclose(shifted["time"], np.arange(5) * 0.004)


def test_negative_shift_moves_it_earlier(one_trace: Maker) -> None:
    shifted = ShiftTime(shift_s=-0.008)(one_trace([1, 2, 3, 4, 5]))
    np.testing.assert_array_equal(shifted.values[0], [3, 4, 5, 0, 0])


def test_part_of_a_sample_is_the_phase_shift_of_a_sine(one_trace: Maker) -> None:
    time_s = np.arange(500) * 0.004
    for frequency_hz in (5.0, 40.0, 110.0):
        wave = np.sin(2 * np.pi * frequency_hz * time_s)
        shifted = ShiftTime(shift_s=0.0013)(one_trace(wave)).values[0]
        expected = np.sin(2 * np.pi * frequency_hz * (time_s - 0.0013))
        np.testing.assert_allclose(shifted[60:-60], expected[60:-60], atol=5e-4)


def test_picks_move_with_their_event(gathers: xr.DataArray) -> None:
    moved = ShiftTime(shift_s=-0.05)(gathers)
    np.testing.assert_allclose(moved["first_break"], gathers["first_break"] - 0.05)


def test_shift_longer_than_the_recording_is_refused(one_trace: Maker) -> None:
    with pytest.raises(OptionError, match=r"by -3 s leaves nothing of a recording of 0\.4 s"):
        ShiftTime(shift_s=-3)(one_trace(np.ones(100)))
    with pytest.raises(OptionError, match="finite number of seconds"):
        ShiftTime(shift_s=float("nan"))
