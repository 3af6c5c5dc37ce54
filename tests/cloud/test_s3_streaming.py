"""Gathers from a bucket into torch: workers open connections of their own."""

from __future__ import annotations

import numpy as np
import pytest
from shot_file import write_shots

from geoml.readers.ingest import ingest
from geoml.readers.lazy import open_trace_file
from geoml.samples.gather_loader import gather_loader
from geoml.survey.gathers import gather_index
from geoml.survey.location import filesystem
from geoml.survey.store import open_survey
from geoml.survey.survey_traces import SurveyTraces
from geoml.workflow.streaming import gather_dataset

N_SHOTS = 40


@pytest.fixture(scope="module")
def line(tmp_path_factory, shared_bucket):
    """URL of a SEG-Y object, URL of its store, and the samples (shot, trace, time)."""
    path = write_shots(tmp_path_factory.mktemp("line") / "line.sgy", N_SHOTS)
    fs, name = filesystem(f"{shared_bucket}/streamed.sgy")
    fs.pipe_file(name, path.read_bytes())
    ingest(path, f"{shared_bucket}/streamed.zarr")
    samples = open_trace_file(path)["amplitude"].values
    return f"{shared_bucket}/streamed.sgy", f"{shared_bucket}/streamed.zarr", samples


@pytest.mark.parametrize(("which", "method"), [(0, "fork"), (1, "fork"), (1, "spawn")])
def test_connection_opened_before_workers_start_gives_no_wrong_gather(line, which, method):
    dataset = gather_dataset(line[which])
    truth = line[2].reshape(N_SHOTS, 16, -1)
    np.testing.assert_array_equal(dataset[3]["samples"], truth[3])
    n_right = 0
    workers = 1 if method == "spawn" else 2
    for batch in gather_loader(dataset, 4, workers=workers, start_method=method):
        for key, samples in zip(batch["key"], batch["samples"], strict=True):
            n_right += np.array_equal(samples, truth[int(key) - 1])
    assert n_right == N_SHOTS


def test_lazy_survey_in_a_bucket_streams_after_a_fork(line):
    survey = open_survey(line[1])
    dataset = gather_dataset(line[1])
    dataset.source, dataset.index = SurveyTraces(survey), gather_index(survey)
    truth = line[2].reshape(N_SHOTS, 16, -1)
    np.testing.assert_array_equal(dataset[3]["samples"], truth[3])
    for batch in gather_loader(dataset, 8, workers=2, start_method="fork"):
        np.testing.assert_array_equal(batch["samples"], truth[batch["key"].numpy() - 1])


def test_receiver_gather_of_an_object_asks_for_its_own_traces(line):
    dataset = gather_dataset(line[0], "receiver")
    survey = open_trace_file(line[0])
    index = gather_index(survey, "receiver")
    place = int(np.argmax(index.sizes))
    np.testing.assert_array_equal(dataset[place]["samples"], line[2][index.traces(place)])
