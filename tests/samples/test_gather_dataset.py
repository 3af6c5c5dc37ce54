"""Gathers of a dataset are the traces of their key, padded and marked in a batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gather_source import N_SAMPLES, Nothing, make_survey

from geoml.errors import ShapeError
from geoml.samples.gather_dataset import GatherDataset, collate_gathers
from geoml.survey.gathers import GatherIndex, gather_index


def test_gather_holds_the_traces_of_its_key(make_source):
    survey = make_survey([3, 1, 2])
    dataset = GatherDataset(make_source(survey), gather_index(survey))
    assert len(dataset) == 3
    gather = dataset[2]
    assert gather["samples"].dtype == torch.float32
    np.testing.assert_array_equal(gather["samples"], survey["amplitude"][4:])
    assert gather["traces"].tolist() == [4, 5]
    assert gather["key"].item() == 102
    assert dataset[-1]["key"] == 102
    assert len(list(dataset)) == 3


def test_scattered_gather_holds_its_traces_in_file_order(make_source):
    survey = make_survey([3, 1, 2])
    dataset = GatherDataset(make_source(survey), gather_index(survey, "receiver"))
    near = dataset[0]
    assert near["key"].tolist() == [5.0, 0.0]
    assert near["traces"].tolist() == [0, 3, 4]
    np.testing.assert_array_equal(near["samples"], survey["amplitude"].values[[0, 3, 4]])


def test_gathers_of_unequal_size_are_padded_and_marked(make_source):
    survey = make_survey([3, 1, 2])
    dataset = GatherDataset(make_source(survey), gather_index(survey))
    batch = collate_gathers([dataset[place] for place in range(3)])
    assert batch["samples"].shape == (3, 3, N_SAMPLES)
    assert batch["mask"].tolist() == [[True] * 3, [True, False, False], [True, True, False]]
    assert batch["traces"].tolist() == [[0, 1, 2], [3, -1, -1], [4, 5, -1]]
    np.testing.assert_array_equal(batch["samples"][batch["mask"]], survey["amplitude"])
    assert not batch["samples"][~batch["mask"]].any()


def double(gather):
    return {**gather, "samples": 2 * gather["samples"], "gain": torch.tensor(2.0)}


def test_transform_changes_what_is_read_and_its_additions_are_stacked(make_source):
    survey = make_survey([2, 2])
    dataset = GatherDataset(make_source(survey), gather_index(survey), double)
    batch = collate_gathers([dataset[0], dataset[1]])
    np.testing.assert_array_equal(batch["samples"].reshape(4, -1), 2 * survey["amplitude"])
    assert batch["gain"].tolist() == [2.0, 2.0]


def test_index_of_another_survey_is_refused():
    index = gather_index(make_survey([3, 3]))
    with pytest.raises(ShapeError, match="hold 6 traces, the highest 5; the source has 4"):
        GatherDataset(Nothing(4), index)
    empty = GatherIndex("shot", np.array([]), np.array([], dtype=int), np.array([0]))
    with pytest.raises(ShapeError, match="hold 0 traces, none; the source has 4"):
        GatherDataset(Nothing(4), empty)
