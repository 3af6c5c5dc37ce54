"""f-x deconvolution step, and what it shares with rank reduction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.fx_decon import FxDecon, prediction_filters
from geoml.preprocess.fx_step import FxStep
from geoml.preprocess.pipeline import run
from geoml.preprocess.rank_reduction import RankReduction
from geoml.readers.ingest import read_survey

DT_S = 0.004
STEPS = [FxDecon(prewhitening=1e-3), RankReduction()]
both = pytest.mark.parametrize("step", STEPS, ids=["fx_decon", "rank_reduction"])


def ricker(time_s: np.ndarray) -> np.ndarray:
    argument = (np.pi * 25 * time_s) ** 2
    return (1 - 2 * argument) * np.exp(-argument)


def plane_waves(*dips_s: float, n_traces: int = 60, n_time: int = 250) -> np.ndarray:
    """Straight events, each with a moveout a trace [s], shape (trace, time)."""
    time_s, trace = np.arange(n_time) * DT_S, np.arange(n_traces)[:, None] - n_traces / 2
    return sum(ricker(time_s - 0.5 - 0.1 * i - dip * trace) for i, dip in enumerate(dips_s))


def gather(samples: np.ndarray, **coords: np.ndarray) -> xr.DataArray:
    return xr.DataArray(
        samples.astype(np.float32),
        dims=("trace", "time"),
        coords={
            "time": np.arange(samples.shape[1]) * DT_S,
            **{k: ("trace", v) for k, v in coords.items()},
        },
    )


def gain_db(clean: np.ndarray, noisy: np.ndarray, out: np.ndarray) -> float:
    return 10 * np.log10(np.sum((noisy - clean) ** 2) / np.sum((out - clean) ** 2))


def test_filter_of_two_exponentials_has_their_wavenumbers_as_roots() -> None:
    trace, wavenumbers = np.arange(16), np.array([0.7, -1.9])
    row = np.exp(1j * wavenumbers[0] * trace) + 0.5 * np.exp(1j * wavenumbers[1] * trace)
    filters = prediction_filters(row[None], 2, 1e-12)[0]
    roots = np.roots([1, *-filters])
    np.testing.assert_allclose(np.sort(np.angle(roots)), np.sort(wavenumbers), atol=1e-6)
    np.testing.assert_allclose(np.abs(roots), 1, atol=1e-6)


@pytest.mark.parametrize(("n_traces", "length"), [(16, 3), (9, 4), (7, 1)])
def test_filter_is_the_damped_least_squares_of_numpy(n_traces: int, length: int) -> None:
    rng = np.random.default_rng(1)
    row = rng.normal(size=n_traces) + 1j * rng.normal(size=n_traces)
    forward = [[row[k - i] for i in range(1, length + 1)] for k in range(length, n_traces)]
    backward = [[row[k + i].conj() for i in range(1, length + 1)] for k in range(n_traces - length)]
    equations = np.array(forward + backward)
    wanted = np.concatenate([row[length:], row[: n_traces - length].conj()])
    damping = 0.1 * np.trace(equations.conj().T @ equations).real / length
    equations = np.vstack([equations, np.sqrt(damping) * np.eye(length)])
    expected = np.linalg.lstsq(equations, np.append(wanted, np.zeros(length)))[0]
    np.testing.assert_allclose(prediction_filters(row[None], length, 0.1)[0], expected, rtol=1e-9)


@both
@pytest.mark.parametrize("dips_s", [(0.0,), (0.003,), (-0.002, 0.004)], ids=str)
def test_straight_events_are_kept(step: FxStep, dips_s: tuple[float, ...]) -> None:
    clean = plane_waves(*dips_s)
    out = step(gather(clean)).values
    assert np.sum((out - clean) ** 2) < 2e-3 * np.sum(clean**2)


@both
def test_noise_between_straight_events_is_reduced(step: FxStep) -> None:
    clean = plane_waves(-0.002, 0.003)
    noisy = clean + clean.std() * np.random.default_rng(2).normal(size=clean.shape)
    assert gain_db(clean, noisy, step(gather(noisy)).values) > 6


@both
def test_single_wild_trace_leaves_little_on_its_neighbours(step: FxStep) -> None:
    clean = plane_waves(0.001)
    wild = clean.copy()
    wild[30] += np.random.default_rng(3).normal(size=250)
    out = step(gather(wild)).values
    assert np.sum((out[30] - clean[30]) ** 2) < 0.3 * np.sum((wild[30] - clean[30]) ** 2)


@both
def test_dead_trace_is_left_out_and_stays_dead(step: FxStep) -> None:
    clean = plane_waves(0.0)
    holed = clean.copy()
    holed[20] = 0
    out = step(gather(holed)).values
    assert not out[20].any()
    live = np.arange(60) != 20
    assert np.sum((out[live] - clean[live]) ** 2) < 2e-3 * np.sum(clean**2)


@both
def test_gathers_do_not_mix(step: FxStep) -> None:
    one, other = plane_waves(0.002, n_traces=30), plane_waves(-0.003, n_traces=30)
    record = np.repeat([1, 2], 30)
    together = step(gather(np.vstack([one, other]), field_record=record)).values
    np.testing.assert_array_equal(together[:30], step(gather(one)).values)
    np.testing.assert_array_equal(together[30:], step(gather(other)).values)


@both
def test_traces_are_neighbours_by_their_position_and_not_by_their_place(step: FxStep) -> None:
    clean = plane_waves(0.003)
    offset = 25.0 * np.arange(60) - 700
    shuffle = np.random.default_rng(5).permutation(60)
    out = step(gather(clean[shuffle], offset=offset[shuffle])).values
    np.testing.assert_array_equal(out, step(gather(clean, offset=offset)).values[shuffle])


@both
@pytest.mark.parametrize("n_traces", [1, 2])
def test_gather_too_small_to_predict_in_stays(step: FxStep, n_traces: int) -> None:
    few = gather(plane_waves(0.0, n_traces=n_traces))
    np.testing.assert_array_equal(step(few).values, few.values)


@both
@pytest.mark.parametrize("n_traces", [3, 4, 7])
def test_gather_smaller_than_a_window_is_cleaned(step: FxStep, n_traces: int) -> None:
    out = step(gather(plane_waves(0.0, n_traces=n_traces)))
    assert np.isfinite(out.values).all()


def test_frequencies_outside_the_band_are_taken_out() -> None:
    wave = np.sin(2 * np.pi * np.array([[20], [90]]) * DT_S * np.arange(500)) * np.hanning(500)
    clean, outside = (np.tile(row, (30, 1)) for row in wave)
    out = FxDecon(band_hz=(8, 60), prewhitening=1e-3)(gather(clean + outside)).values
    np.testing.assert_allclose(out, clean, atol=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_coefficients": 13}, "n_coefficients is 13; it must be 1 to half of .*, 12"),
        ({"prewhitening": 0}, "prewhitening is 0; it must be above 0"),
        ({"window_traces": 2}, "window_traces is 2; it must be 3 or more"),
        ({"window_s": -1}, "window_s is -1 s"),
        ({"overlap": 0.95}, r"overlap is 0\.95"),
        ({"band_hz": (60, 8)}, "band_hz 60 to 8 Hz must rise"),
        ({"gather": "line"}, "Unknown gather kind 'line'"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        FxDecon(**options)


def test_window_that_the_sampling_cannot_serve_is_refused_with_the_numbers() -> None:
    with pytest.raises(OptionError, match=r"0\.01 s is under four samples of 0\.004 s"):
        FxDecon(window_s=0.01)(gather(plane_waves(0.0)))
    with pytest.raises(OptionError, match=r"holds none of the frequencies .* in steps of 10 Hz"):
        FxDecon(window_s=0.1, band_hz=(11, 19))(gather(plane_waves(0.0)))


@pytest.mark.data
def test_noise_added_to_a_field_section_is_reduced(data_dir: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "penobscot_xl1155.sgy")
    part = survey.isel(trace=slice(0, 120), time=slice(250, 750)).load()
    clean = part["amplitude"].values
    noise = np.random.default_rng(6).normal(size=clean.shape) * clean.std()
    noisy = part.assign(amplitude=part["amplitude"] + noise.astype(np.float32))
    cleaned = run(noisy, [FxDecon(gather="offset", band_hz=(5, 70))])["amplitude"].values
    assert gain_db(clean, noisy["amplitude"].values, cleaned) > 5
    with pytest.raises(GeometryError, match=r"all 120 hold one trace; .* gather: offset"):
        run(noisy, [FxDecon()])
