from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import GeometryError, OptionError
from geoml.readers import IngestOptions
from geoml.readers.geometry_file import read_geometry
from geoml.readers.ingest import read_survey

HEADERS = {
    "field_record": np.array([12, 12, 11, 11]),
    "trace_in_record": np.array([1, 2, 1, 2]),
    "source_x": np.zeros(4),
    "source_y": np.zeros(4),
    "receiver_x": np.zeros(4),
    "receiver_y": np.zeros(4),
}


def geometry(tmp_path, text, suffix=".csv"):
    path = tmp_path / f"geometry{suffix}"
    path.write_text(text)
    return read_geometry(path, HEADERS)


def test_rows_are_found_by_their_keys_in_any_order(tmp_path):
    given = geometry(
        tmp_path,
        "field_record, trace_in_record, source_x, receiver_x\n"
        "11,1,25,125\n11,2,25,135\n12,2,0,110\n12,1,0,100\n",
    )
    np.testing.assert_array_equal(given["source_x"], [0, 0, 25, 25])
    np.testing.assert_array_equal(given["receiver_x"], [100, 110, 125, 135])
    np.testing.assert_array_equal(given["offset"], [100, 110, 100, 110])


def test_one_row_a_record_serves_all_its_traces(tmp_path):
    given = geometry(tmp_path, "field_record,source_x,source_depth\n11,25,6\n12,0,7\n")
    np.testing.assert_array_equal(given["source_x"], [0, 0, 25, 25])
    np.testing.assert_array_equal(given["source_depth"], [7, 7, 6, 6])


def test_rule_counts_records_and_traces_in_file_order(tmp_path):
    given = geometry(
        tmp_path,
        "source_x: {first: 1000, per_record: 25}\n"
        "receiver_x: {first: 900, per_record: 25, per_trace: -12.5}\n"
        "receiver_elevation: -8\n",
        ".yaml",
    )
    np.testing.assert_array_equal(given["source_x"], [1000, 1000, 1025, 1025])
    np.testing.assert_array_equal(given["receiver_x"], [900, 887.5, 925, 912.5])
    np.testing.assert_array_equal(given["receiver_elevation"], -8)
    np.testing.assert_array_equal(given["offset"], [-100, -112.5, -100, -112.5])


def test_given_positions_replace_the_headers(make_segy, tmp_path):
    path = make_segy(np.ones((2, 4)), trace={73: ("i", 77)})
    rule = tmp_path / "geometry.yaml"
    rule.write_text("source_x: 5\nreceiver_x: {first: 10, per_trace: 2}\n")
    survey = read_survey(path, IngestOptions(geometry=rule))
    np.testing.assert_array_equal(survey["source_x"], 5)
    np.testing.assert_array_equal(survey["offset"], [5, 7])


@pytest.mark.parametrize(
    ("text", "suffix", "error", "message"),
    [
        ("field_record,source_x\n11,25\n", ".csv", GeometryError, "2 of 4 traces have no row"),
        ("field_record,sorce_x\n11,25\n", ".csv", OptionError, "Did you mean 'source_x'"),
        ("field_record,source_x\n11,abc\n", ".csv", GeometryError, "as many numbers"),
        ("field_record,source_x\n11\n", ".csv", GeometryError, "as many numbers"),
        ("field_record,source_x\n11,1\n11,2\n", ".csv", GeometryError, "row 3 repeats"),
        ("", ".csv", GeometryError, "as many numbers"),
        ("source_x\n1\n", ".csv", GeometryError, "a key column"),
        ("field_record,source_x\n11,nan\n12,0\n", ".csv", GeometryError, "NaN"),
        ("source_x: [1, 2]", ".yaml", GeometryError, "a number is needed"),
        ("source_x: {fist: 1}", ".yaml", OptionError, "Did you mean 'first'"),
        ("- 1", ".yaml", GeometryError, "is needed"),
        ("a: [", ".yaml", GeometryError, "not YAML"),
        ("x", ".txt", GeometryError, r"ends in \.csv"),
    ],
)
def test_damaged_geometry_is_refused_in_one_line(tmp_path, text, suffix, error, message):
    with pytest.raises(error, match=message) as caught:
        geometry(tmp_path, text, suffix)
    assert "\n" not in str(caught.value)
