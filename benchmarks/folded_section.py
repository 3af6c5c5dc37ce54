"""A layered, folded and faulted zero-offset section, to measure denoising on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_TRACES, N_TIME, DT_S, SPACING_M = 256, 512, 0.004, 12.5
PEAK_HZ = 25.0

_FINE = 8  # fine samples of the impedance log a sample of the section


def folded_section(seed: int, n_faults: int = 4) -> NDArray[np.float64]:
    """Noise-free reflections at an RMS of 1, shape (trace, time).

    Impedance is constant in each of some 60 layers. Sines of several wavelengths fold the layers,
    more so with depth, with dips up to about 4 ms a trace; then planar faults, dipping either
    way, displace all that is right of them by 20 to 60 ms. The normal-incidence reflectivity of
    every trace, ``d(log impedance) / 2``, is convolved with a 25 Hz Ricker wavelet: there are no
    diffractions and no multiples.

    Args:
        seed: Draws layers, folds and faults.
        n_faults: Faults across the 3.2 km of the section.
    """
    rng = np.random.default_rng(seed)
    n_fine = N_TIME * _FINE
    time = np.arange(n_fine) / n_fine  # 0 to 1 over the section
    distance = np.arange(N_TRACES) / N_TRACES

    source_time = np.broadcast_to(time, (N_TRACES, n_fine)).copy()
    for _ in range(n_faults):
        throw = rng.choice([-1, 1]) * rng.uniform(0.01, 0.03)
        crosses = rng.uniform(0.1, 0.9) + rng.choice([-1, 1]) * rng.uniform(0.1, 0.4) * (time - 0.5)
        source_time += np.where(distance[:, None] > crosses, throw, 0)
    amplitude = rng.uniform(0.004, 0.02, 5)
    cycles, phase = rng.uniform(0.4, 2.5, 5), rng.uniform(0, 2 * np.pi, 5)
    waves = np.sin(2 * np.pi * distance[:, None] * cycles + phase)
    source_time += (waves @ amplitude)[:, None] * (0.4 + source_time)

    n_layers = 75
    top = np.sort(rng.uniform(-0.15, 1.15, n_layers))
    log_impedance = np.cumsum(rng.normal(0, 0.1, n_layers + 1))
    log = log_impedance[np.searchsorted(top, source_time)]
    reflectivity = np.diff(log, axis=1, prepend=log[:, :1]) / 2
    return _convolved(reflectivity)


def _convolved(reflectivity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Reflectivity on the fine axis, seen through the wavelet at every sample of the section."""
    half = int(0.08 / DT_S) * _FINE
    argument = (np.pi * PEAK_HZ * np.arange(-half, half + 1) * DT_S / _FINE) ** 2
    wavelet = (1 - 2 * argument) * np.exp(-argument)
    n_fft = reflectivity.shape[1] + 2 * half
    spectrum = np.fft.rfft(reflectivity, n_fft, axis=1) * np.fft.rfft(wavelet, n_fft)
    section = np.fft.irfft(spectrum, n_fft, axis=1)[:, half : half + reflectivity.shape[1]]
    section = section[:, ::_FINE]
    return section / np.sqrt(np.mean(section**2))
