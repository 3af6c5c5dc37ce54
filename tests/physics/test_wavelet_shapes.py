from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import minimum_phase as scipy_minimum_phase

from geoml.errors import OptionError, PhysicsError, ShapeError
from geoml.physics.wavelet_shapes import (
    bandwidth,
    half_derivative,
    minimum_phase,
    ormsby,
    ricker,
)


def test_ricker_by_hand() -> None:
    wavelet = ricker(10.0, 0.01, 5)
    # At t = 0.01 s: (1 - 2 a) exp(-a), a = (0.1 pi)^2.
    a = 0.01 * np.pi**2
    assert wavelet[2] == 1.0
    assert wavelet[3] == wavelet[1] == pytest.approx((1 - 2 * a) * np.exp(-a))


@given(peak_hz=st.floats(5.0, 60.0))
def test_ricker_spectrum_peaks_at_its_frequency_and_has_no_mean(peak_hz: float) -> None:
    wavelet = ricker(peak_hz, 0.002, 501)
    spectrum = np.abs(np.fft.rfft(wavelet, 16384))
    assert np.fft.rfftfreq(16384, 0.002)[spectrum.argmax()] == pytest.approx(peak_hz, abs=0.1)
    assert abs(wavelet.sum()) < 1e-6


def test_ormsby_spectrum_is_the_trapezoid() -> None:
    wavelet = ormsby((5.0, 10.0, 30.0, 40.0), 0.002, 2001)
    frequency = np.fft.rfftfreq(2001, 0.002)
    spectrum = np.abs(np.fft.rfft(wavelet))
    trapezoid = np.interp(frequency, [5, 10, 30, 40], [0, 1, 1, 0])
    np.testing.assert_allclose(spectrum / spectrum.max(), trapezoid, atol=0.02)


def test_minimum_phase_keeps_the_spectrum_and_starts_at_once() -> None:
    zero_phase = ormsby((4.0, 10.0, 40.0, 60.0), 0.004, 257)
    causal = minimum_phase(zero_phase)
    band = slice(60, 300)
    before, after = (np.abs(np.fft.rfft(w, 2048))[band] for w in (zero_phase, causal))
    np.testing.assert_allclose(after, before, rtol=0.05)
    assert (causal[:20] ** 2).sum() > 0.8 * (causal**2).sum()


def test_minimum_phase_agrees_with_scipy() -> None:
    fir = np.convolve([1.0, -0.5, 0.2], [1.0, 0.3])
    mirrored = np.convolve(fir, fir[::-1])
    expected = scipy_minimum_phase(mirrored, method="homomorphic", half=False, n_fft=4096)
    np.testing.assert_allclose(minimum_phase(mirrored)[:4], expected[:4], atol=2e-3)


def test_half_derivative_twice_is_the_derivative() -> None:
    wavelet = np.pad(ricker(10.0, 0.004, 61), 200)
    twice = half_derivative(half_derivative(wavelet, 0.004), 0.004)
    derivative = np.gradient(wavelet, 0.004)
    assert np.abs(twice - derivative)[210:250].max() < 0.03 * np.abs(derivative).max()


def test_half_derivative_is_causal() -> None:
    spike = np.zeros(100)
    spike[40] = 1.0
    result = half_derivative(np.convolve(spike, [0.25, 0.5, 0.25], "same"), 0.004)
    assert np.abs(result[:37]).max() < 0.1 * np.abs(result).max()
    assert np.abs(result[44:50]).max() > 2 * np.abs(result[30:36]).max()


def test_far_field_of_the_half_derivative_has_the_wanted_shape() -> None:
    # 2-D far field: convolution with H(t) / sqrt(t), integrated exactly over each sample.
    dt = 0.001
    wanted = np.pad(ricker(12.0, dt, 201), (0, 400))
    edges = np.arange(wanted.size + 1) * dt
    tail = 2 * np.diff(np.sqrt(edges))
    field = np.convolve(half_derivative(wanted, dt), tail)[: wanted.size]
    match = field[:260] @ wanted[:260]
    match /= np.linalg.norm(field[:260]) * np.linalg.norm(wanted[:260])
    assert match > 0.999


def test_bandwidth_of_a_trapezoid() -> None:
    low, high = bandwidth(ormsby((5.0, 10.0, 30.0, 40.0), 0.002, 2001), 0.002, level=0.5)
    assert low == pytest.approx(7.5, abs=0.2)
    assert high == pytest.approx(35.0, abs=0.2)


def test_bad_wavelets_are_refused() -> None:
    with pytest.raises(ShapeError, match="use 61"):
        ricker(10.0, 0.004, 60)
    with pytest.raises(OptionError, match="both must be above 0"):
        ricker(0.0, 0.004, 61)
    with pytest.raises(OptionError, match="must rise"):
        ormsby((5.0, 10.0, 30.0, 200.0), 0.004, 61)
    with pytest.raises(PhysicsError, match="no band"):
        bandwidth(np.zeros(10), 0.004)
