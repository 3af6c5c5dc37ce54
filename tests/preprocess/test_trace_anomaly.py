"""One number of how unusual a trace is, and the whitening that shows spikes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from geoml.errors import ShapeError
from geoml.preprocess.bad_traces import REASONS, anomaly
from geoml.preprocess.trace_anomaly import SPREAD_FLOOR, unusual
from geoml.preprocess.whitened import whitened

ONE_GATHER = np.zeros(5, dtype=np.int64)


def test_distance_from_the_median_is_in_spreads_of_the_gather() -> None:
    measures = np.array([[-1.0], [0.0], [0.0], [1.0], [9.0]])
    spread = 1.4826 * 1 + SPREAD_FLOOR
    wanted = np.array([-1, 0, 0, 1, 9]) / spread
    np.testing.assert_allclose(unusual(measures, ONE_GATHER, np.array([False])), wanted)


def test_ratios_are_compared_by_their_logarithm() -> None:
    measures = np.exp([[0.0], [0.0], [0.0], [0.0], [2.0]])
    assert unusual(measures, ONE_GATHER, np.array([True]))[-1] == pytest.approx(2 / SPREAD_FLOOR)


def test_what_is_high_in_the_whole_gather_is_not_unusual() -> None:
    measures = np.tile([0.1, 0.9], (5, 1))
    measures[2, 0] = 0.3
    found = unusual(measures, ONE_GATHER, np.array([True, True]))
    assert found.argmax() == 2
    assert np.count_nonzero(found) == 1


def test_gathers_are_judged_apart() -> None:
    measures = np.array([[1.0]] * 3 + [[50.0]] * 3)
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert not unusual(measures, labels, np.array([True])).any()


def test_infinite_measure_is_certain_wherever_the_others_are() -> None:
    scores = np.zeros((3, len(REASONS) - 1))
    scores[:, 0] = [np.inf, np.inf, 0.5]
    found = anomaly(scores, np.zeros(3, dtype=np.int64))
    assert np.isposinf(found).tolist() == [True, True, False]


def test_traces_that_are_surely_upright_are_all_alike() -> None:
    scores = np.zeros((5, len(REASONS) - 1))
    scores[:, REASONS.index("reversed") - 1] = [-1.2, -2.8, -2.8, -2.8, 0.9]
    found = anomaly(scores, ONE_GATHER)
    assert found[:4].tolist() == [0, 0, 0, 0]
    assert found[4] == pytest.approx(1.9 / SPREAD_FLOOR)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="3 labels and 2 flags need"):
        unusual(np.zeros((3, 1)), np.zeros(3, dtype=np.int64), np.zeros(2, dtype=bool))


def test_whitening_brings_a_spike_out_of_larger_arrivals() -> None:
    rng = np.random.default_rng(0)
    band = signal.butter(4, 0.2, output="sos")
    traces = signal.sosfiltfilt(band, rng.normal(size=(20, 800)), axis=1)
    traces[7, 400] += np.abs(traces[7]).max() / 2
    assert np.abs(traces).argmax() != 7 * 800 + 400
    assert np.abs(whitened(traces)).argmax() == 7 * 800 + 400


def test_whitening_keeps_silence() -> None:
    assert not whitened(np.zeros((3, 50))).any()


def test_ends_of_a_steady_hum_make_no_spike() -> None:
    rng = np.random.default_rng(0)
    band = signal.butter(4, (0.05, 0.1), "bandpass", output="sos")
    traces = signal.sosfiltfilt(band, rng.normal(size=(20, 800)), axis=1)
    traces[3] += 2 * np.cos(2 * np.pi * 0.11 * np.arange(800))
    ends = np.abs(whitened(traces))[3]
    assert ends[[0, 1, -2, -1]].max() < ends[100:-100].max()
