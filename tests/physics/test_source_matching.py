"""The source wavelet by least squares."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.source_matching import match_source, probe_wavelet
from geoml.physics.wavelets import ricker

DT_S = 0.004


def gathers(wavelet: np.ndarray, start_s: float, spikes: np.ndarray) -> np.ndarray:
    """Spike traces seen through a wavelet; time 0 first."""
    first = round(-start_s / DT_S)
    full = np.array([np.convolve(trace, wavelet) for trace in spikes])
    return full[:, first : first + spikes.shape[1]]


@pytest.fixture
def spikes() -> np.ndarray:
    rng = np.random.default_rng(3)
    traces = np.zeros((20, 400))
    for row, first in enumerate(np.linspace(60, 220, 20).astype(int)):
        traces[row, first] = 1
        traces[row, first + 5 : first + 60 : 7] = 0.3 * rng.standard_normal(8)
    return traces


def test_true_wavelet_is_recovered_with_its_timing(spikes: np.ndarray) -> None:
    probe = probe_wavelet(60.0, DT_S)
    true = np.roll(ricker(15.0, DT_S, 61), 6)
    recorded = gathers(true, -30 * DT_S, spikes)
    modelled = gathers(probe.samples, probe.start_s, spikes)
    picks = spikes.argmax(axis=1) * DT_S
    found = match_source(recorded, modelled, picks, probe, damping=1e-4)
    time_s = found.start_s + np.arange(found.samples.size) * DT_S
    there = np.interp(np.arange(-30, 31) * DT_S, time_s, found.samples)
    assert np.corrcoef(there, true)[0, 1] > 0.99
    assert time_s[found.samples.argmax()] == pytest.approx(6 * DT_S, abs=1e-9)


def test_reversed_wavelet_does_not_fit(spikes: np.ndarray) -> None:
    probe = probe_wavelet(60.0, DT_S)
    lopsided = ricker(15.0, DT_S, 61) * np.linspace(0, 1, 61)
    picks = spikes.argmax(axis=1) * DT_S
    modelled = gathers(probe.samples, probe.start_s, spikes)
    found = match_source(gathers(lopsided, -30 * DT_S, spikes), modelled, picks, probe)
    time_s = found.start_s + np.arange(found.samples.size) * DT_S
    there = np.interp(np.arange(-30, 31) * DT_S, time_s, found.samples)
    assert np.corrcoef(there, lopsided)[0, 1] > np.corrcoef(there, lopsided[::-1])[0, 1] + 0.03


def test_gain_of_a_trace_does_not_matter(spikes: np.ndarray) -> None:
    probe = probe_wavelet(60.0, DT_S)
    recorded = gathers(ricker(15.0, DT_S, 61), -30 * DT_S, spikes)
    modelled = gathers(probe.samples, probe.start_s, spikes)
    picks = spikes.argmax(axis=1) * DT_S
    gain = np.geomspace(0.01, 100, 20)[:, None]
    plain = match_source(recorded, modelled, picks, probe)
    gained = match_source(recorded * gain, modelled, picks, probe)
    np.testing.assert_allclose(gained.samples, plain.samples, atol=1e-8)


def test_probe_ends_where_it_says() -> None:
    probe = probe_wavelet(20.0, DT_S)
    spectrum = np.abs(np.fft.rfft(probe.samples, 4096))
    frequency = np.fft.rfftfreq(4096, DT_S)
    assert (spectrum[frequency > 1.2 * probe.max_frequency_hz] < 0.01 * spectrum.max()).all()
    assert spectrum[(frequency > 2) & (frequency < 18)].min() > 0.7 * spectrum.max()


def test_misfits_are_refused_in_one_line(spikes: np.ndarray) -> None:
    probe = probe_wavelet(20.0, DT_S)
    with pytest.raises(PhysicsError, match="0 live traces with a first break"):
        match_source(spikes, spikes, np.full(20, np.nan), probe)
    with pytest.raises(ShapeError, match="needed twice"):
        match_source(spikes, spikes[:, 1:], np.zeros(20), probe)
    with pytest.raises(OptionError, match="Nyquist frequency of 125 Hz"):
        probe_wavelet(100.0, DT_S)
