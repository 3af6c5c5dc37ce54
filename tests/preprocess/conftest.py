"""Small gathers that every step can be run on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

N_SHOTS, N_RECEIVERS, N_TIME, DT_S = 3, 12, 300, 0.004
DEAD = 5


def arrivals(rng: np.random.Generator) -> np.ndarray:
    """Decaying 25 Hz arrivals at offset / 2000 m/s over weak noise, shape (trace, time)."""
    time_s = np.arange(N_TIME) * DT_S
    late_s = time_s - offsets()[:, None] / 2000 - 0.1
    wave = np.sin(2 * np.pi * 25 * late_s) * np.exp(-np.clip(late_s, 0, None) / 0.15)
    samples = np.where(late_s > 0, wave, 0) * (300 / offsets()[:, None])
    samples *= np.repeat([1.0, 3.0, 0.5], N_RECEIVERS)[:, None]
    noise = rng.normal(size=samples.shape) * np.geomspace(0.001, 0.02, samples.shape[0])[:, None]
    return (samples + noise).astype(np.float32)


def offsets() -> np.ndarray:
    """Signed offset [m], shape (trace,)."""
    return np.tile(150.0 + 100 * np.arange(N_RECEIVERS), N_SHOTS)


@pytest.fixture
def gathers() -> xr.DataArray:
    """Three shots of twelve receivers, 300 samples at 4 ms; trace 5 is dead."""
    samples = arrivals(np.random.default_rng(7))
    samples[DEAD] = 0
    shot = np.repeat(np.arange(N_SHOTS), N_RECEIVERS)
    return xr.DataArray(
        samples,
        dims=("trace", "time"),
        coords={
            "time": ("time", np.arange(N_TIME) * DT_S, {"units": "s", "long_name": "time"}),
            "offset": ("trace", offsets(), {"units": "m"}),
            "source_x": ("trace", 25.0 * shot, {"units": "m"}),
            "source_y": ("trace", np.zeros(shot.size), {"units": "m"}),
            "receiver_x": ("trace", 25.0 * shot + offsets(), {"units": "m"}),
            "receiver_y": ("trace", np.zeros(shot.size), {"units": "m"}),
            "field_record": ("trace", (shot + 1).astype(np.int32)),
            "trace_in_record": (
                "trace",
                np.tile(np.arange(1, N_RECEIVERS + 1, dtype=np.int32), N_SHOTS),
            ),
            "trace_kind": ("trace", np.where(np.arange(shot.size) == 9, 2, 1).astype(np.int32)),
            "first_break": ("trace", offsets() / 2000 + 0.1, {"units": "s"}),
            "cdp": ("trace", (1 + shot + np.arange(shot.size) % 12).astype(np.int32)),
            "source_elevation": ("trace", 310.0 - 4 * shot, {"units": "m"}),
            "source_depth": ("trace", 8.0 + shot, {"units": "m"}),
            "receiver_elevation": ("trace", 290.0 + 0.05 * offsets(), {"units": "m"}),
            "uphole_time": ("trace", 0.01 + 1e-5 * offsets(), {"units": "s"}),
            "uphole_depth": ("trace", 8.0 + 0.005 * offsets(), {"units": "m"}),
        },
        name="amplitude",
        attrs={"long_name": "amplitude"},
    )


@pytest.fixture
def damaged(gathers: xr.DataArray) -> xr.DataArray:
    """The same gathers with runs of NaN, one Inf, spikes, a ringing geophone and a reversed one."""
    broken = gathers.copy(deep=True)
    broken.values[2, 100:103] = np.nan
    broken.values[3, 50:90] = np.nan
    broken.values[4, -1] = np.inf
    broken.values[7] += np.sin(2 * np.pi * 12 * DT_S * np.arange(N_TIME)).astype(np.float32)
    broken.values[20] *= -1
    broken.values[25, 150] = 40
    broken.values[33, 200:203] = -12
    return broken


@pytest.fixture
def killed(gathers: xr.DataArray) -> xr.DataArray:
    """The same gathers with single killed traces and two in a row."""
    live = np.ones(gathers.sizes["trace"], dtype=bool)
    live[[DEAD, 15, 18, 19, 31]] = False
    edited = gathers.copy(data=np.where(live[:, None], gathers.values, np.float32(0)))
    return edited.assign_coords(live=("trace", live))


@pytest.fixture
def one_trace() -> Callable[..., xr.DataArray]:
    """Makes a gather of one trace that knows nothing but its time axis."""

    def make(samples: np.ndarray, dt_s: float = DT_S, start_s: float = 0.0) -> xr.DataArray:
        time_s = start_s + np.arange(len(samples)) * dt_s
        row = np.asarray(samples, dtype=np.float32)[None]
        return xr.DataArray(row, dims=("trace", "time"), coords={"time": time_s})

    return make
