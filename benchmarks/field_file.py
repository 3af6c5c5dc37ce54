"""A seeded SEG-Y file of any length that looks like field data to a compressor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import signal

N_CHANNELS, N_SAMPLES, DT_US = 200, 1501, 2000
SHOT_BYTES = N_CHANNELS * (240 + 4 * N_SAMPLES)
_DRAWN_SHOTS = 40  # shots repeat after so many: no reader or codec looks so far back


def write_field_file(path: Path, n_shots: int, *, ibm: bool = True, seed: int = 1) -> None:
    """A marine line: noise from 4 to 90 Hz that decays, reflections, complete headers.

    Args:
        path: The file to write.
        n_shots: Shots of 200 channels and 1501 samples.
        ibm: IBM floats, else IEEE ones.
        seed: Of the noise.
    """
    words = [_words(shot, ibm) for shot in _shots(min(n_shots, _DRAWN_SHOTS), seed)]
    binary = np.zeros(400, dtype=np.uint8)
    for byte, value in {3217: DT_US, 3221: N_SAMPLES, 3225: 1 if ibm else 5, 3255: 1}.items():
        binary[byte - 3201 : byte - 3199] = np.array([value], dtype=">u2").view(np.uint8)
    with path.open("wb") as file:
        file.write(b"\x40" * 3200 + binary.tobytes())
        for shot in range(n_shots):
            traces = np.zeros((N_CHANNELS, 240 + 4 * N_SAMPLES), dtype=np.uint8)
            traces[:, :240] = _headers(shot)
            traces[:, 240:] = words[shot % len(words)]
            file.write(traces.tobytes())


def _shots(n_shots: int, seed: int) -> np.ndarray:
    """Amplitudes, shape (shot, trace, time)."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n_shots, N_CHANNELS, N_SAMPLES), dtype=np.float32)
    band = signal.butter(4, [4, 90], "bandpass", fs=1e6 / DT_US, output="sos")
    traces = signal.sosfiltfilt(band, noise, axis=-1)
    time_s = 1e-6 * DT_US * np.arange(N_SAMPLES)
    offset_m = 100 + 12.5 * np.arange(N_CHANNELS)
    for zero_offset_s, velocity_m_s in ((0.3, 1500), (0.9, 1900), (1.7, 2500), (2.4, 3000)):
        arrival = np.sqrt(zero_offset_s**2 + (offset_m / velocity_m_s) ** 2)
        phase = np.pi * 30 * (time_s - arrival[:, None])
        traces += 3 * (1 - 2 * phase**2) * np.exp(-(phase**2))
    return (1000 * traces / (1 + 2 * time_s) ** 2).astype(np.float32)


def _headers(shot: int) -> np.ndarray:
    """Trace headers of a shot, shape (trace, 240)."""
    headers = np.zeros((N_CHANNELS, 240), dtype=np.uint8)
    channel = np.arange(N_CHANNELS)
    source = 2500 * shot
    receiver = source - 10000 - 1250 * channel
    four = {
        1: shot * N_CHANNELS + channel + 1,
        9: shot + 1,
        13: channel + 1,
        21: 4 * shot - channel + 1000,
        37: -(100 + np.round(12.5 * channel)),
        73: source,
        81: receiver,
    }
    two = {29: 1, 69: 1, 71: -100, 89: 1, 115: N_SAMPLES, 117: DT_US}
    for fields, width, kind in ((four, 4, ">i4"), (two, 2, ">i2")):
        for byte, value in fields.items():
            numbers = np.broadcast_to(value, N_CHANNELS).astype(kind)
            headers[:, byte - 1 : byte - 1 + width] = numbers.view(np.uint8).reshape(-1, width)
    return headers


def _words(traces: np.ndarray, ibm: bool) -> np.ndarray:
    """Sample bytes, big-endian, shape (trace, byte)."""
    if not ibm:
        return traces.astype(">f4").view(np.uint8)
    # Written down from the format's definition and not by geoml, which is the one under test.
    fraction, binary = np.frexp(np.abs(traces.astype(np.float64)))
    exponent = -(-binary // 4)
    mantissa = np.minimum(np.ldexp(fraction, binary - 4 * exponent + 24), 2**24 - 1)
    words = (exponent + 64).astype(np.uint32) << 24 | mantissa.astype(np.uint32)
    words |= np.signbit(traces).astype(np.uint32) << 31
    return np.where(mantissa < 1, 0, words).astype(">u4").view(np.uint8)
