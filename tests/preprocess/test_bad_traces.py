"""Detection of bad traces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import signal

from geoml.errors import OptionError, ShapeError
from geoml.preprocess.bad_traces import REASONS, BadTraceRules, bad_traces, badness, reasons_in
from geoml.preprocess.line_order import line_order
from geoml.preprocess.neighbour_match import match_neighbours
from geoml.readers.ingest import read_survey

DT_S, N_TRACES, N_TIME = 0.004, 40, 500
TIME_S = np.arange(N_TIME) * DT_S


def reflections(n_traces: int = N_TRACES, seed: int = 0) -> np.ndarray:
    """Hyperbolas of 30 Hz under the decay and noise of a field record, (trace, time)."""
    rng = np.random.default_rng(seed)
    offset_m = 100 + 25.0 * np.arange(n_traces)
    samples = 0.01 * rng.normal(size=(n_traces, N_TIME))
    for start_s in rng.uniform(0.1, 1.8, 25):
        late_s = TIME_S - np.hypot(start_s, offset_m / 2000)[:, None]
        squared = (np.pi * 30 * late_s) ** 2
        samples += rng.normal() * np.exp(-1.5 * start_s) * (1 - 2 * squared) * np.exp(-squared)
    return samples.astype(np.float32)


def reasons(samples: np.ndarray, rules: BadTraceRules | None = None) -> list[str]:
    labels = np.zeros(len(samples), dtype=np.int64)
    return [REASONS[code] for code in bad_traces(samples.astype(np.float32), labels, DT_S, rules)]


def told(samples: np.ndarray) -> dict[int, str]:
    return {i: reason for i, reason in enumerate(reasons(samples)) if reason != "ok"}


@pytest.mark.parametrize("seed", range(5))
def test_good_gather_has_no_bad_trace(seed: int) -> None:
    assert told(reflections(seed=seed)) == {}


def test_spike_no_larger_than_the_arrival_that_it_hits_is_found() -> None:
    # A recorder's filter leaves little noise at the highest frequencies.
    samples = signal.sosfiltfilt(signal.butter(4, 0.6, output="sos"), reflections(), axis=1)
    samples[17, np.abs(samples[17]).argmax()] *= -1
    assert told(samples) == {17: "spike"}


@pytest.mark.parametrize("place", [0, 1, 17, N_TRACES - 1])
@pytest.mark.parametrize("reason", REASONS[1:])
def test_damage_is_told_by_its_name_wherever_the_trace_is(reason: str, place: int) -> None:
    samples = reflections().astype(np.float64)
    rng = np.random.default_rng(place)
    level = np.sqrt(np.mean(samples[place] ** 2))
    damaged = {
        "dead": 1e-3 * level * rng.normal(size=N_TIME),
        "spike": samples[place] + 20 * level * (np.arange(N_TIME) == 300),
        "mono_frequency": samples[place] + 3 * level * np.sin(2 * np.pi * 50 * TIME_S),
        "reversed": -samples[place],
        "noisy": samples[place] + 3 * level * rng.normal(size=N_TIME),
        "non_finite": np.where(np.arange(N_TIME) == 7, np.nan, samples[place]),
    }
    samples[place] = damaged[reason]
    assert told(samples) == {place: reason}


def test_dead_trace_of_zeros_or_of_one_value_is_dead() -> None:
    samples = reflections()
    samples[4], samples[9] = 0, -17
    assert told(samples) == {4: "dead", 9: "dead"}


def test_two_reversed_traces_side_by_side_are_found_and_their_neighbours_are_not() -> None:
    samples = reflections()
    samples[[10, 11, 30]] *= -1
    assert told(samples) == {10: "reversed", 11: "reversed", 30: "reversed"}


def test_moveout_of_a_whole_period_between_traces_is_no_reversal() -> None:
    rng = np.random.default_rng(1)
    trace = np.convolve(rng.normal(size=N_TIME + 400), reflections(1)[0, :100], "same")
    # 32 ms a trace: a peak is under the next trough of a 16 Hz wave, over a cycle of 30 Hz.
    samples = np.array([trace[8 * i : 8 * i + N_TIME] for i in range(20)])
    assert told(samples) == {}
    samples[7] *= -1
    assert told(samples) == {7: "reversed"}


def test_strength_of_the_gather_does_not_matter() -> None:
    samples = reflections().astype(np.float64)
    samples[3], samples[8, 200], samples[20] = 1e-4 * samples[3], 30.0, -samples[20]
    expected = {3: "dead", 8: "spike", 20: "reversed"}
    for scale in (1e-25, 1.0, 1e25):
        assert told(samples * scale) == expected


def test_gathers_are_judged_apart() -> None:
    one, other = reflections(seed=0), reflections(seed=1)
    other[5] *= -1
    labels = np.repeat([0, 1], N_TRACES)
    joined = np.concatenate([one, 1e6 * other])
    apart = np.concatenate(
        [badness(part, np.zeros(N_TRACES, dtype=np.int64), DT_S) for part in (one, other)]
    )
    np.testing.assert_allclose(badness(joined, labels, DT_S), apart, rtol=1e-4)


def test_small_gathers_are_only_searched_for_silence_and_nan() -> None:
    samples = reflections(4)
    samples[1] *= -1
    samples[2], samples[3, 5] = 0, np.inf
    assert reasons(samples) == ["ok", "ok", "dead", "non_finite"]
    assert reasons(samples[:1]) == ["ok"]
    assert bad_traces(samples[:0], np.zeros(0, dtype=np.int64), DT_S).shape == (0,)


def test_hum_of_random_phase_on_every_trace_is_neither_a_line_nor_a_reversal() -> None:
    # What all traces have is the survey's noise: a filter's work, and no reason to kill them all.
    phase = 2 * np.pi * np.random.default_rng(5).uniform(size=(N_TRACES, 1))
    assert told(np.sin(2 * np.pi * 25 * TIME_S + phase)) == {}


def test_reversed_trace_does_not_lower_the_polarity_of_its_neighbours() -> None:
    samples = reflections()
    upright = match_neighbours(samples, DT_S, 0.1).polarity
    samples[12] *= -1
    turned = match_neighbours(samples, DT_S, 0.1).polarity
    np.testing.assert_allclose(np.delete(turned, 12), np.delete(upright, 12), atol=1e-6)


def test_ends_of_the_spread_are_half_as_sure() -> None:
    polarity = match_neighbours(reflections(), DT_S, 0.1).polarity
    assert polarity[[0, -1]].max() <= 0.5
    assert polarity[3:-3].max() > 0.8


def test_polarity_is_one_on_like_traces_and_flips_its_sign_with_them() -> None:
    samples = reflections()
    upright = match_neighbours(samples, DT_S, 0.1).polarity
    samples[12] *= -1
    turned = match_neighbours(samples, DT_S, 0.1).polarity
    assert upright[2:-2].min() > 0.5
    assert turned[12] == pytest.approx(-upright[12], abs=0.05)


def test_coherence_of_noise_is_low_and_of_copies_one() -> None:
    rng = np.random.default_rng(0)
    samples = np.repeat(rng.normal(size=(1, N_TIME)), 9, axis=0).astype(np.float32)
    samples[4] = rng.normal(size=N_TIME)
    coherence = match_neighbours(samples, DT_S, 0.1).coherence
    np.testing.assert_allclose(np.delete(coherence, 4), 1, rtol=1e-5)
    assert coherence[4] < 0.3


def test_line_order_sorts_by_gather_then_trace_number_then_offset(
    one_trace: Callable[..., xr.DataArray],
) -> None:
    many = xr.concat([one_trace(np.zeros(3))] * 6, dim="trace")
    labels = np.array([1, 0, 1, 0, 1, 1])
    assert line_order(many, labels).tolist() == [1, 3, 0, 2, 4, 5]
    numbered = many.assign_coords(
        trace_in_record=("trace", [2, 2, 1, 1, 1, 2]),
        offset=("trace", [-10.0, 0.0, 5.0, 0.0, -5.0, 10.0]),
    )
    assert line_order(numbered, labels).tolist() == [3, 1, 4, 2, 0, 5]


def test_order_of_the_traces_in_the_array_does_not_matter(gathers: xr.DataArray) -> None:
    samples = np.concatenate([reflections(12, seed) for seed in range(3)])[:, :300]
    samples[20] *= -1
    line = gathers.copy(data=samples)
    shuffle = np.random.default_rng(0).permutation(36)
    np.testing.assert_array_equal(reasons_in(line[shuffle]), reasons_in(line)[shuffle])
    assert REASONS[reasons_in(line)[20]] == "reversed"


def test_thresholds_out_of_range_are_refused() -> None:
    with pytest.raises(OptionError, match=r"dead_ratio is 1; it must be in \(0, 1\)"):
        BadTraceRules(dead_ratio=1)
    with pytest.raises(OptionError, match=r"spike_ratio is 0\.5; it must be above 1"):
        BadTraceRules(spike_ratio=0.5)
    with pytest.raises(OptionError, match="max_lag_s is nan s"):
        BadTraceRules(max_lag_s=float("nan"))


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"labels \(3,\); needed \(trace, time\)"):
        bad_traces(reflections(), np.zeros(3, dtype=np.int64), DT_S)


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        # As seen on plots: a trace upside down among first breaks, one with spikes and clipping.
        ("ozdata.13.su", {28: "reversed", 34: "spike"}),
        # A silent one, one with a 50 Hz hum, one with a burst before the first break.
        ("ozdata.25.su", {3: "dead", 28: "mono_frequency", 91: "noisy"}),
        ("ozdata.9.su", {30: "noisy"}),
        ("ozdata.17.su", {}),
    ],
)
def test_bad_traces_of_field_records(data_dir: Path, file: str, expected: dict[int, str]) -> None:
    survey = read_survey(data_dir / "seismic" / "oz" / file)
    gathers = survey["amplitude"].assign_coords({"trace_in_record": survey["trace_in_record"]})
    codes = reasons_in(gathers.load())
    assert {int(i): REASONS[codes[i]] for i in np.flatnonzero(codes)} == expected
