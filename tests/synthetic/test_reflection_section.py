"""Training patches: events of the stated band and dip, drawn by seed."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import OptionError
from geoml.synthetic.noise.dead_traces import DeadTraces
from geoml.synthetic.noise.white import White
from geoml.synthetic.noisy_patches import NoisyPatches
from geoml.synthetic.reflection_section import ReflectionSection


@pytest.mark.parametrize("gather_share", [0.0, 1.0])
def test_patch_has_rms_one_and_comes_again_with_its_seed(gather_share: float) -> None:
    section = ReflectionSection(gather_share=gather_share)
    patches = [section(np.random.default_rng(seed), 24, 100) for seed in (3, 3, 4)]
    assert patches[0].shape == (24, 100)
    assert patches[0].dtype == np.float32
    np.testing.assert_allclose(np.sqrt(np.mean(patches[0] ** 2)), 1, rtol=1e-5)
    np.testing.assert_array_equal(patches[0], patches[1])
    assert not np.allclose(patches[0], patches[2])


@pytest.mark.parametrize("peak", [0.1, 0.3])
def test_spectrum_peaks_where_the_wavelet_does(peak: float) -> None:
    section = ReflectionSection(peak_of_nyquist=(peak, peak), gather_share=0)
    rng = np.random.default_rng(0)
    power = sum(
        np.abs(np.fft.rfft(section(rng, 16, 256), axis=1) ** 2).sum(axis=0) for _ in range(20)
    )
    middle = np.sum(power * np.linspace(0, 1, power.size)) / power.sum()
    assert 0.8 * peak < middle < 1.4 * peak


def test_events_of_a_section_are_no_steeper_than_asked() -> None:
    """Without faults, each trace is its neighbour moved by up to the steepest dip."""
    section = ReflectionSection(gather_share=0, most_faults=0, steepest=1.0)
    rng = np.random.default_rng(0)
    for _ in range(10):
        patch = section(rng, 12, 128)
        moved = [np.roll(patch[1:], lag, axis=1)[:, 8:-8] for lag in range(-3, 4)]
        alike = [np.sum(m * patch[:-1, 8:-8]) for m in moved]
        assert abs(int(np.argmax(alike)) - 3) <= 1


def test_faults_break_layers() -> None:
    def roughness(most_faults: int) -> float:
        section = ReflectionSection(gather_share=0, most_faults=most_faults, steepest=0.5)
        patches = [section(np.random.default_rng(seed), 32, 96) for seed in range(20)]
        return float(np.mean([np.mean(np.diff(p, axis=0) ** 2) for p in patches]))

    assert roughness(3) > 1.2 * roughness(0)


def test_gathers_bend_and_fade() -> None:
    """A gather that fades by a stated gain has less energy in its later half."""

    def late_share(gain_db: float) -> float:
        section = ReflectionSection(gather_share=1, most_gain_db=gain_db)
        patches = [section(np.random.default_rng(seed), 16, 96) for seed in range(30)]
        return float(np.mean([np.mean(p[:, 48:] ** 2) for p in patches]))

    assert late_share(60) < 0.8 * late_share(0)


def test_noisy_pair_differs_by_its_noise_alone() -> None:
    pairs = NoisyPatches((White(level=(0.5, 0.5)),), mute_chance=0)
    noisy, signal = pairs(np.random.default_rng(0), 16, 64, 0.004)
    np.testing.assert_allclose(np.sqrt(np.mean((noisy - signal) ** 2)), 0.5, rtol=1e-4)


def test_dead_traces_are_dead_in_the_signal_too() -> None:
    pairs = NoisyPatches((White(), DeadTraces(share=(0.5, 0.5))), mute_chance=0)
    noisy, signal = pairs(np.random.default_rng(0), 16, 64, 0.004)
    dead = ~noisy.any(axis=1)
    assert dead.sum() == 8
    assert not signal[dead].any()


def test_muted_samples_are_zero_in_both() -> None:
    pairs = NoisyPatches((White(),), mute_chance=1)
    for seed in range(5):
        noisy, signal = pairs(np.random.default_rng(seed), 16, 64, 0.004)
        assert not signal[noisy == 0].any()
    assert (noisy == 0).any()


@pytest.mark.parametrize(
    "options",
    [
        {"peak_of_nyquist": (0.4, 0.2)},
        {"gather_share": 2.0},
        {"steepest": 0.0},
        {"dip_of_aliasing": 3.0},
        {"most_faults": -1},
        {"most_gain_db": -1.0},
    ],
)
def test_impossible_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        ReflectionSection(**options)
