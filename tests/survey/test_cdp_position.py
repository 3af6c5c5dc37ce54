from __future__ import annotations

import numpy as np
import pytest

from geoml.survey.cdp_position import cdp_positions, is_stacked
from geoml.survey.trace_header import HeaderTable


@pytest.fixture
def with_headers(make_survey):
    """Three shot traces whose headers say where their CDPs are, in feet and tenths of them."""

    def make(**attrs):
        survey = make_survey(3, source_x=[0, 10, 20], receiver_x=[100, 110, 120])
        table = HeaderTable(np.zeros((3, 240), dtype=np.uint8), "little")
        table = table.with_column("coordinate_scalar", -10)
        table = table.with_column("cdp_x", np.array([5000, 5100, 5200]))
        table = table.with_column("cdp_y", np.array([70, 80, 90]))
        survey["header_bytes"] = (("trace", "header_byte"), table.header_bytes)
        known = {"file_type": "segy", "byte_order": "little", "coordinate_factor_m": 0.3048}
        return survey.assign_attrs({**known, **attrs})

    return make


def test_cdp_fields_are_read_with_scalar_and_unit(with_headers):
    x, y = cdp_positions(with_headers())
    np.testing.assert_allclose(x, 0.3048 * np.array([500, 510, 520]))
    np.testing.assert_allclose(y, 0.3048 * np.array([7, 8, 9]))


@pytest.mark.parametrize(
    "attrs", [{"positions_from": "geometry.csv"}, {"file_type": "su"}], ids=["given", "su"]
)
def test_midpoints_stand_in_where_the_fields_do_not_count(with_headers, attrs):
    x, y = cdp_positions(with_headers(**attrs))
    np.testing.assert_array_equal(x, [50, 60, 70])
    np.testing.assert_array_equal(y, 0)


def test_stacked_traces_are_at_their_source_position(make_survey):
    survey = make_survey(2, source_x=[3, 4], source_y=[5, 6])
    assert is_stacked(survey)
    np.testing.assert_array_equal(cdp_positions(survey), [[3, 4], [5, 6]])


@pytest.mark.parametrize(
    ("positions", "stacked"),
    [
        ({"source_x": 5}, True),
        ({"source_x": 5, "offset": 100}, False),
        ({"source_x": 5, "receiver_y": 1}, False),
        ({}, False),
    ],
)
def test_stacked_means_sources_only_and_no_offset(make_survey, positions, stacked):
    assert is_stacked(make_survey(2, **positions)) is stacked
