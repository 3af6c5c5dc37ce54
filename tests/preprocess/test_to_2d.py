"""Line-source step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.physics.wavelets import half_derivative
from geoml.preprocess.to_2d import To2d

Maker = Callable[..., xr.DataArray]
DT_S, N_TIME = 0.004, 600
TIME_S = np.arange(N_TIME) * DT_S


def ricker(time_s: np.ndarray) -> np.ndarray:
    squared = (np.pi * 20 * time_s) ** 2
    return (1 - 2 * squared) * np.exp(-squared)


def point_source(distance_m: float, velocity_m_s: float) -> np.ndarray:
    """Convolution of a Ricker wavelet with the 3-D Green's function, shape (time,)."""
    return ricker(TIME_S - distance_m / velocity_m_s) / (4 * np.pi * distance_m)


def line_source(distance_m: float, velocity_m_s: float) -> np.ndarray:
    """The same with the 2-D one, H(t - t0) / (2 pi sqrt(t^2 - t0^2)), shape (time,)."""
    arrival_s = distance_m / velocity_m_s
    # t = t0 cosh(y) takes the square root out of the integral.
    y = np.linspace(0, np.arccosh(1 + TIME_S[-1] / arrival_s), 20_001)
    late_s = TIME_S[:, None] - arrival_s * np.cosh(y)
    return np.trapezoid(ricker(late_s), y, axis=1) / (2 * np.pi)


def gather(distance_m: np.ndarray, velocity_m_s: float) -> xr.DataArray:
    samples = np.array([point_source(d, velocity_m_s) for d in distance_m], dtype=np.float32)
    coords = {"time": TIME_S, "offset": ("trace", -distance_m)}
    return xr.DataArray(samples, dims=("trace", "time"), coords=coords)


@pytest.mark.parametrize(
    "options",
    [
        {"velocity_m_s": 2500.0},
        {"velocity_m_s": 2500.0, "spreading": "offset"},
        {"spreading": "direct"},
    ],
)
def test_point_source_becomes_the_analytic_line_source(options: dict[str, Any]) -> None:
    distance_m = np.array([300.0, 1000.0, 3000.0])
    out = To2d(**options)(gather(distance_m, 2500.0)).values
    for trace, distance in zip(out, distance_m, strict=True):
        expected = line_source(distance, 2500.0)
        # The far field: the error falls as the travel time grows. Factors of time bend the
        # wavelet a little.
        share = 0.2 if options.get("spreading") == "offset" else 0.9
        tolerance = share / (2 * np.pi * 20 * distance / 2500.0)
        np.testing.assert_allclose(trace, expected, atol=tolerance * np.abs(expected).max())


def test_reflection_in_a_constant_velocity_is_a_line_source_image() -> None:
    offset_m = np.array([0.0, 500.0, 2000.0])
    path_m = np.hypot(offset_m, 2 * 800.0)
    gathers = gather(path_m, 2000.0).assign_coords(offset=("trace", offset_m))
    out = To2d(velocity_m_s=2000.0)(gathers).values
    for trace, path in zip(out, path_m, strict=True):
        expected = line_source(path, 2000.0)
        np.testing.assert_allclose(trace, expected, atol=0.01 * np.abs(expected).max())


def test_phase_is_45_degrees_late_at_every_frequency(one_trace: Maker) -> None:
    for frequency_hz in (5, 20, 60, 100):
        phase = 2 * np.pi * frequency_hz * TIME_S
        # A slow taper, so that one frequency is in the trace and nothing at its ends.
        window = np.sin(np.pi * TIME_S / TIME_S[-1]) ** 2
        out = To2d(spreading="none")(one_trace(window * np.cos(phase))).values[0]
        expected = window * np.cos(phase - np.pi / 4) / np.sqrt(2 * np.pi * frequency_hz)
        inner = slice(150, 450)
        np.testing.assert_allclose(
            out[inner], expected[inner], atol=0.03 / np.sqrt(2 * np.pi * frequency_hz)
        )


def test_spike_leaves_a_tail_of_one_over_root_time_after_it_only(one_trace: Maker) -> None:
    spike = np.zeros(N_TIME)
    spike[200] = 1 / DT_S
    out = To2d(spreading="none")(one_trace(spike)).values[0]
    late_s = TIME_S[220:500] - TIME_S[200]
    smooth = (out[220:500] + out[221:501]) / 2
    np.testing.assert_allclose(smooth, 1 / np.sqrt(np.pi * (late_s + DT_S / 2)), rtol=0.02)
    before = (out[100:180] + out[101:181]) / 2
    assert np.abs(before).max() < 0.02 * smooth.max()


@pytest.mark.parametrize(
    "options",
    [
        {"velocity_m_s": 2500.0},
        {"velocity_m_s": 2500.0, "spreading": "offset"},
        {"spreading": "direct"},
        {"spreading": "none"},
    ],
)
def test_inverse_brings_the_point_source_back(options: dict[str, Any]) -> None:
    gathers = gather(np.array([700.0, 1500.0]), 2500.0)
    back = To2d(**options, inverse=True)(To2d(**options)(gathers))
    np.testing.assert_allclose(back.values, gathers.values, atol=2e-3 * np.abs(gathers).max())


def test_inverse_is_the_half_derivative_that_sources_get(one_trace: Maker) -> None:
    wave = ricker(TIME_S - 1)
    out = To2d(spreading="none", inverse=True)(one_trace(wave)).values[0]
    np.testing.assert_allclose(out, half_derivative(wave, DT_S), atol=1e-5 * np.abs(out).max())


def test_dot_test_of_the_half_integral(one_trace: Maker) -> None:
    # Its adjoint runs backward in time.
    x, y = np.random.default_rng(0).normal(size=(2, N_TIME))
    step = To2d(spreading="none")
    forward = step(one_trace(x)).values[0].astype(float)
    adjoint = step(one_trace(y[::-1])).values[0][::-1].astype(float)
    assert forward @ y == pytest.approx(x @ adjoint, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "'time' needs velocity_m_s"),
        ({"spreading": "direct", "velocity_m_s": 2000.0}, "'direct' has no velocity_m_s"),
        ({"velocity_m_s": -1.0}, "velocity_m_s is -1 m/s"),
        ({"spreading": "sphere"}, "'sphere'; it must be one of time, offset, direct, none"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        To2d(**options)


def test_survey_without_offsets_is_refused_where_they_are_the_path() -> None:
    survey = gather(np.array([0.0, 0.0]) + 1, 2000.0).to_dataset(name="amplitude")
    bare = survey.reset_coords("offset").assign(offset=("trace", [0.0, 0.0]))
    with pytest.raises(GeometryError, match="'direct' needs offsets, and every offset"):
        To2d(spreading="direct").check(bare)
    To2d(velocity_m_s=2000.0).check(bare)
