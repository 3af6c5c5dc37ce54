"""A few numbers that tell known gathers from unknown ones."""

from __future__ import annotations

import json

import numpy as np
import pytest

from geoml.samples.input_distance import distances
from geoml.samples.input_features import (
    cloud_values,
    feature_statistics,
    input_features,
    outside_training,
)

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
    inside.pop("arrival_samples")  # white noise has none
    assert max(distance.max() for distance in inside.values()) < 0.5
    loud = outside_training(input_features(noise(50, 2, 10)), statistics)
    assert (loud["amplitude_db"][:, 1:] > 5).all()
    smooth = np.cumsum(noise(50, 2), axis=2)
    assert (outside_training(input_features(smooth), statistics)["spectrum_db"] > 5).any()
    dead = noise(50, 2)
    dead[:, 0] = 0
    assert (outside_training(input_features(dead), statistics)["dead_share"] > 5).all()


def test_a_silent_window_has_finite_features() -> None:
    features = input_features(np.zeros((2, 3, 64, 8), dtype=np.float32))
    assert all(np.isfinite(values).all() for values in features.values())


def events(n_windows: int, seed: int, *, start: float = 20, slope: float = 1.5) -> np.ndarray:
    """A dipping event on 16 receivers, its time and moveout a little different in each window."""
    rng = np.random.default_rng(seed)
    time = np.arange(128)[None, None, :, None]
    onset = start + 2 * rng.standard_normal((n_windows, 1, 1, 1))
    dip = slope + 0.05 * rng.standard_normal((n_windows, 1, 1, 1))
    late = time - onset - dip * np.arange(16) - np.arange(3)[:, None, None]
    pulse = np.exp(-((late / 3) ** 2)) * np.cos(late)
    return (pulse + 0.02 * rng.standard_normal(pulse.shape)).astype(np.float32)


def test_arrivals_and_moveout_are_those_of_the_event() -> None:
    features = input_features(events(8, 0))
    first = features["arrival_samples"][:, :8]
    # Parts of two receivers each; the event's middle comes some samples behind its onset.
    np.testing.assert_allclose(np.diff(first.mean(axis=0)), 3.0, atol=0.6)
    assert 14 < first[:, 0].mean() < 24
    np.testing.assert_allclose(features["moveout_samples"][:, 2], 1.5, atol=0.25)


@pytest.mark.parametrize(
    ("change", "measure"),
    [
        ({"start": 35.0}, "arrival_samples"),
        ({"slope": 2.2}, "moveout_samples"),
        ({"slope": 0.8}, "arrival_samples"),
    ],
)
def test_other_times_and_velocities_leave_the_cloud(change: dict, measure: str) -> None:
    known, held_out = (input_features(events(150, seed)) for seed in (1, 2))
    clouds = json.loads(json.dumps(feature_statistics(known, held_out)))["clouds"]

    def share_outside(windows: np.ndarray, name: str) -> float:
        values = cloud_values(name, input_features(windows)[name])
        return float((distances(values, clouds[name]) > 1.25 * clouds[name]["limit"]).mean())

    for name in clouds:
        assert share_outside(events(100, 3), name) <= 0.05, name
    assert share_outside(events(20, 3, **change), measure) == 1


def test_even_gathers_are_known_to_a_network_trained_on_uneven_ones() -> None:
    """Per-trace gains make training less even than trace-normalised field gathers."""
    gain = 10 ** (np.random.default_rng(0).normal(scale=0.1, size=(200, 3, 1, 16)))
    known = input_features((noise(200, 1) * gain).astype(np.float32))
    statistics = feature_statistics(known)
    even = outside_training(input_features(noise(50, 2)), statistics)
    assert even["amplitude_db"].max() == 0
    more = 10 ** (np.random.default_rng(0).normal(scale=0.4, size=(50, 3, 1, 16)))
    uneven = outside_training(input_features((noise(50, 2) * more).astype(np.float32)), statistics)
    assert (uneven["amplitude_db"].max(axis=1) > 0.5).all()


def test_statistics_of_an_older_checkpoint_still_serve() -> None:
    known = input_features(noise(50, 1))
    older = feature_statistics(known)
    for name in ("arrival_samples", "moveout_samples"):
        del older["quantiles"][name]
    found = outside_training(input_features(noise(5, 2)), older)
    assert set(found) == set(older["quantiles"])
