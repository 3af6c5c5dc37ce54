"""Despike step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import signal

from geoml.errors import OptionError
from geoml.preprocess.despike import Despike
from geoml.readers.ingest import read_survey

Maker = Callable[..., xr.DataArray]


def with_spikes(gathers: xr.DataArray, spikes: dict[tuple[int, int], float]) -> xr.DataArray:
    broken = gathers.copy(deep=True)
    for place, value in spikes.items():
        broken.values[place] = value
    return broken


SPIKES = {(2, 60): 9.0, (2, 250): -5.0, (14, 130): 30.0, (35, 299): 8.0, (24, 0): -9.0}


def test_spikes_become_a_line_and_nothing_else_changes(gathers: xr.DataArray) -> None:
    out = Despike()(with_spikes(gathers, SPIKES)).values
    touched = np.zeros(gathers.shape, dtype=bool)
    for trace, time in SPIKES:
        touched[trace, max(0, time - 1) : time + 2] = True
    np.testing.assert_array_equal(out[~touched], gathers.values[~touched])
    before, after = gathers.values[14, 128], gathers.values[14, 132]
    np.testing.assert_allclose(
        out[14, 129:132], before + (after - before) * np.arange(1, 4) / 4, rtol=1e-6
    )
    # Beyond an end of the trace its last good sample goes on.
    np.testing.assert_array_equal(out[35, 298:], np.repeat(gathers.values[35, 297], 2))


def test_zero_silences_and_mark_only_notes(gathers: xr.DataArray) -> None:
    broken = with_spikes(gathers, SPIKES)
    zeroed = Despike(action="zero")(broken)
    assert not zeroed.values[14, 129:132].any()
    marked = Despike(action="mark")(broken)
    np.testing.assert_array_equal(marked.values, broken.values)
    assert np.flatnonzero(marked["bad_trace_reason"] == 2).tolist() == [2, 14, 24, 35]
    again = Despike(action="mark")(marked.assign_coords(bad_trace_reason=("trace", [5] * 36)))
    assert (again["bad_trace_reason"].values == 5).all()


def test_arrivals_are_kept_to_the_sample(gathers: xr.DataArray) -> None:
    np.testing.assert_array_equal(Despike()(gathers).values, gathers.values)


def test_pulse_that_neighbours_share_is_no_spike(gathers: xr.DataArray) -> None:
    pulsed = gathers.copy(deep=True)
    for trace in range(12):
        pulsed.values[trace, 150 + 4 * trace] += 5
    pulsed.values[5] = 0
    np.testing.assert_array_equal(Despike()(pulsed).values, pulsed.values)
    assert Despike(neighbour_ratio=0).spikes(pulsed)[[0, 1, 2, 3, 4, 6, 7]].any(axis=1).all()


def test_burst_longer_than_a_spike_is_kept(gathers: xr.DataArray) -> None:
    broken = gathers.copy(deep=True)
    broken.values[3, 200:205] += 9
    assert (Despike()(broken).values[3] != broken.values[3]).sum() == 7
    broken.values[3, 205] += 9
    np.testing.assert_array_equal(Despike()(broken).values, broken.values)


def test_limit_is_the_larger_of_median_and_mean_deviation_by_scipy(one_trace: Maker) -> None:
    samples = np.random.default_rng(4).standard_t(2, size=500)
    step = Despike(ratio=4, neighbour_ratio=0, window_s=0.1, max_length_s=0.004)
    found = step.spikes(one_trace(samples))[0]
    size = np.abs(np.pad(samples, 50, mode="reflect"))
    ring = np.array([1] * 6 + [0] * 3 + [1] * 6) / 12
    deviation = np.maximum(
        1.4826 * signal.medfilt(size, 25), 1.2533 * signal.convolve(size, ring, "same")
    )[50:-50]
    beyond = np.abs(samples) > 4 * deviation
    alone = beyond & ~np.roll(beyond, 1) & ~np.roll(beyond, -1)
    expected = alone | np.roll(alone, 1) | np.roll(alone, -1)
    assert alone[2:-2].sum() > 5
    np.testing.assert_array_equal(found[2:-2], expected[2:-2])


def test_strength_of_the_gather_does_not_matter(gathers: xr.DataArray) -> None:
    broken = with_spikes(gathers, SPIKES)
    expected = Despike().spikes(broken)
    for scale in (1e-20, 1e20):
        np.testing.assert_array_equal(Despike().spikes(broken * np.float32(scale)), expected)


def test_nan_is_neither_a_spike_nor_spread(damaged: xr.DataArray) -> None:
    out = Despike()(damaged).values
    np.testing.assert_array_equal(np.isfinite(out), np.isfinite(damaged.values))
    assert abs(out[25, 150]) < 1
    assert np.abs(out[33, 200:203]).max() < 1


def test_one_trace_is_judged_alone(one_trace: Maker) -> None:
    samples = np.sin(2 * np.pi * 20 * np.arange(400) * 0.004)
    samples[77] = 15
    out = Despike()(one_trace(samples)).values[0]
    assert abs(out[77]) < 1.1
    np.testing.assert_array_equal(np.delete(out, [76, 77, 78]), np.delete(
        samples.astype(np.float32), [76, 77, 78]))  # fmt: skip


def test_impossible_options_are_refused() -> None:
    with pytest.raises(OptionError, match="ratio 1 must be above 1"):
        Despike(ratio=1)
    with pytest.raises(OptionError, match=r"max_length_s 0\.1 s must be above 0 and under half"):
        Despike(max_length_s=0.1)
    with pytest.raises(OptionError, match="action is 'drop'; it must be one of interpolate"):
        Despike(action="drop")  # type: ignore[arg-type]


@pytest.mark.data
def test_spikes_of_a_field_record_go_and_the_rest_stays(data_dir: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "oz" / "ozdata.13.su")
    gathers = survey["amplitude"].load()
    spikes = Despike().spikes(gathers)
    # Trace 35 of the record holds spikes at 3.9 and 5.2 s, 70 times the noise around them.
    assert spikes[34].sum() > 10
    assert spikes[np.arange(48) != 34].mean() < 1e-4
