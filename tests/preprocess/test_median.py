"""Median step, and the linear moveout that it follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage, stats

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.gather_step import Section
from geoml.preprocess.linear_moveout import LinearMoveout
from geoml.preprocess.median import Median
from geoml.preprocess.pipeline import run
from geoml.readers.ingest import read_survey

DT_S = 0.004
TIME_S = np.arange(400) * DT_S
OFFSET_M = 25.0 * np.arange(-12, 13)


def ricker(time_s: np.ndarray) -> np.ndarray:
    argument = (np.pi * 25 * time_s) ** 2
    return (1 - 2 * argument) * np.exp(-argument)


def gather(samples: np.ndarray, offset_m: np.ndarray = OFFSET_M) -> xr.DataArray:
    return xr.DataArray(
        samples.astype(np.float32),
        dims=("trace", "time"),
        coords={"time": TIME_S[: samples.shape[1]], "offset": ("trace", offset_m)},
    )


def straight(velocity_m_s: float) -> np.ndarray:
    return ricker(TIME_S - 0.4 - np.abs(OFFSET_M)[:, None] / velocity_m_s)


def test_median_is_that_of_scipy(gathers: xr.DataArray) -> None:
    samples = np.random.default_rng(1).normal(size=(25, 50))
    expected = ndimage.median_filter(samples.astype(np.float32), (5, 1))
    np.testing.assert_array_equal(Median(n_traces=5)(gather(samples)).values[2:-2], expected[2:-2])


def test_trimmed_mean_is_that_of_scipy() -> None:
    samples = np.random.default_rng(2).normal(size=(25, 50))
    out = Median(n_traces=11, trim=0.2)(gather(samples)).values
    for trace in (5, 12, 19):
        window = samples[trace - 5 : trace + 6]
        np.testing.assert_allclose(out[trace], stats.trim_mean(window, 0.2), atol=1e-6)


def test_no_trim_is_the_mean() -> None:
    samples = np.random.default_rng(2).normal(size=(25, 50))
    out = Median(n_traces=3, trim=0)(gather(samples)).values
    np.testing.assert_allclose(
        out[1:-1], (samples[:-2] + samples[1:-1] + samples[2:]) / 3, atol=1e-6
    )
    np.testing.assert_allclose(out[0], (samples[0] + samples[1]) / 2, atol=1e-6)


def test_wild_trace_and_spike_have_no_say_in_flat_events() -> None:
    flat = np.tile(ricker(TIME_S - 0.5), (25, 1))
    wild = flat.copy()
    wild[12] += 100 * np.sin(np.arange(400))
    wild[20, 77] = 1e6
    np.testing.assert_allclose(Median()(gather(wild)).values, flat, atol=1e-6)


def test_dead_trace_has_no_part_in_the_window() -> None:
    samples = np.tile([[1.0], [2.0], [4.0], [8.0], [16.0]], (1, 10))
    samples[1] = 0
    out = Median(n_traces=3)(gather(samples, OFFSET_M[:5])).values[:, 0]
    np.testing.assert_allclose(out, [1, 0, 6, 8, 12])


def test_edge_of_a_block_of_traces_stays_sharp() -> None:
    step = np.repeat([0.5, 2.0], [12, 13])[:, None] * np.ones(30)
    np.testing.assert_allclose(Median()(gather(step)).values, step)


def test_events_of_the_velocity_are_coherent_on_both_sides_of_the_spread() -> None:
    slow, flat = straight(800.0), np.tile(ricker(TIME_S - 0.9), (25, 1))
    both = gather(slow + flat)
    coherent = Median(velocity_m_s=800)(both).values
    residual = Median(velocity_m_s=800, output="residual")(both).values
    np.testing.assert_allclose(coherent + residual, both.values, atol=1e-5)
    # The flat event crosses the windows at a tenth of a second a trace or more: no majority.
    inner = np.r_[3:10, 15:22]
    assert np.sum((residual - flat)[inner] ** 2) < 0.1 * np.sum(flat[inner] ** 2)
    ignorant = Median(output="residual")(both).values
    assert np.sum((ignorant - slow)[inner] ** 2) < 0.1 * np.sum(slow[inner] ** 2)


def test_moveout_lays_its_events_flat_and_brings_all_samples_back() -> None:
    samples = straight(613.0).astype(np.float32)
    section = Section(samples, DT_S, OFFSET_M, np.ones(25, dtype=bool))
    moveout = LinearMoveout(section, "shot", 613.0, "a_step")
    flat = moveout.flat(samples)
    np.testing.assert_allclose(flat, np.tile(flat[12], (25, 1)), atol=1e-3)
    late = samples + np.sin(40 * TIME_S).astype(np.float32)
    back = moveout.back(moveout.flat(late))
    np.testing.assert_allclose(back[:, 2:-20], late[:, 2:-20], atol=0.01)
    np.testing.assert_allclose(back[:, -20:-2], late[:, -20:-2], atol=0.05)


def test_velocity_without_positions_is_refused() -> None:
    numbered = gather(straight(800.0)).drop_vars("offset")
    with pytest.raises(GeometryError, match="the traces have no positions; leave velocity_m_s"):
        Median(velocity_m_s=800)(numbered)


def test_single_trace_stays() -> None:
    one = gather(straight(800.0)[:1], OFFSET_M[:1])
    np.testing.assert_array_equal(Median()(one).values, one.values)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_traces": 4}, "n_traces is 4; it must be odd"),
        ({"n_traces": 1}, "n_traces is 1"),
        ({"trim": 0.6}, r"trim is 0\.6"),
        ({"velocity_m_s": 0}, "velocity_m_s is 0 m/s"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Median(**options)


@pytest.mark.data
def test_traces_of_a_file_without_geometry_are_taken_by_their_number(data_dir: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "oz" / "ozdata.1.su")
    before = survey["amplitude"].values
    expected = ndimage.median_filter(before, (3, 1))
    after = run(survey, [{"median": {"n_traces": 3}}])["amplitude"].values
    live = before.any(axis=1)
    inner = live & np.roll(live, 1) & np.roll(live, -1)
    inner[[0, -1]] = False
    assert inner.sum() > 30
    np.testing.assert_array_equal(after[inner], expected[inner])
    with pytest.raises(GeometryError, match="no positions; leave velocity_m_s out"):
        run(survey, [{"median": {"velocity_m_s": 800}}])
