from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geoml.errors import OptionError
from geoml.survey.gathers import gather_index, gathers
from geoml.survey.schema import TRACE_VARIABLES


def test_shots_are_field_records(make_survey):
    index = gather_index(make_survey(5, field_record=[9, 3, 9, 3, 3]))
    np.testing.assert_array_equal(index.keys, [3, 9])
    np.testing.assert_array_equal(index.trace_lists[0], [1, 3, 4])
    np.testing.assert_array_equal(index.trace_lists[1], [0, 2])


def test_shots_are_source_positions_where_all_records_are_equal(make_survey):
    survey = make_survey(4, field_record=1, source_x=[0, 25, 0, 25], source_y=[0, 0, 0, 10])
    index = gather_index(survey)
    np.testing.assert_array_equal(index.keys, [[0, 0], [25, 0], [25, 10]])
    np.testing.assert_array_equal(index.trace_lists[0], [0, 2])


def test_receivers_are_positions_or_trace_numbers_without_geometry(make_survey):
    positioned = gather_index(make_survey(3, receiver_x=[5, 5, 6]), "receiver")
    assert [traces.tolist() for traces in positioned.trace_lists] == [[0, 1], [2]]
    numbered = gather_index(make_survey(3, trace_in_record=[1, 2, 1]), "receiver")
    assert [traces.tolist() for traces in numbered.trace_lists] == [[0, 2], [1]]


def test_offsets_and_cdps_are_their_header_values(make_survey):
    survey = make_survey(3, offset=[-50, 50, -50], cdp=[7, 7, 8])
    np.testing.assert_array_equal(gather_index(survey, "offset").keys, [-50, 50])
    np.testing.assert_array_equal(gather_index(survey, "cdp").keys, [7, 8])


@given(arrays(np.int32, st.integers(1, 30), elements=st.integers(-4, 4)))
def test_every_trace_is_in_one_gather(records):
    import xarray as xr

    zeros = {name: ("trace", np.zeros(records.size)) for name in TRACE_VARIABLES}
    survey = xr.Dataset({**zeros, "field_record": ("trace", records)})
    index = gather_index(survey)
    members = np.sort(np.concatenate(index.trace_lists))
    np.testing.assert_array_equal(members, np.arange(records.size))
    for traces in index.trace_lists:
        assert np.unique(records[traces]).size == 1
        assert (np.diff(traces) > 0).all()


def test_gathers_stay_lazy_and_hold_their_traces(make_survey):
    survey = make_survey(4, field_record=[1, 1, 2, 2])
    lazy = survey.chunk({"trace": 2})
    found = dict(gathers(lazy))
    assert found.keys() == {1, 2}
    assert found[2]["amplitude"].chunks is not None
    np.testing.assert_array_equal(found[2]["amplitude"], survey["amplitude"][2:])


def test_unknown_kind_is_refused_with_the_nearest(make_survey):
    with pytest.raises(OptionError, match="Did you mean 'shot'"):
        gather_index(make_survey(1), "shots")
