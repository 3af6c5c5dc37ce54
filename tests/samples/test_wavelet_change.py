"""A changed wavelet is the one that modelling with it would have put into the record."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.physics.wavelet_shapes import ricker
from geoml.samples.wavelet_change import Wavelet, padded_length, shape_wavelet, spectral_ratio

DT_S, PEAK_HZ = 0.002, 20.0
WAVELET = Wavelet(ricker(PEAK_HZ, DT_S, 101), DT_S, -50 * DT_S)
N_SAMPLES = 400
N_FFT = padded_length(N_SAMPLES)


def record(peak_hz: float = PEAK_HZ) -> np.ndarray:
    """Three reflections in two traces, shape (shot, time, receiver)."""
    spikes = np.zeros((N_SAMPLES, 2))
    spikes[[90, 160, 300], 0] = 1, -0.5, 0.3
    spikes[[110, 210, 290], 1] = 0.8, 0.4, -0.6
    wavelet = ricker(peak_hz, DT_S, 101)
    traces = [np.convolve(trace, wavelet, mode="same") for trace in spikes.T]
    return np.stack(traces, axis=1)[None].astype(np.float32)


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_peak_moves_to_the_wavelet_of_that_frequency(factor: float) -> None:
    ratio = spectral_ratio(WAVELET, N_FFT, peak_factor=factor)
    found = shape_wavelet(record(), ratio, N_FFT)
    # Same energy, where a Ricker wavelet of peak 1 has less the higher its frequency.
    expected = record(PEAK_HZ * factor) * np.sqrt(factor)
    assert np.abs(found - expected).max() < 0.07 * np.abs(expected).max()
    assert np.abs(record() - expected).max() > 0.2 * np.abs(expected).max()


def test_time_factor_names_the_wavelet_that_the_record_has() -> None:
    compressed = record(PEAK_HZ * 1.2)
    ratio = spectral_ratio(WAVELET, N_FFT, time_factor=1.2)
    assert np.abs(shape_wavelet(compressed, ratio, N_FFT) - record()).max() < 0.05
    kept = spectral_ratio(WAVELET, N_FFT, time_factor=1.2, keep_time=True)
    assert np.abs(shape_wavelet(compressed, kept, N_FFT) - compressed).max() < 0.05


def test_peak_of_a_wavelet_that_stays_compressed_is_moved_from_there() -> None:
    compressed = record(PEAK_HZ * 1.2)
    ratio = spectral_ratio(WAVELET, N_FFT, peak_factor=1.25, time_factor=1.2, keep_time=True)
    expected = record(PEAK_HZ * 1.5) * np.sqrt(1.25)
    found = shape_wavelet(compressed, ratio, N_FFT)
    assert np.abs(found - expected).max() < 0.07 * np.abs(expected).max()


def test_late_wavelet_of_a_compressed_record_is_put_back_in_time() -> None:
    late = Wavelet(WAVELET.samples, DT_S, 0.0)  # its peak at 0.1 s
    ratio = spectral_ratio(late, N_FFT, time_factor=1.25)
    early = np.roll(record(PEAK_HZ * 1.25), -10, axis=1)  # the peak at 0.08 s
    assert np.abs(shape_wavelet(early, ratio, N_FFT) - record()).max() < 0.05


@pytest.mark.parametrize(("sharpness", "wider"), [(2.0, False), (0.5, True)])
def test_sharpness_changes_the_band_and_keeps_the_peak(sharpness: float, wider: bool) -> None:
    ratio = spectral_ratio(WAVELET, N_FFT, sharpness=sharpness)
    old = np.abs(np.fft.rfft(WAVELET.samples, N_FFT))
    new = np.abs(ratio) * old
    frequency = np.fft.rfftfreq(N_FFT, DT_S)
    assert frequency[new.argmax()] == pytest.approx(frequency[old.argmax()], abs=2.5)
    assert np.sum(new**2) == pytest.approx(np.sum(old**2), rel=0.02)
    band = [frequency[s > 0.5 * s.max()] for s in (old, new)]
    assert (np.ptp(band[1]) > 1.2 * np.ptp(band[0])) == wider
    assert (np.ptp(band[1]) < 0.8 * np.ptp(band[0])) != wider


def test_noise_outside_the_band_is_not_raised() -> None:
    ratio = spectral_ratio(WAVELET, N_FFT, peak_factor=1.4)
    frequency = np.fft.rfftfreq(N_FFT, DT_S)
    assert np.abs(ratio)[frequency > 100].max() < 1
    assert np.abs(ratio).max() < 30
