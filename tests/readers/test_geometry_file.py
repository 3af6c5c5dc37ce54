from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_streamer_by_spacing(tmp_path):
    given = geometry(
        tmp_path,
        "spacing: {shot_m: 25, first_offset_m: -262, channel_m: -12.5, start_x: 1000}\n"
        "source_depth: 6\n",
        ".yaml",
    )
    np.testing.assert_array_equal(given["source_x"], [1000, 1000, 1025, 1025])
    np.testing.assert_array_equal(given["receiver_x"], [738, 725.5, 763, 750.5])
    np.testing.assert_array_equal(given["offset"], [-262, -274.5, -262, -274.5])
    np.testing.assert_array_equal(given["source_depth"], 6)


def test_split_spread_by_spacing_has_its_gap_at_the_shot(tmp_path):
    channel = np.tile(np.arange(1, 5), 2)
    headers = {**HEADERS, "field_record": np.repeat([7, 8], 4), "trace_in_record": channel}
    path = tmp_path / "spread.yaml"
    path.write_text(
        "spacing: {shot_m: 50, first_offset_m: -100, channel_m: 50, gap_after_channel: 2, "
        "gap_m: 100}\n"
    )
    given = read_geometry(path, headers)
    np.testing.assert_array_equal(given["offset"], [-100, -50, 50, 100] * 2)
    np.testing.assert_array_equal(given["receiver_x"][4:], [-50, 0, 100, 150])


def test_missing_channel_leaves_its_place_empty(tmp_path):
    headers = {**HEADERS, "trace_in_record": np.array([1, 3, 1, 2])}
    path = tmp_path / "spread.yaml"
    path.write_text("spacing: {shot_m: 100, first_receiver_m: 400, channel_m: 25}\n")
    given = read_geometry(path, headers)
    np.testing.assert_array_equal(given["receiver_x"], [400, 450, 400, 425])
    unnumbered = {**HEADERS, "trace_in_record": np.zeros(4)}
    np.testing.assert_array_equal(
        read_geometry(path, unnumbered)["receiver_x"], [400, 425, 400, 425]
    )


def test_azimuth_turns_the_line(tmp_path):
    given = geometry(
        tmp_path,
        "spacing: {shot_m: 100, first_offset_m: 50, channel_m: 50, azimuth_deg: 30, start_y: 10}",
        ".yaml",
    )
    np.testing.assert_allclose(given["source_x"], [0, 0, 50, 50])
    np.testing.assert_allclose(given["source_y"], 10 + np.sqrt(0.75) * np.array([0, 0, 100, 100]))
    distance = np.hypot(
        given["receiver_x"] - given["source_x"], given["receiver_y"] - given["source_y"]
    )
    np.testing.assert_allclose(distance, [50, 100, 50, 100])
    west = geometry(
        tmp_path,
        "spacing: {shot_m: 100, first_offset_m: 50, channel_m: 50, azimuth_deg: 270}",
        ".yaml",
    )
    assert not west["source_y"].any()


def test_interleaved_records_count_their_own_traces(tmp_path):
    headers = {**HEADERS, "field_record": np.array([5, 9, 5, 9])}
    path = tmp_path / "rule.yaml"
    path.write_text("receiver_x: {per_record: 100, per_trace: 1}")
    np.testing.assert_array_equal(read_geometry(path, headers)["receiver_x"], [0, 100, 1, 101])


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 9)), min_size=1, max_size=30, unique=True)
)
def test_every_trace_gets_the_row_of_its_keys(keys):
    records, channels = np.array(keys).T
    rows = np.random.default_rng(len(keys)).permutation(len(keys))
    positions = 1000 * records + channels
    lines = [f"{records[row]},{channels[row]},{positions[row]}" for row in rows]
    headers = {**HEADERS, "field_record": records, "trace_in_record": channels}
    headers |= dict.fromkeys(("source_x", "source_y", "receiver_y"), np.zeros(len(keys)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "g.csv"
        path.write_text("\n".join(["field_record,trace_in_record,receiver_x", *lines, ""]))
        given = read_geometry(path, headers)
    np.testing.assert_array_equal(given["receiver_x"], positions)


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
        ("spacing: {shot_m: 1}", ".yaml", GeometryError, "needs channel_m"),
        ("spacing: {shot_m: 1, channel_m: 1}", ".yaml", GeometryError, "first_offset_m for a"),
        ("spacing: {shot_m: 1, chanel_m: 1}", ".yaml", OptionError, "Did you mean 'channel_m'"),
        ("spacing: {shot_m: x, channel_m: 1}", ".yaml", GeometryError, "a number is needed"),
        (
            "spacing: {shot_m: 1, channel_m: 1, first_offset_m: 1, gap_m: 3}",
            ".yaml",
            GeometryError,
            "gap_m and gap_after_channel together",
        ),
        ("spacing: 5", ".yaml", GeometryError, "shot_m"),
        ("a: [", ".yaml", GeometryError, "not YAML"),
        ("x", ".txt", GeometryError, r"ends in \.csv"),
    ],
)
def test_damaged_geometry_is_refused_in_one_line(tmp_path, text, suffix, error, message):
    with pytest.raises(error, match=message) as caught:
        geometry(tmp_path, text, suffix)
    assert "\n" not in str(caught.value)
