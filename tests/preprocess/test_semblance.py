"""Velocity spectrum."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.semblance import semblance

DT_S, N_TIME = 0.004, 500
TIME_S = np.arange(N_TIME) * DT_S
OFFSET_M = np.arange(100.0, 2500.0, 50.0)
EVENTS = ((0.5, 1700.0), (0.9, 2100.0), (1.4, 2700.0))
VELOCITIES = np.arange(1400.0, 3400.0, 50.0)


def gather_of(samples: np.ndarray, offset_m: np.ndarray = OFFSET_M) -> xr.DataArray:
    return xr.DataArray(
        np.asarray(samples, np.float32),
        dims=("trace", "time"),
        coords={"time": TIME_S[: samples.shape[1]], "offset": ("trace", offset_m)},
    )


def cdp_gather(noise: float = 0.0) -> xr.DataArray:
    """Ricker wavelets of 25 Hz on the hyperbolas of EVENTS."""
    samples = noise * np.random.default_rng(0).normal(size=(OFFSET_M.size, N_TIME))
    for t0, velocity in EVENTS:
        arrival = np.sqrt(t0**2 + (OFFSET_M / velocity) ** 2)
        phase = (np.pi * 25 * (TIME_S - arrival[:, None])) ** 2
        samples += (1 - 2 * phase) * np.exp(-phase)
    return gather_of(samples)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_peaks_stand_at_the_velocities_of_the_reflections(noise: float) -> None:
    spectrum = semblance(cdp_gather(noise), VELOCITIES)
    for t0, velocity in EVENTS:
        near = spectrum.sel(time=slice(t0 - 0.02, t0 + 0.02))
        best = near.max("time").idxmax("velocity").item()
        assert abs(best - velocity) <= 50
        assert near.max() > (0.9 if noise == 0 else 0.3)


def test_equal_traces_at_one_offset_have_semblance_one() -> None:
    trace = np.random.default_rng(1).normal(size=N_TIME)
    gather = gather_of(np.tile(trace, (5, 1)), np.zeros(5))
    np.testing.assert_allclose(semblance(gather, [2000.0]).values, 1, atol=1e-5)


def test_noise_has_semblance_one_over_fold() -> None:
    noise = np.random.default_rng(2).normal(size=(40, N_TIME))
    spectrum = semblance(gather_of(noise, np.zeros(40)), [2000.0], window_s=0.1)
    assert abs(spectrum.values.mean() - 1 / 40) < 0.003


def test_one_value_is_the_ratio_of_neidell_and_taner() -> None:
    gather, velocity, centre = cdp_gather(), 2050.0, 230
    above = below = 0.0
    for sample in range(centre - 2, centre + 3):
        arrival = np.sqrt(TIME_S[sample] ** 2 + (OFFSET_M / velocity) ** 2)
        used = TIME_S[sample] / arrival > 1 / 1.5  # the stretch of a constant velocity
        row = np.array(
            [
                np.interp(a, np.arange(0, 1.996, 1e-5), _fine(trace))
                for a, trace in zip(arrival[used], gather.values[used], strict=True)
            ]
        )
        above += row.sum() ** 2
        below += used.sum() * (row**2).sum()
    spectrum = semblance(gather, [velocity], window_s=0.02)
    assert spectrum.values[centre, 0] == pytest.approx(above / below, rel=2e-3)


def _fine(trace: np.ndarray) -> np.ndarray:
    """A trace at 10 microseconds by Whittaker's sum over all its samples."""
    at = np.arange(0, 1.996, 1e-5)
    spectrum = np.fft.rfft(np.pad(trace, (0, 524)))
    fine = np.fft.irfft(np.pad(spectrum, (0, 512 * 399)), 1024 * 400) * 400
    return np.interp(at, np.arange(fine.size) * 1e-5, fine)


def test_scale_of_the_gather_and_a_dead_trace_do_not_matter() -> None:
    gather = cdp_gather(0.2)
    spectrum = semblance(gather, VELOCITIES[::8]).values
    np.testing.assert_allclose(semblance(gather * 1e6, VELOCITIES[::8]), spectrum, atol=1e-5)
    dead = gather.copy(deep=True)
    dead.values[7] = 0
    without = gather.isel(trace=np.arange(OFFSET_M.size) != 7)
    np.testing.assert_array_equal(
        semblance(dead, VELOCITIES[::8]), semblance(without, VELOCITIES[::8])
    )


def test_silence_has_none() -> None:
    quiet = np.zeros((4, N_TIME))
    quiet[:, 400:410] = 1e9
    spectrum = semblance(gather_of(quiet, np.zeros(4)), [2000.0], window_s=0.02)
    assert not spectrum.values[:390].any()


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(OptionError, match="above 0 m/s"):
        semblance(cdp_gather(), [0.0])
    with pytest.raises(OptionError, match="window_s 0"):
        semblance(cdp_gather(), [2000.0], window_s=0)
    with pytest.raises(ShapeError, match="has 1 that are not dead"):
        semblance(cdp_gather().isel(trace=[0]), [2000.0])
    broken = cdp_gather()
    broken.values[3, 5] = np.nan
    with pytest.raises(OptionError, match="'semblance' would spread them"):
        semblance(broken, [2000.0])
