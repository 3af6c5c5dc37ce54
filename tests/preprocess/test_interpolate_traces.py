"""Interpolation of killed traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.fx_gap import filled_spectra
from geoml.preprocess.interpolate_traces import InterpolateTraces
from geoml.preprocess.pipeline import run
from geoml.readers.ingest import read_survey

DT_S = 0.004
TIME_S = np.arange(300) * DT_S
OFFSET_M = 25.0 * np.arange(40)


def ricker(time_s: np.ndarray) -> np.ndarray:
    argument = (np.pi * 25 * time_s) ** 2
    return (1 - 2 * argument) * np.exp(-argument)


def events(*slowness_s_m: float, offset_m: np.ndarray = OFFSET_M) -> np.ndarray:
    return sum(
        ricker(TIME_S - 0.4 - 0.1 * i - p * (offset_m[:, None] - 500))
        for i, p in enumerate(slowness_s_m)
    )


def gather_without(
    samples: np.ndarray, *dead: int, offset_m: np.ndarray = OFFSET_M
) -> xr.DataArray:
    live = ~np.isin(np.arange(len(samples)), dead)
    return xr.DataArray(
        np.where(live[:, None], samples, 0).astype(np.float32),
        dims=("trace", "time"),
        coords={
            "time": TIME_S,
            "offset": ("trace", offset_m[: len(samples)]),
            "live": ("trace", live),
        },
    )


def error(out: xr.DataArray, truth: np.ndarray, *dead: int) -> float:
    rows = list(dead)
    return float(np.sum((out.values[rows] - truth[rows]) ** 2) / np.sum(truth[rows] ** 2))


def test_missing_values_of_two_exponentials_are_found() -> None:
    trace = np.arange(20)
    row = np.exp(0.9j * trace) + 0.6 * np.exp(-2.0j * trace)
    known = ~np.isin(trace, [6, 12, 13])
    found = filled_spectra(np.where(known, row, 7)[None], known, 4, 1e-9)[0]
    np.testing.assert_allclose(found, row, atol=1e-3)


def test_filter_is_shortened_where_few_neighbours_are_known() -> None:
    row = np.exp(0.5j * np.arange(9))
    known = np.array([1, 1, 0, 1, 1, 0, 1, 1, 1], dtype=bool)
    found = filled_spectra(np.where(known, row, 0)[None], known, 6, 1e-9)[0]
    np.testing.assert_allclose(found, row, atol=1e-2)
    alternate = np.arange(9) % 2 == 0
    flat = filled_spectra(np.where(alternate, 1 + 0j, 0)[None], alternate, 6, 1e-9)[0]
    np.testing.assert_allclose(flat, 1, atol=1e-3)


@pytest.mark.parametrize("dead", [(20,), (10, 11), (10, 20, 21, 22)], ids=str)
def test_crossing_events_come_back_by_prediction(dead: tuple[int, ...]) -> None:
    # 15 ms later and 7.5 ms earlier a trace: no mean of neighbours would find them.
    truth = events(0.0006, -0.0003)
    out = InterpolateTraces()(gather_without(truth, *dead))
    assert error(out, truth, *dead) < 0.03
    assert (
        error(InterpolateTraces(method="moveout")(gather_without(truth, *dead)), truth, *dead) > 0.3
    )


def test_event_comes_back_along_its_moveout_at_any_spacing() -> None:
    rng = np.random.default_rng(1)
    offset_m = OFFSET_M + rng.uniform(-10, 10, 40)
    truth = events(1 / 2000, offset_m=offset_m)
    gather = gather_without(truth, 5, 6, 30, offset_m=offset_m)
    out = InterpolateTraces(method="moveout", velocity_m_s=2000)(gather)
    assert error(out, truth, 5, 6, 30) < 1e-4
    with pytest.raises(GeometryError, match=r"goes from .* to .* m. Set method: moveout"):
        InterpolateTraces()(gather)


def test_neighbours_weigh_by_their_distance() -> None:
    level = np.array([1.0, 0, 0, 4])[:, None] * np.ones(300)
    offset_m = np.array([0.0, 10, 40, 60])
    out = InterpolateTraces(method="moveout")(gather_without(level, 1, 2, offset_m=offset_m))
    np.testing.assert_allclose(out.values[:, 100], [1, 1.5, 3, 4], rtol=1e-5)


@pytest.mark.parametrize("method", ["fx", "moveout"])
def test_only_killed_traces_of_short_gaps_are_filled_and_set_live(method: str) -> None:
    truth = events(0.0002)
    gather = gather_without(truth, 0, 9, 20, 21, 22, 23, 30, 31)
    gather.values[15] = 0  # silent, but nobody killed it
    out = InterpolateTraces(method=method)(gather)  # type: ignore[arg-type]
    dead = np.flatnonzero(~out["live"].values)
    np.testing.assert_array_equal(dead, [0, 20, 21, 22, 23])
    assert not out.values[[*dead, 15]].any()
    untouched = np.setdiff1d(np.arange(40), [9, 30, 31])
    np.testing.assert_array_equal(out.values[untouched], gather.values[untouched])
    assert error(out, truth, 9, 30, 31) < (0.05 if method == "fx" else 0.5)


def test_gathers_without_a_mask_stay() -> None:
    gather = gather_without(events(0.0002)).drop_vars("live")
    out = InterpolateTraces()(gather)
    np.testing.assert_array_equal(out.values, gather.values)
    assert out["live"].values.all()


@pytest.mark.parametrize("options", [{}, {"method": "moveout", "velocity_m_s": 2000.0}], ids=str)
def test_blocks_of_a_killed_survey_equal_one_array(
    options: dict[str, Any], killed: xr.DataArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geoml.preprocess.blocks._BLOCK_BYTES", 4)
    step = InterpolateTraces(**options)
    names = [name for name in killed.coords if name != "time"]
    survey = killed.to_dataset(name="amplitude").reset_coords(names)
    shuffle = np.random.default_rng(1).permutation(36)
    direct = step(killed)
    lazy = run(survey.isel(trace=shuffle).chunk(trace=7), [step])
    np.testing.assert_allclose(lazy["amplitude"].values, direct.values[shuffle], rtol=1e-5)
    np.testing.assert_array_equal(lazy["live"].values, direct["live"].values[shuffle])
    assert direct["live"].values.all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_gap": 0}, "max_gap 0 and n_coefficients 4 must be 1 or more"),
        ({"window_traces": 3}, "window_traces 3 4 or more"),
        ({"window_s": 0}, "window_s 0 s"),
        ({"velocity_m_s": 2000.0}, "by fx finds dips by itself"),
        ({"method": "moveout", "velocity_m_s": -1.0}, "velocity_m_s is -1 m/s"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        InterpolateTraces(**options)


@pytest.mark.data
def test_killed_traces_of_a_marine_gather_come_back(data_dir: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "viking_small.segy")
    survey = survey.isel(trace=survey["field_record"].values == 4).load()
    truth = run(survey, [{"bandpass": {"low_hz": 6, "high_hz": 50}}])["amplitude"].values
    kill = {"kill": {"traces": [30, 60, 61, 90]}}
    steps = [{"bandpass": {"low_hz": 6, "high_hz": 50}}, kill, "interpolate_traces"]
    out = run(survey, steps).compute()
    assert out["live"].values.all()
    for trace in (30, 60, 61, 90):
        assert np.corrcoef(out["amplitude"].values[trace], truth[trace])[0, 1] > 0.9
