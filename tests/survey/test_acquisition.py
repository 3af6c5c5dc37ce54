from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import GeometryError, ShapeError
from geoml.survey.acquisition import Acquisition

GIVEN = {
    "source_distance_m": [10.0, 30.1],
    "source_depth_m": [5.0, 5.0],
    "receiver_distance_m": [[0.0, 20.0, 40.0], [1.0, 21.0, 41.0]],
    "receiver_depth_m": [[0.0] * 3] * 2,
    "dt_s": 0.004,
    "n_samples": 7,
    "spacing_m": 10.0,
    "n_depth": 4,
    "n_distance": 5,
    "wavelet": [0.1, 1.0 / 3.0],
    "wavelet_start_s": -0.004,
    "max_frequency_hz": 30.0,
    "free_surface": True,
}


def test_json_gives_the_same_acquisition_back():
    acquisition = Acquisition(**GIVEN)
    again = Acquisition.from_json(acquisition.to_json())
    for name in GIVEN:
        np.testing.assert_array_equal(getattr(again, name), getattr(acquisition, name))


def test_offsets_and_axes_follow_from_positions_and_spacing():
    acquisition = Acquisition(**GIVEN)
    np.testing.assert_allclose(acquisition.offset_m[1], [-29.1, -9.1, 10.9])
    np.testing.assert_allclose(acquisition.depth_m, [0, 10, 20, 30])
    assert (acquisition.n_shots, acquisition.n_receivers) == (2, 3)


def test_positions_that_do_not_pair_are_refused():
    with pytest.raises(ShapeError, match="both must be"):
        Acquisition(**{**GIVEN, "source_depth_m": [5.0]})
    with pytest.raises(ShapeError, match="with 2 shots"):
        Acquisition(**{**GIVEN, "receiver_distance_m": [[0.0, 20.0, 40.0]]})
    with pytest.raises(GeometryError, match="'wavelet' holds NaN"):
        Acquisition(**{**GIVEN, "wavelet": [np.nan]})
