"""What the acquisition decides about a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoml.physics.openfwi import OPENFWI
from geoml.survey.acquisition import Acquisition
from geoml.training.window_options import section_shape, time_reduction, with_window_options

WINDOW = Acquisition(**OPENFWI)


def test_openfwi_records_are_read_at_eight_milliseconds() -> None:
    assert time_reduction(WINDOW) == 8


@pytest.mark.parametrize("dt_s", [0.0005, 0.001, 0.002, 0.004])
@pytest.mark.parametrize("max_frequency_hz", [20.0, 50.0, 90.0])
def test_the_band_fits_under_the_new_nyquist(dt_s: float, max_frequency_hz: float) -> None:
    wavelet = np.zeros(3)
    window = replace(WINDOW, dt_s=dt_s, max_frequency_hz=max_frequency_hz, wavelet=wavelet)
    factor = time_reduction(window)
    assert factor == 1 or 0.5 / (factor * dt_s) > 1.19 * max_frequency_hz


def test_what_the_user_gives_goes_first() -> None:
    decided = with_window_options("mh_unet_s", {}, WINDOW)
    assert decided["time_reduction"] == 8
    assert len(decided["receiver_order"]) == WINDOW.n_shots
    given = {"receiver_order": None, "time_reduction": 1, "blocks": 2}
    assert with_window_options("mh_unet_s", given, WINDOW) == given
    assert with_window_options("inversion_net", {}, WINDOW) == {}


def test_the_shape_is_that_of_the_acquisition() -> None:
    shape = section_shape(WINDOW)
    assert (shape.n_shots, shape.n_samples, shape.n_receivers) == (5, 1000, 70)
    assert (shape.n_depth, shape.n_distance) == (70, 70)
