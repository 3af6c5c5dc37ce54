"""Steps replayed on simulated gathers."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.recipe import build_steps, step_specs
from geoml.preprocess.replay import replay
from geoml.survey.acquisition import Acquisition

STEPS_OF_A_LINE = [
    "pick_first_breaks",
    {"bandpass": {"low_hz": 4, "high_hz": 18}},
    {"resample": {"dt_s": 0.008}},
    {"mute_top": {"velocity_m_s": 2000, "intercept_s": 0.1}},
    {"gain_time_power": {"power": 1}},
    {"normalise": {"by": "gather"}},
]


@pytest.fixture
def acquisition() -> Acquisition:
    """Two shots of different spreads, one of them on both sides of its source."""
    return Acquisition(
        source_distance_m=np.array([0.0, 400.0]),
        source_depth_m=np.array([5.0, 5.0]),
        receiver_distance_m=np.array([[100.0, 300, 700], [0.0, 500, 1200]]),
        receiver_depth_m=np.full((2, 3), 10.0),
        dt_s=0.008,
        n_samples=120,
        spacing_m=20.0,
        n_depth=10,
        n_distance=60,
        wavelet=np.zeros(9),
        wavelet_start_s=-0.032,
        max_frequency_hz=18.0,
        free_surface=True,
    )


@pytest.fixture
def shots() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(5, 2, 3, 120)).astype(np.float32)


def test_filters_and_resampling_are_left_to_the_wavelet(
    acquisition: Acquisition, shots: np.ndarray
) -> None:
    out = replay(STEPS_OF_A_LINE[:3], shots, acquisition)
    np.testing.assert_array_equal(out, shots)
    assert out.dtype == np.float32
    assert not np.shares_memory(out, shots)


def test_replay_equals_the_steps_on_each_shot_with_its_offsets(
    acquisition: Acquisition, shots: np.ndarray
) -> None:
    out = replay(STEPS_OF_A_LINE, shots, acquisition)
    late = build_steps(STEPS_OF_A_LINE[3:])
    for model in range(5):
        for shot, offset_m in enumerate([[100, 300, 700], [-400, 100, 800]]):
            gather = xr.DataArray(
                shots[model, shot],
                dims=("trace", "time"),
                coords={"time": np.arange(120) * 0.008, "offset": ("trace", offset_m)},
            )
            for step in late:
                gather = step(gather)
            np.testing.assert_allclose(out[model, shot], gather.values, rtol=1e-6, atol=1e-7)


def test_one_model_and_many_give_the_same(acquisition: Acquisition, shots: np.ndarray) -> None:
    many = replay(STEPS_OF_A_LINE, shots, acquisition)
    np.testing.assert_array_equal(replay(STEPS_OF_A_LINE, shots[3], acquisition), many[3])


def test_stored_form_of_the_steps_is_accepted(acquisition: Acquisition, shots: np.ndarray) -> None:
    stored = step_specs(build_steps(STEPS_OF_A_LINE))
    np.testing.assert_array_equal(
        replay(stored, shots, acquisition), replay(STEPS_OF_A_LINE, shots, acquisition)
    )


def test_mute_by_picks_is_refused_with_the_way_out(
    acquisition: Acquisition, shots: np.ndarray
) -> None:
    with pytest.raises(OptionError, match=r"'mute_top' follows picked .*velocity_m_s"):
        replay([{"mute_top": {"first_break_lead_s": 0.02}}], shots, acquisition)


def test_gathers_of_another_acquisition_are_refused(
    acquisition: Acquisition, shots: np.ndarray
) -> None:
    with pytest.raises(ShapeError, match=r"ending in \(2, 3, 120\)"):
        replay(STEPS_OF_A_LINE, shots[..., :100], acquisition)
