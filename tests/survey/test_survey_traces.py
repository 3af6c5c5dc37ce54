from __future__ import annotations

import multiprocessing
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import ShapeError
from geoml.survey.store import open_survey, save_survey
from geoml.survey.survey_traces import SurveyTraces


@pytest.fixture(params=["memory", "dask", "store"])
def line(request, streamer, tmp_path):
    """80 traces, in memory, behind a graph, and behind a graph that reads a store."""
    survey = streamer(8, 10)
    if request.param == "dask":
        survey = survey.chunk({"trace": 7})
        survey["amplitude"] = survey["amplitude"] * 2
    if request.param == "store":
        save_survey(survey, tmp_path / "line.zarr")
        survey = open_survey(tmp_path / "line.zarr")
    return SurveyTraces(survey), survey["amplitude"].values


def test_any_traces_are_those_of_the_survey(line):
    source, truth = line
    assert (source.n_traces, source.n_samples) == truth.shape

    @given(st.lists(st.integers(0, 79), max_size=20), st.slices(80))
    def check(wanted, run):
        numbers = np.array(wanted, dtype=np.int64)
        np.testing.assert_array_equal(source.amplitude(numbers), truth[numbers])
        forward = slice(run.start, run.stop)
        np.testing.assert_array_equal(source.amplitude(forward), truth[forward])

    check()


def test_traces_outside_the_survey_are_refused(line):
    for wanted in ([-1], [4, 80]):
        with pytest.raises(ShapeError, match="are asked of 80, counted from 0"):
            line[0].amplitude(np.array(wanted))


def test_what_is_read_may_be_changed(line):
    source, truth = line
    source.amplitude(slice(0, 5))[:] = 7
    np.testing.assert_array_equal(source.amplitude(slice(0, 5)), truth[:5])


def test_pickled_survey_gives_the_same(line):
    source, truth = line
    again = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(again.amplitude(slice(2, 60)), truth[2:60])


def _send(source, end) -> None:
    end.send(source.amplitude(np.array([70, 3, 12])))
    end.close()


def test_survey_read_before_a_fork_is_read_after_it(line):
    source, truth = line
    source.amplitude(slice(0, 30))
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe()
    process = context.Process(target=_send, args=(source, theirs))
    process.start()
    assert mine.poll(60), "the process reads nothing"
    np.testing.assert_array_equal(mine.recv(), truth[[70, 3, 12]])
    process.join(10)
    assert process.exitcode == 0
