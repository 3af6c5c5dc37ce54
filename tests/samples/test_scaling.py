"""Scaling is fitted once, undone exactly, and knows nothing of single models."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import OptionError
from geoml.samples import Scaling, fit_scaling


def test_scaling_worked_by_hand() -> None:
    scaling = Scaling(amplitude=2.0, velocity_centre_m_s=2000.0, velocity_scale_m_s=500.0)
    assert scaling.scale_shots(np.array([4.0])) == 2.0
    assert scaling.scale_velocity(np.array([1500.0])) == -1.0
    assert scaling.unscale_velocity(np.array([-1.0])) == 1500.0
    assert scaling.unscale_std(np.array([0.1])) == 50.0


def test_fitted_scaling_gives_rms_one_mean_zero_spread_one() -> None:
    rng = np.random.default_rng(0)
    amplitude = (3 * rng.standard_normal((40, 2, 3, 50))).astype(np.float32)
    velocity = rng.uniform(1500, 3500, (40, 8, 9)).astype(np.float32)
    blocks = [(amplitude[i : i + 16], velocity[i : i + 16]) for i in range(0, 40, 16)]
    scaling = fit_scaling(blocks)
    assert np.sqrt(np.mean(scaling.scale_shots(amplitude) ** 2)) == pytest.approx(1, rel=1e-5)
    scaled = scaling.scale_velocity(velocity)
    assert scaled.mean() == pytest.approx(0, abs=1e-4)
    assert scaled.std() == pytest.approx(1, rel=1e-4)
    assert scaling.velocity_centre_m_s == pytest.approx(velocity.mean(dtype=np.float64))


def test_fit_does_not_depend_on_the_blocks() -> None:
    rng = np.random.default_rng(1)
    amplitude = rng.standard_normal((12, 1, 2, 30)).astype(np.float32)
    velocity = rng.uniform(1500, 1510, (12, 4, 5)).astype(np.float32)
    whole = fit_scaling([(amplitude, velocity)]).to_dict()
    single = fit_scaling(zip(amplitude[:, None], velocity[:, None], strict=True)).to_dict()
    assert single == pytest.approx(whole, rel=1e-9)


@given(
    st.floats(1e-8, 1e8), st.floats(500, 6000), st.floats(1, 3000), st.floats(300, 8000)
)  # fmt: skip
def test_unscaling_undoes_scaling(
    amplitude: float, centre: float, spread: float, velocity: float
) -> None:
    scaling = Scaling(amplitude, centre, spread)
    assert scaling.unscale_velocity(scaling.scale_velocity(velocity)) == pytest.approx(velocity)
    assert scaling.unscale_shots(scaling.scale_shots(amplitude)) == pytest.approx(amplitude)
    assert Scaling.from_dict(json.loads(json.dumps(scaling.to_dict()))) == scaling


def test_arrays_keep_their_kind_and_type() -> None:
    scaling = Scaling(2.0, 2000.0, 500.0)
    assert scaling.scale_velocity(np.ones(3, np.float32)).dtype == np.float32
    assert scaling.unscale_velocity(torch.zeros(3)).dtype == torch.float32


def test_order_of_velocities_survives() -> None:
    scaling = fit_scaling([(np.ones((2, 1, 1, 4), np.float32), np.array([[[1500.0]], [[3000.0]]]))])
    slow, fast = scaling.scale_velocity(np.array([1500.0, 3000.0]))
    assert slow < fast


@pytest.mark.parametrize(
    ("amplitude", "velocity", "message"),
    [
        (0.0, (1500.0, 3000.0), "RMS amplitude of 0"),
        (np.nan, (1500.0, 3000.0), "RMS amplitude of nan"),
        (1.0, (1500.0, 1500.0), "All training velocities equal 1500 m/s; widen"),
    ],
)
def test_pairs_that_allow_no_scaling_are_refused(
    amplitude: float, velocity: tuple[float, float], message: str
) -> None:
    shots = np.full((2, 1, 1, 4), amplitude, np.float32)
    with pytest.raises(OptionError, match=message):
        fit_scaling([(shots, np.array(velocity, np.float32).reshape(2, 1, 1))])


def test_no_pairs_are_refused() -> None:
    with pytest.raises(OptionError, match="No training pairs"):
        fit_scaling([])


def test_scaling_by_zero_is_refused() -> None:
    with pytest.raises(OptionError, match="'velocity_scale_m_s' is 0"):
        Scaling(1.0, 2000.0, 0.0)
