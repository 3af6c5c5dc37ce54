"""A record with scaled velocity is the one that modelling in the scaled ground gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.physics.acoustic import model_acquisition
from geoml.physics.wavelet_shapes import ricker
from geoml.samples import Augmentation
from geoml.samples.velocity_time import compress_time, draw_factor
from geoml.samples.wavelet_change import Wavelet
from geoml.survey.acquisition import Acquisition

PEAK_HZ, DT_S, N_SAMPLES = 12.0, 0.004, 150
WINDOW = Acquisition(
    source_distance_m=np.array([10.0, 160.0]),
    source_depth_m=np.full(2, 10.0),
    receiver_distance_m=np.array([[0.0, 50, 100, 150, 190]] * 2),
    receiver_depth_m=np.full((2, 5), 10.0),
    dt_s=DT_S,
    n_samples=N_SAMPLES,
    spacing_m=10.0,
    n_depth=20,
    n_distance=20,
    wavelet=ricker(PEAK_HZ, DT_S, 61),
    wavelet_start_s=0.0,  # its peak at 0.12 s: nothing of a record lies before time 0
    max_frequency_hz=40.0,
    free_surface=False,
)
WAVELET = Wavelet(WINDOW.wavelet, DT_S, WINDOW.wavelet_start_s)
VELOCITY = np.full((20, 20), 1800.0, np.float32)
VELOCITY[8:, :] = 2400
VELOCITY[14:, 7:] = 2900
QUIET = Augmentation(snr_db=None, dead_fraction=0.0, trace_gain_db=0.0)


def modelled(velocity: np.ndarray, time_factor: float = 1.0) -> np.ndarray:
    """Gathers of the wavelet at that factor times t, shape (shot, time, receiver)."""
    delay_s = time_factor * DT_S * np.arange(61) - 0.12
    phase = (np.pi * PEAK_HZ * delay_s) ** 2
    window = replace(WINDOW, wavelet=(1 - 2 * phase) * np.exp(-phase))
    record = model_acquisition(velocity, window, max_velocity_m_s=4500, pad_m=200)
    return record[0].numpy().swapaxes(1, 2)


def error(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.sqrt(np.mean((found - true) ** 2) / np.mean(true**2)))


@pytest.fixture(scope="module")
def shots() -> np.ndarray:
    return modelled(VELOCITY)


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_scaled_pair_is_the_modelled_one(shots: np.ndarray, factor: float) -> None:
    scaled = compress_time(shots, factor)
    again = modelled(np.float32(factor) * VELOCITY, factor)
    known = int((N_SAMPLES - 1) / max(factor, 1)) - 16
    assert error(scaled[:, :known], again[:, :known]) < 0.02
    assert error(shots[:, :known], again[:, :known]) > 0.5  # the law is not empty


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_scaled_pair_may_keep_the_wavelet_of_the_survey(shots: np.ndarray, factor: float) -> None:
    scaled, velocity = replace(QUIET, velocity_factor=(factor, factor))(
        shots, VELOCITY, np.random.default_rng(0), dt_s=DT_S, wavelet=WAVELET
    )
    again = modelled(velocity)
    assert velocity == pytest.approx(factor * VELOCITY)
    known = int((N_SAMPLES - 1) / max(factor, 1)) - 30
    assert error(scaled[:, :known], again[:, :known]) < 0.05


def test_what_the_record_does_not_hold_is_zero(shots: np.ndarray) -> None:
    last = (N_SAMPLES - 1) / 1.25
    fast = compress_time(shots, 1.25)
    assert not fast[:, int(last) + 1 :].any()
    assert fast[:, int(last) - 1].any()


def test_factor_one_changes_nothing(shots: np.ndarray) -> None:
    np.testing.assert_allclose(compress_time(shots, 1.0), shots, atol=1e-6 * np.abs(shots).max())


@given(
    st.integers(0, 1000),
    st.tuples(st.floats(0.6, 1.0), st.floats(1.0, 1.6)),
    st.floats(1500, 2500),
    st.floats(1.0, 1.8),
)
def test_scaled_velocity_stays_within_the_limits(
    seed: int, factors: tuple[float, float], slowest: float, ratio: float
) -> None:
    limits = (1500.0, 4500.0)
    velocity = np.array([slowest, slowest * ratio], np.float32)
    factor = draw_factor(np.random.default_rng(seed), velocity, factors, limits)
    assert factors[0] <= factor <= factors[1]
    assert factor * velocity.min() >= limits[0] - 0.01
    assert factor * velocity.max() <= limits[1] + 0.01


@pytest.mark.parametrize("ends", [(1500.0, 2500.0), (1600.0, 4200.0), (3000.0, 4400.0)])
def test_no_model_is_made_slower_or_faster_on_average(ends: tuple[float, float]) -> None:
    rng = np.random.default_rng(3)
    drawn = [
        draw_factor(rng, np.array(ends, np.float32), (1 / 1.2, 1.2), (1500.0, 4500.0))
        for _ in range(400)
    ]
    assert abs(np.log(drawn).mean()) <= 0.1 * np.log(drawn).max() + 1e-9


def test_model_that_no_factor_fits_is_left_alone() -> None:
    wide = np.array([1500.0, 4500.0], np.float32)
    assert draw_factor(np.random.default_rng(0), wide, (1.1, 1.2), (1500.0, 4500.0)) == 1.0


def test_factor_is_drawn_evenly_in_its_logarithm() -> None:
    rng, model = np.random.default_rng(0), np.array([2000.0], np.float32)
    drawn = np.log([draw_factor(rng, model, (0.5, 2.0), (0.0, np.inf)) for _ in range(2000)])
    assert drawn.mean() == pytest.approx(0, abs=0.03)
    assert drawn.std() == pytest.approx(np.log(2) / np.sqrt(3), rel=0.05)


def test_what_a_compressed_record_has_no_samples_for_is_left_out() -> None:
    # 100 Hz compressed to 150 Hz, above the 125 Hz that 4 ms can hold: it would come back as 100.
    tone = np.sin(2 * np.pi * 100.0 * DT_S * np.arange(N_SAMPLES)).astype(np.float32)
    fast = compress_time(tone[None, :, None], 1.5)[0, 20:75, 0]
    assert np.abs(fast).max() < 0.01
