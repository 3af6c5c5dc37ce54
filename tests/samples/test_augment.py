"""Random changes stay what they claim to be, and spare what processing fixed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from geoml.errors import OptionError, ShapeError
from geoml.physics.wavelet_shapes import ricker
from geoml.samples import Augmentation, mirror_channels
from geoml.samples.wavelet_change import Wavelet
from geoml.survey.acquisition import Acquisition
from geoml.survey.noise_bank import NoiseBank

DT_S = 0.004
QUIET = Augmentation(snr_db=None, dead_fraction=0.0, trace_gain_db=0.0)
VELOCITY = 1500 + np.arange(12, dtype=np.float32).reshape(3, 4)


def window(source_m: list[float]) -> Acquisition:
    """Two sources and six receivers on a section 50 m wide."""
    return Acquisition(
        source_distance_m=np.array(source_m),
        source_depth_m=np.zeros(2),
        receiver_distance_m=np.array([np.arange(6) * 10.0] * 2),
        receiver_depth_m=np.zeros((2, 6)),
        dt_s=DT_S,
        n_samples=200,
        spacing_m=10.0,
        n_depth=4,
        n_distance=6,
        wavelet=np.ones(1),
        wavelet_start_s=0.0,
        max_frequency_hz=50.0,
        free_surface=False,
    )


MIRROR = mirror_channels(window([0.0, 50.0]))


def ricker_gathers(n_samples: int = 200) -> np.ndarray:
    """Two shots of six traces, a 15 Hz Ricker wavelet at a time that moves out."""
    time = np.arange(n_samples)[:, None] * DT_S
    arrival = 0.3 + 0.02 * np.arange(6)
    phase = (np.pi * 15 * (time - arrival)) ** 2
    shot = (1 - 2 * phase) * np.exp(-phase)
    return np.stack([shot, 0.5 * shot]).astype(np.float32)  # (shot, time, receiver)


def changed(augment: Augmentation, seed: int = 0, **more: object) -> np.ndarray:
    return augment(ricker_gathers(), VELOCITY, np.random.default_rng(seed), dt_s=DT_S, **more)[0]


def test_all_off_changes_nothing() -> None:
    shots, velocity = QUIET(ricker_gathers(), VELOCITY, np.random.default_rng(0), dt_s=DT_S)
    assert np.array_equal(shots, ricker_gathers())
    assert np.array_equal(velocity, VELOCITY)


def test_input_is_never_changed() -> None:
    shots = ricker_gathers()
    everything = Augmentation(trace_shift_s=0.002, phase_deg=20, mirror_probability=1.0)
    everything(shots, VELOCITY, np.random.default_rng(0), dt_s=DT_S, mirror=MIRROR)
    assert np.array_equal(shots, ricker_gathers())


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0])
def test_noise_has_the_stated_level(snr_db: float) -> None:
    noisy = dataclasses.replace(QUIET, snr_db=(snr_db, snr_db), noise_probability=1.0)
    noise = changed(noisy) - ricker_gathers()
    ratio = np.mean(ricker_gathers() ** 2) / np.mean(noise**2)
    assert 10 * np.log10(ratio) == pytest.approx(snr_db, abs=0.2)


def test_noise_has_the_band_of_the_signal() -> None:
    noisy = dataclasses.replace(QUIET, snr_db=(0.0, 0.0), noise_probability=1.0)
    noise = np.concatenate([changed(noisy, seed) - ricker_gathers() for seed in range(10)])
    frequency, power = scipy.signal.welch(noise, 1 / DT_S, nperseg=100, axis=1)
    power = power.mean(axis=(0, 2))
    # A 15 Hz Ricker wavelet has fallen to 2 % of its peak near 45 Hz.
    assert power[frequency > 55].sum() < 0.01 * power.sum()
    assert power[(frequency > 5) & (frequency < 40)].sum() > 0.85 * power.sum()


def test_noise_comes_as_often_as_stated() -> None:
    sometimes = dataclasses.replace(QUIET, snr_db=(10.0, 10.0), noise_probability=0.3)
    noisy = [not np.array_equal(changed(sometimes, s), ricker_gathers()) for s in range(300)]
    assert 0.2 < np.mean(noisy) < 0.4


def test_dead_traces_are_all_zero_and_no_more_than_stated() -> None:
    dying = dataclasses.replace(QUIET, dead_fraction=0.5, snr_db=(10.0, 10.0))
    dead = []
    for seed in range(100):
        silent = ~changed(dying, seed).any(axis=1)
        dead.append(silent.mean())
    # Half of the stated share on average: each window draws its own.
    assert 0.18 < np.mean(dead) < 0.32


def test_trace_gain_keeps_each_trace_its_own_shape() -> None:
    shots = changed(dataclasses.replace(QUIET, trace_gain_db=3.0))
    peak = shots.max(axis=1, keepdims=True) / ricker_gathers().max(axis=1, keepdims=True)
    assert np.allclose(shots, peak * ricker_gathers(), atol=1e-6)
    assert np.unique(np.round(peak, 6)).size == 12


@pytest.mark.parametrize("kind", ["trace_gain_db", "window_gain_db"])
def test_gain_has_the_stated_standard_deviation(kind: str) -> None:
    louder = dataclasses.replace(QUIET, **{kind: 3.0})
    peaks = np.concatenate([changed(louder, seed)[0].max(axis=0)[:1] for seed in range(300)])
    gain_db = 20 * np.log10(peaks / ricker_gathers()[0].max(axis=0)[:1])
    assert np.std(gain_db) == pytest.approx(3.0, rel=0.15)


def test_survey_is_neither_flipped_nor_scaled_and_keeps_the_rest() -> None:
    everything = Augmentation(mirror_probability=0.5, velocity_factor=(0.8, 1.2), phase_deg=20)
    assert everything.of_a_survey() == Augmentation(phase_deg=20)


@pytest.mark.parametrize("octaves", [0.5, 1.0])
def test_bandwidth_changes_by_the_drawn_octaves(octaves: float) -> None:
    # A Gaussian wavelet about 30 Hz, 4 Hz wide: raised to a power it is narrower by its root.
    frequency_hz, wide_hz = 30.0, 4.0
    time_s = DT_S * (np.arange(400) - 200)
    pulse = np.cos(2 * np.pi * frequency_hz * time_s) * np.exp(
        -0.5 * (2 * np.pi * wide_hz * time_s) ** 2
    )
    wavelet = Wavelet(pulse, DT_S, -200 * DT_S)
    shots = pulse.astype(np.float32)[None, :, None]
    augment = dataclasses.replace(QUIET, band_octaves=octaves)
    for seed in range(4):
        found, _ = augment(shots, VELOCITY, np.random.default_rng(seed), dt_s=DT_S, wavelet=wavelet)
        rng = np.random.default_rng(seed)
        rng.uniform(-1, 1)  # the peak, which stays
        spectrum, axis_hz = np.abs(np.fft.rfft(found[0, :, 0])), np.fft.rfftfreq(400, DT_S)
        weight = spectrum**2 / np.sum(spectrum**2)
        width_hz = np.sqrt(2 * np.sum(weight * (axis_hz - frequency_hz) ** 2))
        # Wider than the wavelet was it cannot get: there is nothing to multiply.
        expected = octaves * rng.uniform(-1, 1)
        if expected < 0:
            assert np.log2(width_hz / wide_hz) == pytest.approx(expected, abs=0.1)


def test_window_gain_is_one_factor() -> None:
    shots = changed(dataclasses.replace(QUIET, window_gain_db=3.0))
    factor = shots.max() / ricker_gathers().max()
    assert factor != 1
    assert np.allclose(shots, factor * ricker_gathers(), atol=1e-6)


def test_trace_shift_moves_arrivals_by_its_standard_deviation() -> None:
    moved = dataclasses.replace(QUIET, trace_shift_s=0.008)
    lags = []
    for seed in range(40):
        for trace, original in zip(
            changed(moved, seed).transpose(0, 2, 1).reshape(12, -1),
            ricker_gathers().transpose(0, 2, 1).reshape(12, -1),
            strict=True,
        ):
            cross = scipy.signal.correlate(trace, original)
            lags.append((cross.argmax() - (original.size - 1)) * DT_S)
    assert np.mean(lags) == pytest.approx(0, abs=0.002)
    assert np.std(lags) == pytest.approx(0.008, rel=0.15)


def test_window_shift_moves_all_traces_together() -> None:
    shots = changed(dataclasses.replace(QUIET, window_shift_s=0.02), seed=3)
    late = shots.argmax(axis=1) - ricker_gathers().argmax(axis=1)
    assert np.ptp(late) <= 1
    assert late.any()


def test_phase_rotation_keeps_envelope_and_turns_the_phase() -> None:
    shots = changed(dataclasses.replace(QUIET, phase_deg=90.0), seed=1)
    rotated, original = (scipy.signal.hilbert(g[0, :, 0]) for g in (shots, ricker_gathers()))
    middle = slice(50, 110)
    assert np.allclose(np.abs(rotated)[middle], np.abs(original)[middle], atol=0.02)
    turned = np.degrees(np.angle((rotated * original.conj())[middle].sum()))
    expected = 90 * _first_uniforms(1)
    assert turned == pytest.approx(expected, abs=1.0)


def _first_uniforms(seed: int) -> float:
    """The draw in -1..1 that follows the shifts (12 traces, 1 window) in the generator."""
    rng = np.random.default_rng(seed)
    rng.standard_normal((2, 1, 6))
    rng.standard_normal()
    return float(rng.uniform(-1, 1))


def test_muted_samples_stay_muted() -> None:
    shots = ricker_gathers()
    shots[:, :60] = 0
    noisy = dataclasses.replace(QUIET, snr_db=(0.0, 0.0), noise_probability=1.0)
    result, _ = noisy(shots, VELOCITY, np.random.default_rng(0), dt_s=DT_S, keep_zeros=True)
    assert not result[:, :60].any()
    assert not np.array_equal(result[:, 60:], shots[:, 60:])
    unmuted, _ = noisy(shots, VELOCITY, np.random.default_rng(0), dt_s=DT_S)
    assert unmuted[:, :60].any()


def test_mirror_flips_gathers_and_section_together() -> None:
    flip = dataclasses.replace(QUIET, mirror_probability=1.0)
    shots = ricker_gathers()
    flipped, velocity = flip(shots, VELOCITY, np.random.default_rng(0), dt_s=DT_S, mirror=MIRROR)
    assert np.array_equal(flipped, shots[::-1, :, ::-1])
    assert np.array_equal(velocity, VELOCITY[:, ::-1])


def test_recorded_and_mirrored_gathers_fill_their_own_channels() -> None:
    channels = mirror_channels(window([0.0, 40.0]))  # at 0, 10, 40 and 50 m
    noisy = dataclasses.replace(
        QUIET, snr_db=(0.0, 0.0), noise_probability=1.0, mirror_probability=0.5
    )
    filled = {tuple(changed(noisy, s, mirror=channels).any(axis=(1, 2))) for s in range(20)}
    assert filled == {(True, False, True, False), (False, True, False, True)}


def test_window_without_channels_is_never_mirrored() -> None:
    flip = dataclasses.replace(QUIET, mirror_probability=1.0)
    assert np.array_equal(changed(flip, mirror=None), ricker_gathers())


@pytest.mark.parametrize("option", [field.name for field in dataclasses.fields(Augmentation)])
def test_every_option_matters(option: str, tmp_path: Path) -> None:
    bank = tmp_path / "noise.npz"
    NoiseBank(np.random.default_rng(5).normal(size=(20, 50, 3)).astype(np.float32), DT_S).save(bank)
    base: dict[str, object] = {}
    if option == "real_noise_probability":
        base = {"noise_bank": str(bank), option: 0.1}
    if option == "keep_wavelet":
        base = {"velocity_factor": (0.8, 1.1)}
    value = {
        "snr_db": (0.0, 1.0),
        "noise_probability": 0.1,
        "noise_bank": str(bank),
        "velocity_factor": (0.8, 1.1),
        "keep_wavelet": False,
    }.get(option, 0.5)
    default = Augmentation(**base)
    other = dataclasses.replace(default, **{option: value})
    more = {"mirror": MIRROR, "wavelet": Wavelet(ricker(15.0, DT_S, 41), DT_S, -0.08)}
    before = [changed(default, seed, **more) for seed in range(8)]
    after = [changed(other, seed, **more) for seed in range(8)]
    assert not np.array_equal(before, after)


def test_silent_gathers_stay_finite() -> None:
    silent = np.zeros((2, 50, 3), np.float32)
    result, _ = Augmentation(phase_deg=30.0)(silent, VELOCITY, np.random.default_rng(0), dt_s=DT_S)
    assert not result.any()


def test_wrong_dimensions_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(50, 3\); needed \(shot, time, receiver\)"):
        QUIET(np.zeros((50, 3), np.float32), VELOCITY, np.random.default_rng(0), dt_s=DT_S)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"snr_db": (30.0, 3.0)}, "'snr_db' is 30..3; write the smaller number first"),
        ({"dead_fraction": 1.5}, "'dead_fraction' is 1.5; it lies between 0 and 1"),
        ({"phase_deg": -1.0}, "'phase_deg' is -1; it must be at least 0"),
        ({"peak_octaves": -0.1}, "'peak_octaves' is -0.1; it must be at least 0"),
        ({"real_noise_probability": 2.0}, "'real_noise_probability' is 2; it lies between 0 and 1"),
        ({"velocity_factor": (0.2, 1.0)}, "'velocity_factor' is 0.2..1; write the smaller"),
    ],
)
def test_option_out_of_range_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Augmentation(**options)
