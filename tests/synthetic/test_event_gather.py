"""Gathers of known hyperbolic events."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError
from geoml.synthetic.event_gather import EventGatherOptions, event_gathers

QUIET = EventGatherOptions(noise=(0.0, 0.0), n_events=(1, 1), amplitude=(0.5, 0.5), peak_hz=(8, 10))


def drawn(seed: int = 0, count: int = 60, options: EventGatherOptions | None = None):
    return event_gathers(count, np.random.default_rng(seed), options)


def test_sample_on_the_hyperbola_has_the_amplitude() -> None:
    gathers = drawn(options=QUIET)
    for row in range(20):
        apex, speed = gathers.time_s[row, 0], gathers.velocity_m_s[row, 0]
        arrival = np.sqrt(apex**2 + (gathers.offset_m[row] / speed) ** 2) / gathers.dt_s
        inside = np.flatnonzero(arrival < 190)
        peak = [np.interp(arrival[t], np.arange(192), gathers.samples[row, t]) for t in inside]
        np.testing.assert_allclose(peak, gathers.amplitude[row, 0], rtol=0.05)
        assert abs(gathers.amplitude[row, 0]) == pytest.approx(0.5)


def test_events_are_as_many_and_as_far_apart_as_asked() -> None:
    options = EventGatherOptions()
    gathers = drawn(count=300)
    n_events = np.isfinite(gathers.time_s).sum(axis=1)
    assert set(n_events) == set(range(1, 7))
    steps = np.diff(gathers.time_s, axis=1)
    assert np.nanmin(steps) >= options.apart_s - 1e-5
    assert np.nanmin(gathers.time_s) >= options.first_time_s
    assert np.nanmax(gathers.time_s) <= options.last_time_s + 1e-6


def test_values_lie_within_their_limits() -> None:
    gathers, options = drawn(count=300), EventGatherOptions()
    low, high = options.velocity_m_s
    assert low <= np.nanmin(gathers.velocity_m_s) < low + 200
    assert high - 900 < np.nanmax(gathers.velocity_m_s) <= high
    size = np.abs(gathers.amplitude)
    assert 0.3 <= np.nanmin(size) < 0.32
    assert 0.98 < np.nanmax(size) <= 1
    assert (np.diff(gathers.offset_m, axis=1) > 0).all()
    there = np.isfinite(gathers.time_s)
    for values in (gathers.velocity_m_s, gathers.amplitude):
        np.testing.assert_array_equal(np.isfinite(values), there)


def test_noise_is_as_loud_as_asked() -> None:
    options = EventGatherOptions(noise=(0.4, 0.4), amplitude=(0.0, 0.0))
    np.testing.assert_allclose(drawn(options=options).samples.std(axis=(1, 2)), 0.4, rtol=1e-4)


def test_same_seed_gives_the_same_gathers() -> None:
    np.testing.assert_array_equal(drawn(3).samples, drawn(3).samples)
    assert not np.array_equal(drawn(3).samples, drawn(4).samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_events": (4, 2)}, "from a smaller to a larger"),
        ({"peak_hz": (10.0, 60.0)}, "quarter of the sampling rate"),
        ({"near_m": (0.0, 1500.0)}, "far offsets beyond"),
        ({"n_events": (1, 40)}, "40 events, 0.06 s apart, do not fit"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        EventGatherOptions(**options)
