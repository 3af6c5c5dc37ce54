"""The network fed with what its own answer leaves unexplained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from geoml.checkpoint import Checkpoint
from geoml.errors import OptionError
from geoml.prediction import Line
from geoml.prediction.consistency import DataConsistency, _Residual, gather_factor
from geoml.prediction.hold_out import held_out_traces
from geoml.prediction.remodel import chosen_shots
from geoml.survey.velocity import section

from .modelled_line import GROUND, SPACING_M


@pytest.fixture(scope="module")
def line(streamer: xr.Dataset, checkpoint: Checkpoint) -> Line:
    shots = chosen_shots(streamer)
    return Line(streamer, checkpoint, shots, held_out_traces(shots, streamer.sizes["trace"], 3))


def truth() -> xr.Dataset:
    return section(GROUND.section(20, 30, SPACING_M), SPACING_M)


def test_true_ground_leaves_nothing_unexplained(line: Line) -> None:
    misfit, residual = _Residual(line, None)(truth())
    recorded = line.survey["amplitude"].values[~line.held_out]
    assert misfit < 0.02
    assert np.linalg.norm(residual) < 0.03 * np.linalg.norm(recorded)


def test_strength_of_the_source_does_not_matter(line: Line) -> None:
    loud = replace(line, survey=line.survey.assign(amplitude=7 * line.survey["amplitude"]))
    _, residual = _Residual(loud, None)(truth())
    assert np.linalg.norm(residual) < 0.03 * np.linalg.norm(loud.survey["amplitude"])


def test_held_out_traces_get_no_correction(line: Line) -> None:
    slow = truth()
    slow["velocity"] *= 0.9
    _, residual = _Residual(line, None)(slow)
    assert not residual[line.held_out].any()
    assert np.abs(residual[~line.held_out]).max() > 0.1 * float(np.abs(line.survey.amplitude).max())


def test_trace_at_its_source_neither_counts_nor_scales_the_others(
    line: Line, at_source: xr.Dataset
) -> None:
    assert np.isclose(at_source["offset"], 0).sum() == 5
    shots = chosen_shots(at_source)
    near = replace(line, survey=at_source, shots=shots, held_out=np.zeros(50, dtype=bool))
    misfit, residual = _Residual(near, None)(truth())
    assert misfit < 0.02
    assert np.linalg.norm(residual) < 0.03 * np.linalg.norm(line.survey["amplitude"])


def test_answer_never_has_a_larger_misfit_than_the_start(line: Line) -> None:
    start = line.predict()
    step = DataConsistency(rounds=3, strength=1.0).refine(line, start)
    assert len(step.curve) == 4
    kept, _ = _Residual(line, None)(step.section)
    assert kept == pytest.approx(min(step.curve), abs=2e-5)
    assert step.solves == 4 * len(line.fitted)
    assert step.windows == 3 * start.attrs["network_passes"]


def test_network_sees_the_recorded_gathers_with_a_share_of_the_residual(line: Line) -> None:
    start = line.predict()
    step = DataConsistency(rounds=1, strength=1e-6).refine(line, start)
    np.testing.assert_allclose(step.section["velocity"], start["velocity"], rtol=1e-4)
    step = DataConsistency(rounds=1, strength=2.0).refine(line, start)
    misfit, residual = _Residual(line, None)(start)
    other = line.survey.assign(
        amplitude=(("trace", "time"), line.survey["amplitude"].values + 2 * residual)
    )
    expected = _Residual(line, None)(line.predict(other))[0]
    assert step.curve == pytest.approx((misfit, expected), abs=2e-5)


def test_silent_line_stays_as_it_was(line: Line) -> None:
    start = line.predict()
    silent = replace(line, survey=line.survey.assign(amplitude=0 * line.survey["amplitude"]))
    step = DataConsistency(rounds=2).refine(silent, start)
    assert step.section["velocity"].equals(start["velocity"])
    assert (step.curve, step.windows) == ((), 0)
    assert step.note == "no trace that it may fit holds a signal"


def test_few_shots_can_stand_for_a_long_line(line: Line) -> None:
    assert _Residual(line, 2).n_shots == 2
    _, residual = _Residual(line, 2)(truth().assign(velocity=truth()["velocity"] * 0.9))
    touched = residual.any(axis=1).reshape(5, 10).any(axis=1)
    assert touched.tolist() == [True, False, False, False, True]


def test_silent_gathers_are_not_scaled() -> None:
    ones = np.ones((2, 3), np.float32)
    assert gather_factor(ones, 0 * ones) == gather_factor(0 * ones, ones) == 1
    assert gather_factor(3 * ones, ones) == 3


@pytest.mark.parametrize(
    ("option", "value"), [("rounds", 0), ("strength", 0.0), ("damping", 1.0), ("max_shots", 0)]
)
def test_options_are_checked(option: str, value: float) -> None:
    with pytest.raises(OptionError, match=f"'{option}' is"):
        DataConsistency(**{option: value})
