"""Noise of the survey's own comes back with its spectrum, its scatter and its coherence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import xarray as xr

from geoml.errors import OptionError, StoreError
from geoml.samples import Augmentation
from geoml.survey.noise_bank import NoiseBank, cut_noise, load_noise_bank

DT_S, N_SAMPLES, N_TRACES = 0.004, 250, 24
QUIET = Augmentation(snr_db=(0.0, 0.0), noise_probability=1, dead_fraction=0, trace_gain_db=0)


def survey(mute: bool = False) -> xr.Dataset:
    """Six shots: 12 Hz hum, the same on all traces of a shot, until a strong first break."""
    rng = np.random.default_rng(0)
    time_s = DT_S * np.arange(N_SAMPLES)
    offset_m = np.tile(400.0 + 50 * np.arange(N_TRACES), 6)
    first_break_s = offset_m / 1000  # 0.4 to 1.55 s
    phase = np.repeat(rng.uniform(0, 2 * np.pi, 6), N_TRACES)[:, None]
    amplitude = np.sin(2 * np.pi * 12 * time_s + phase)
    late = time_s >= first_break_s[:, None]
    amplitude += np.where(late, 1000 * rng.standard_normal(amplitude.shape), 0)
    if mute:
        amplitude = np.where(late, amplitude, 0)
    return xr.Dataset(
        {
            "amplitude": (("trace", "time"), amplitude.astype(np.float32)),
            "offset": ("trace", offset_m),
            "first_break": ("trace", first_break_s),
            "field_record": ("trace", np.repeat(np.arange(6), N_TRACES)),
            "source_x": ("trace", np.repeat(100.0 * np.arange(6), N_TRACES)),
            "source_y": ("trace", np.zeros(6 * N_TRACES)),
        },
        coords={"time": time_s},
    )


@pytest.fixture(scope="module")
def bank() -> NoiseBank:
    return cut_noise(survey())


def test_nothing_after_the_first_break_is_noise(bank: NoiseBank) -> None:
    # The arrivals are a thousand times the hum: one sample of them would stand out.
    assert np.abs(bank.patches).max() < 1.6
    # Blocks end 0.03 s before the break of their first trace, at 0.4, 0.8 and 1.2 s; the record
    # is 1 s long: 1, 3 and 5 whole patches of 0.2 s in each of the six shots.
    assert len(bank.patches) == 6 * (1 + 3 + 5)


def test_noise_of_any_length_has_the_spectrum_of_the_survey(bank: NoiseBank) -> None:
    noise = bank.draw(np.random.default_rng(0), (3, 700, 21), DT_S)
    assert noise.shape == (3, 700, 21)
    frequency, power = scipy.signal.welch(noise, 1 / DT_S, nperseg=125, axis=1)
    power = power.mean(axis=(0, 2))
    assert frequency[power.argmax()] == pytest.approx(12, abs=1)
    assert power[np.abs(frequency - 12) < 5].sum() > 0.9 * power.sum()
    rms = np.sqrt((noise**2).mean(axis=(0, 2)))
    assert rms.mean() == pytest.approx(1, abs=0.1)
    assert rms.min() > 0.4  # no dip where patches join


def test_traces_of_a_patch_stay_coherent(bank: NoiseBank) -> None:
    noise = bank.draw(np.random.default_rng(1), (1, 300, 16), DT_S)[0]
    together = np.corrcoef(noise.T)
    assert together[:8, :8].min() > 0.99
    assert np.abs(together[:8, 8:]).mean() < 0.6


def test_augmentation_adds_it_at_the_stated_level(bank: NoiseBank, tmp_path: Path) -> None:
    bank.save(tmp_path / "noise.npz")
    shots = np.random.default_rng(2).standard_normal((2, 200, 10)).astype(np.float32)
    real = Augmentation(
        **{**QUIET.__dict__, "noise_bank": str(tmp_path / "noise.npz"), "real_noise_probability": 1}
    )
    noise = real(shots, np.ones((2, 2)), np.random.default_rng(0), dt_s=DT_S)[0] - shots
    assert np.mean(noise**2) == pytest.approx(np.mean(shots**2), rel=1e-3)
    # White gathers: noise in their band would be white too.
    _, power = scipy.signal.welch(noise, 1 / DT_S, nperseg=100, axis=1)
    assert power.mean(axis=(0, 2))[:8].sum() > 0.9 * power.mean(axis=(0, 2)).sum()


def test_saved_bank_is_the_same(bank: NoiseBank, tmp_path: Path) -> None:
    bank.save(tmp_path / "noise.npz")
    again = load_noise_bank(str(tmp_path / "noise.npz"))
    assert np.array_equal(again.patches, bank.patches)
    assert again.dt_s == bank.dt_s


def test_muted_survey_has_no_noise_to_cut() -> None:
    with pytest.raises(OptionError, match=r"quiet for 0.2 s .* cut the noise before a mute"):
        cut_noise(survey(mute=True))


def test_other_sample_interval_is_refused(bank: NoiseBank) -> None:
    with pytest.raises(OptionError, match=r"samples of 0.004 s, the gathers of 0.002 s"):
        bank.draw(np.random.default_rng(0), (1, 10, 2), 0.002)


def test_file_that_is_no_bank_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a noise bank"):
        load_noise_bank(str(tmp_path / "nothing.npz"))
    np.savez(tmp_path / "other.npz", a=np.zeros(2))
    with pytest.raises(StoreError, match="not a noise bank"):
        load_noise_bank(str(tmp_path / "other.npz"))
