"""Peaks of semblance as events."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError
from geoml.preprocess.semblance_events import SemblancePeaks, semblance_events

EVENTS = ((0.4, 1800.0, 1.0), (0.7, 2400.0, -0.6))


def gather(noise: float = 0.0) -> xr.DataArray:
    time_s, offset_m = np.arange(192) * 0.008, np.linspace(50, 1800, 30)
    samples = noise * np.random.default_rng(0).normal(size=(30, 192))
    for apex, speed, size in EVENTS:
        arrival_s = np.sqrt(apex**2 + (offset_m / speed) ** 2)
        square = (np.pi * 20 * (time_s - arrival_s[:, None])) ** 2
        samples += size * (1 - 2 * square) * np.exp(-square)
    return xr.DataArray(
        samples.astype(np.float32),
        dims=("trace", "time"),
        coords={"time": time_s, "offset": ("trace", offset_m)},
    )


@pytest.mark.parametrize("noise", [0.03, 0.2])
def test_events_are_found_with_time_velocity_and_amplitude(noise: float) -> None:
    found = semblance_events(gather(noise), SemblancePeaks(least=0.3))
    order = np.argsort(found["time_s"])
    assert order.size == 2
    for place, (apex, speed, size) in zip(order, EVENTS, strict=True):
        assert found["time_s"][place] == pytest.approx(apex, abs=0.005)
        assert found["velocity_m_s"][place] == pytest.approx(speed, rel=0.02)
        assert found["amplitude"][place] == pytest.approx(size, rel=0.15)


def test_strongest_comes_first_and_a_threshold_takes_the_weakest_away() -> None:
    many = semblance_events(gather(0.3), SemblancePeaks(least=0.05))
    assert (np.diff(many["semblance"]) <= 1e-12).all()
    few = semblance_events(gather(0.3), SemblancePeaks(least=0.15))
    n = few["time_s"].size
    assert 0 < n < many["time_s"].size
    np.testing.assert_array_equal(few["time_s"], many["time_s"][:n])


def test_no_more_than_asked() -> None:
    found = semblance_events(gather(0.3), SemblancePeaks(least=0.01, most=3))
    assert found["time_s"].size == 3


def test_noise_alone_has_no_strong_peak() -> None:
    noise = gather()
    noise[:] = np.random.default_rng(1).normal(size=noise.shape)
    assert semblance_events(noise, SemblancePeaks(least=0.4))["time_s"].size == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"velocity_m_s": (3000.0, 2000.0, 50.0)}, "ascending by a step"),
        ({"least": 0.0}, "'least' in 0..1"),
    ],
)
def test_impossible_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SemblancePeaks(**options)
