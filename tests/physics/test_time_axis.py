from __future__ import annotations

import numpy as np
import pytest

from geoml.physics.time_axis import record_operator, source_on_steps, stable_step_s
from geoml.physics.wavelet_shapes import ricker


def leapfrog(source: np.ndarray, omega: float, step_s: float) -> np.ndarray:
    """u'' = s - omega^2 u by the scheme whose dispersion the module removes."""
    u = np.zeros(source.size + 1)
    for n in range(1, source.size):
        u[n + 1] = 2 * u[n] - u[n - 1] + step_s**2 * (source[n] - omega**2 * u[n])
    return u[:-1]


@pytest.mark.parametrize("step_s", [0.004, 0.002])
def test_leapfrog_oscillator_becomes_exact(step_s: float) -> None:
    dt, n_samples, omega = 0.004, 150, 2 * np.pi * 18.0
    wavelet, start = ricker(15.0, dt, 61), 0.0
    n_steps = round((n_samples * dt + 0.2) / step_s)
    source = source_on_steps(wavelet, start, dt, step_s, n_steps)
    record = leapfrog(source, omega, step_s) @ record_operator(0.0, dt, n_samples, step_s, n_steps)
    # Duhamel's integral on a step so fine that its own error is negligible.
    fine = dt / 200
    t = np.arange(n_samples * 200) * fine
    s = (1 - 2 * (np.pi * 15 * (t - 30 * dt)) ** 2) * np.exp(-((np.pi * 15 * (t - 30 * dt)) ** 2))
    exact = np.convolve(s, np.sin(omega * t) / omega)[: t.size][::200] * fine
    raw = leapfrog(np.interp(np.arange(n_steps) * step_s, t, s), omega, step_s)
    raw = raw[:: round(dt / step_s)][:n_samples]
    early = slice(0, 120)
    error = np.abs(record - exact)[early].max() / np.abs(exact).max()
    assert error < 0.01
    assert error < 0.2 * np.abs(raw - exact)[early].max() / np.abs(exact).max()


def test_operator_resamples_what_is_band_limited() -> None:
    step, dt = 0.001, 0.004
    steps = np.arange(1500) * step
    # A low frequency, where the leapfrog map is the identity to a few parts in ten thousand.
    pulse = np.exp(-(((steps - 0.6) / 0.08) ** 2))
    record = pulse @ record_operator(0.2, dt, 200, step, 1500)
    times = 0.2 + dt * np.arange(200)
    np.testing.assert_allclose(record, np.exp(-(((times - 0.6) / 0.08) ** 2)), atol=2e-3)


def test_end_of_the_simulation_does_not_ring_back() -> None:
    step, dt, n = 0.002, 0.004, 200
    constant = np.ones(500)
    record = constant @ record_operator(0.0, dt, n, step, 500)
    np.testing.assert_allclose(record[20:], 1.0, atol=0.02)


def test_step_is_stable_and_not_wasteful() -> None:
    # The largest eigenvalue of the stencil, at the Nyquist wavenumber both ways.
    weights = {4: [-5 / 2, 4 / 3, -1 / 12], 8: [-205 / 72, 8 / 5, -1 / 5, 8 / 315, -1 / 560]}
    for order, c in weights.items():
        nyquist = c[0] + 2 * sum(w * (-1) ** j for j, w in enumerate(c) if j)
        limit = 2 / np.sqrt(2 * abs(nyquist))
        assert stable_step_s(1.0, 1.0, order) == pytest.approx(0.9 * limit)
