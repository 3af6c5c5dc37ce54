"""A few numbers that tell known gathers from unknown ones."""

from __future__ import annotations

import json

import numpy as np

from geoml.samples.input_features import feature_statistics, input_features, outside_training

DT_S = 0.004


def noise(n_windows: int, seed: int, scale: float = 1.0) -> np.ndarray:
    size = (n_windows, 3, 128, 16)
    return (scale * np.random.default_rng(seed).standard_normal(size)).astype(np.float32)


def test_energy_in_one_place_is_found_there() -> None:
    shots = np.zeros((1, 1, 128, 16), dtype=np.float32)
    shots[0, 0, 20, 4] = 1  # second of 8 parts of the time axis, third of 8 parts of the receivers
    features = input_features(shots)
    np.testing.assert_allclose(features["time_db"][0], [-80, 0, *[-80] * 6])
    np.testing.assert_allclose(features["receiver_db"][0], [-80, -80, 0, *[-80] * 5])
    assert features["dead_share"][0, 0] == 15 / 16


def test_a_sine_fills_its_own_band() -> None:
    time_s = np.arange(512) * DT_S
    sine = np.sin(2 * np.pi * 15.625 * time_s)  # bands are 125 / 12 = 10.4 Hz wide: the second
    shots = np.broadcast_to(sine[None, None, :, None], (1, 1, 512, 4)).astype(np.float32)
    assert input_features(shots)["spectrum_db"][0].argmax() == 1


def test_ten_times_the_amplitude_is_twenty_decibels() -> None:
    quiet, loud = (input_features(noise(4, 0, a))["amplitude_db"] for a in (1, 10))
    np.testing.assert_allclose(loud - quiet, 20, atol=1e-3)


def test_training_windows_lie_inside_and_strange_ones_outside() -> None:
    known = input_features(noise(200, 1))
    statistics = json.loads(json.dumps(feature_statistics(known)))
    inside = outside_training(input_features(noise(50, 2)), statistics)
    assert max(distance.max() for distance in inside.values()) < 0.5
    loud = outside_training(input_features(noise(50, 2, 10)), statistics)
    assert (loud["amplitude_db"] > 5).all()
    smooth = np.cumsum(noise(50, 2), axis=2)
    assert (outside_training(input_features(smooth), statistics)["spectrum_db"] > 5).any()
    dead = noise(50, 2)
    dead[:, 0] = 0
    assert (outside_training(input_features(dead), statistics)["dead_share"] > 5).all()


def test_a_silent_window_has_finite_features() -> None:
    features = input_features(np.zeros((2, 3, 64, 8), dtype=np.float32))
    assert all(np.isfinite(values).all() for values in features.values())
