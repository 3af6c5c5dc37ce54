"""Phase rotation step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy import signal

from geoml.errors import OptionError
from geoml.preprocess.rotate_phase import RotatePhase

Maker = Callable[..., xr.DataArray]
TIME_S = np.arange(500) * 0.004
ENVELOPE = np.exp(-(((TIME_S - 1) / 0.15) ** 2))


def pulse(phase: float) -> np.ndarray:
    return ENVELOPE * np.cos(2 * np.pi * 25 * (TIME_S - 1) + phase)


@pytest.mark.parametrize("angle", [-120.0, 0.0, 30.0, 90.0, 180.0])
def test_cosine_gets_the_angle_as_its_phase(one_trace: Maker, angle: float) -> None:
    rotated = RotatePhase(angle)(one_trace(pulse(0.0))).values[0]
    np.testing.assert_allclose(rotated, pulse(np.deg2rad(angle)), atol=1e-4)


def test_ninety_degrees_is_minus_the_hilbert_transform_of_scipy(one_trace: Maker) -> None:
    samples = np.random.default_rng(4).normal(size=500)
    expected = -signal.hilbert(np.pad(samples, (2000, 2000))).imag[2000:2500]
    rotated = RotatePhase(90)(one_trace(samples)).values[0]
    np.testing.assert_allclose(rotated[50:-50], expected[50:-50], atol=0.05)


def test_rotation_back_brings_the_trace_back(one_trace: Maker) -> None:
    trace = one_trace(pulse(0.4))
    back = RotatePhase(-70)(RotatePhase(70)(trace))
    np.testing.assert_allclose(back.values, trace.values, atol=2e-4)


def test_amplitude_spectrum_is_kept(one_trace: Maker) -> None:
    trace = one_trace(pulse(0.0))
    before, after = (np.abs(np.fft.rfft(x.values[0])) for x in (trace, RotatePhase(57)(trace)))
    np.testing.assert_allclose(after, before, atol=1e-3 * before.max())


def test_event_at_the_end_does_not_reach_the_start(one_trace: Maker) -> None:
    spike = np.zeros(500)
    spike[-1] = 1
    assert np.abs(RotatePhase(90)(one_trace(spike)).values[0, :100]).max() < 2e-3


def test_angle_that_is_no_number_is_refused() -> None:
    with pytest.raises(OptionError, match="angle_deg must be a finite number"):
        RotatePhase(float("nan"))
