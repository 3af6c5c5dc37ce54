"""The denoising step: amplitudes, dead traces, sampling, gain, what it leaves alone."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from made_denoiser import save_denoiser

from geoml.errors import OptionError
from geoml.network_checkpoint import load_network_checkpoint
from geoml.prediction.denoise import Denoise, denoise_step
from geoml.prediction.denoiser import denoiser_of, local_level, within_spectrum


def _gather(samples: np.ndarray, dt_s: float = 0.004, **coords: np.ndarray) -> xr.DataArray:
    n_traces, n_times = samples.shape
    values = {"offset": 25.0 * np.arange(1, n_traces + 1), **coords}
    return xr.DataArray(
        samples.astype(np.float32),
        dims=("trace", "time"),
        coords={
            "time": dt_s * np.arange(n_times),
            **{name: ("trace", value) for name, value in values.items()},
        },
    )


def test_network_that_finds_no_noise_gives_the_samples_back(tmp_path: Path) -> None:
    step = denoise_step(save_denoiser(tmp_path / "n", removes=False))
    samples = 1e4 * np.random.default_rng(0).normal(size=(13, 75))
    np.testing.assert_allclose(step(_gather(samples)), samples, rtol=1e-4, atol=1)
    half = step(_gather(samples, dt_s=0.002))
    np.testing.assert_allclose(half, samples, rtol=1e-4, atol=1)


def test_amplitude_is_put_back(step: Denoise) -> None:
    samples = np.random.default_rng(1).normal(size=(20, 60))
    once = step(_gather(samples)).values
    assert np.abs(once - samples).max() > 0.05, "the network does something"
    np.testing.assert_allclose(step(_gather(1e6 * samples)).values / 1e6, once, atol=1e-4)


def test_traces_are_taken_along_their_line_and_given_back_in_their_order(step: Denoise) -> None:
    samples = np.random.default_rng(2).normal(size=(20, 60))
    order = np.random.default_rng(3).permutation(20)
    offset = 25.0 * np.arange(1, 21)
    straight = step(_gather(samples, offset=offset)).values
    mixed = step(_gather(samples[order], offset=offset[order])).values
    np.testing.assert_array_equal(mixed, straight[order])


def test_dead_traces_stay_dead_and_have_no_say(step: Denoise) -> None:
    samples = np.random.default_rng(4).normal(size=(20, 60))
    live = np.ones(20, dtype=np.int8)
    live[[3, 11]] = 0
    dead = np.where(live[:, None], samples, 0)
    out = step(_gather(dead, live=live)).values
    assert not out[live == 0].any()
    rest = live == 1
    offset = 25.0 * np.arange(1, 21)[rest]
    np.testing.assert_array_equal(out[rest], step(_gather(samples[rest], offset=offset)).values)


def test_dead_traces_are_filled_when_asked(denoiser_folder: Path) -> None:
    samples = np.random.default_rng(4).normal(size=(20, 60))
    live = np.ones(20, dtype=np.int8)
    live[7] = 0
    out = denoise_step(denoiser_folder, fill_dead=True)(_gather(live[:, None] * samples, live=live))
    assert out.values[7].any()
    assert out.coords["live"].values.all()


def test_finer_sampling_is_handled_and_an_odd_one_is_refused(denoiser_folder: Path) -> None:
    denoiser = denoiser_of(load_network_checkpoint(denoiser_folder, "denoise"))
    time_s = 0.001 * np.arange(400)
    above = np.tile(np.sin(2 * np.pi * 300 * time_s), (16, 1)).astype(np.float32)
    # The network works below 125 Hz: what it has never seen stays, but for the ends of the trace.
    kept = denoiser(above, 0.001)[:, 60:-60]
    np.testing.assert_allclose(kept, above[:, 60:-60], atol=0.05)
    with pytest.raises(OptionError, match=r"sampled every 3\.3 ms.*resample: \{dt_s: 0\.004\}"):
        denoiser(above, 0.0033)


def test_network_works_at_the_interval_asked_for(denoiser_folder: Path) -> None:
    samples = np.random.default_rng(6).normal(size=(16, 120))
    own = denoise_step(denoiser_folder)(_gather(samples)).values
    coarse = denoise_step(denoiser_folder, dt_s=0.008)(_gather(samples)).values
    removed = np.abs(np.fft.rfft(samples - coarse, axis=1)).mean(axis=0)
    assert np.abs(own - coarse).max() > 0.01
    # Above 62.5 Hz, the Nyquist frequency of 8 ms, next to nothing is touched.
    assert removed[40:].max() < 0.1 * removed[:25].max()


def test_bfloat16_is_near_single_precision(denoiser_folder: Path, step: Denoise) -> None:
    samples = np.random.default_rng(8).normal(size=(16, 64))
    single = step(_gather(samples)).values
    half = denoise_step(denoiser_folder, bfloat16=True)(_gather(samples)).values
    error = np.std(half - single) / np.std(single)
    assert 0 < error < 0.02


def test_no_more_is_removed_at_a_frequency_than_there_is() -> None:
    rng = np.random.default_rng(9)
    time_s = 0.004 * np.arange(256)
    samples = np.tile(np.sin(2 * np.pi * 15.625 * time_s), (12, 1)).astype(np.float32)
    floor = (0.1 * rng.normal(size=samples.shape)).astype(np.float32)
    left = within_spectrum(floor, samples)
    quiet = np.abs(np.fft.rfft(left, axis=1))[:, 60:]
    assert quiet.max() < 0.05 * np.abs(np.fft.rfft(floor, axis=1))[:, 60:].max()
    np.testing.assert_array_equal(within_spectrum(0.5 * samples, samples), 0.5 * samples)


def test_muted_samples_stay_muted(step: Denoise) -> None:
    samples = np.random.default_rng(7).normal(size=(16, 120))
    samples[:, :40] = 0
    samples[3, 60] = 0  # a single zero is no mute
    out = step(_gather(samples)).values
    assert not out[:, :40].any()
    assert (out[:, 40:] != 0).all()


def test_gain_is_taken_off_and_put_back(denoiser_folder: Path) -> None:
    denoiser = denoiser_of(load_network_checkpoint(denoiser_folder, "denoise"))
    rng = np.random.default_rng(5)
    decay = np.exp(-np.arange(300) / 30)
    samples = (rng.normal(size=(16, 300)) * decay).astype(np.float32)
    removed = samples - denoiser(samples, 0.004, gain_window_s=0.1)
    level = local_level(samples, 25)
    assert level.min() > 0
    early, late = (np.std((removed / decay)[:, part]) for part in (slice(20, 60), slice(80, 120)))
    assert late == pytest.approx(early, rel=0.3)


def test_step_travels_without_its_network(step: Denoise) -> None:
    step(_gather(np.ones((9, 30))))
    assert len(pickle.dumps(step)) < 1000
    assert pickle.loads(pickle.dumps(step)) == step


def test_what_was_recorded_up_to_the_first_breaks_stays(denoiser_folder: Path) -> None:
    samples = np.random.default_rng(3).normal(size=(12, 200))
    pick_s = np.where(np.arange(12) % 4 == 3, np.nan, 0.2 + 0.02 * np.arange(12))
    gathers = _gather(samples, first_break=pick_s)
    whole = denoise_step(denoiser_folder)(gathers).values
    kept = denoise_step(denoiser_folder, protect_s=0.08)(gathers).values
    late_s = gathers["time"].values - pick_s[:, None]
    early = late_s < 0.079
    late = ~(late_s < 0.121)  # a trace without a pick is late all along
    assert late[3].all()
    np.testing.assert_array_equal(kept[early], gathers.values[early])
    np.testing.assert_array_equal(kept[late], whole[late])
    assert np.abs(whole - gathers.values)[early].max() > 0.05, "it would have been changed"
    # In between it is a mean of the two.
    low, high = np.minimum(whole, gathers.values), np.maximum(whole, gathers.values)
    assert (kept >= low - 1e-6).all()
    assert (kept <= high + 1e-6).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overlap": 0.95}, "overlap is 0.95; it must be 0 to 0.9"),
        ({"gain_window_s": 0.0}, "gain_window_s is 0 s"),
        ({"dt_s": -0.004}, "dt_s is -0.004 s; it must be above 0"),
        ({"device": "abacus"}, "Device 'abacus' cannot be used"),
        ({"gather": "shots"}, "Unknown gather kind 'shots'. Did you mean 'shot'"),
    ],
)
def test_wrong_option_is_refused_in_one_line(
    denoiser_folder: Path, options: dict, message: str
) -> None:
    with pytest.raises(OptionError, match=message) as refusal:
        denoise_step(denoiser_folder, **options)
    assert "\n" not in str(refusal.value)
