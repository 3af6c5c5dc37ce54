from __future__ import annotations

import numpy as np
import pytest

from geoml.errors import FileFormatError, GeometryError
from geoml.readers import IngestOptions
from geoml.readers.ingest import ingest, read_survey
from geoml.readers.scan import scan
from geoml.survey.cdp_position import cdp_positions
from geoml.survey.local_plane import LocalPlane
from geoml.survey.store import open_survey

# A shot and three receivers to the north of it, a thousandth of a degree apart at 60 degrees.
LATITUDES = [60.001, 60.002, 60.003]
STEP_M = 111.4123  # a thousandth of a degree of latitude at 60 degrees, WGS84 tables


def angle_file(make_segy, code, scalar, number, name="line.sgy", shift=0.0):
    latitudes = [number(latitude + shift) for latitude in LATITUDES]
    return make_segy(
        np.ones((3, 4)),
        name=name,
        trace={
            9: ("i", [7, 7, 7]),
            13: ("i", [1, 2, 3]),
            71: ("h", scalar),
            73: ("i", number(5.0)),
            77: ("i", number(60.0 + shift)),
            81: ("i", number(5.0)),
            85: ("i", latitudes),
            89: ("h", code),
            181: ("i", number(5.0)),
            185: ("i", latitudes),
        },
    )


def arc_seconds(angle):
    return round(angle * 3600 * 100)


def degrees_minutes_seconds(angle):
    hundredths = round(angle * 3600 * 100)
    minutes, hundredths = divmod(hundredths, 6000)
    whole, minutes = divmod(minutes, 60)
    return (whole * 100 + minutes) * 10_000 + hundredths


@pytest.mark.parametrize(
    ("code", "scalar", "number", "error_m"),
    [
        (2, -100, arc_seconds, 0.3),
        (3, -10000, lambda angle: round(angle * 10_000), 0.01),
        (4, -100, degrees_minutes_seconds, 0.3),
    ],
)
def test_angles_become_metres_on_the_ellipsoid(make_segy, code, scalar, number, error_m):
    survey = read_survey(angle_file(make_segy, code, scalar, number))
    apart = survey["receiver_y"].values - survey["source_y"].values
    np.testing.assert_allclose(apart, STEP_M * np.array([1, 2, 3]), atol=error_m)
    np.testing.assert_allclose(survey["receiver_x"], survey["source_x"], atol=error_m)
    # The CDP fields go onto the same plane.
    np.testing.assert_allclose(cdp_positions(survey)[1], survey["receiver_y"], atol=1e-9)


def test_attributes_lead_back_to_the_angles(make_segy, tmp_path):
    ingest(angle_file(make_segy, 2, -100, arc_seconds), tmp_path / "line.zarr")
    survey = open_survey(tmp_path / "line.zarr")
    plane = LocalPlane(*survey.attrs["coordinate_origin_deg"])
    longitude, latitude = plane.angles(survey["receiver_x"].values, survey["receiver_y"].values)
    np.testing.assert_allclose(latitude, LATITUDES, atol=1e-6)
    np.testing.assert_allclose(longitude, 5.0, atol=1e-9)
    assert survey.attrs["coordinate_units"] == 2


def test_scan_names_origin_error_and_options(make_segy):
    report = scan(angle_file(make_segy, 2, -100, arc_seconds))
    line = next(line for line in str(report).splitlines() if "seconds of arc" in line)
    assert line.startswith("warning ")
    assert "around 60.001 N, 5 E (WGS84)" in line
    assert "short by under 1 mm at most, and the headers hold steps of 309 mm" in line
    assert "Pass --geometry with projected positions, or --unit m" in line
    with pytest.raises(FileFormatError, match="Strict"):
        read_survey(angle_file(make_segy, 2, -100, arc_seconds), IngestOptions(strict=True))


def test_unit_option_says_that_they_are_lengths(make_segy):
    path = angle_file(make_segy, 2, -100, arc_seconds)
    survey = read_survey(path, IngestOptions(coordinate_unit="m"))
    np.testing.assert_allclose(survey["source_x"], 5.0 * 3600)
    assert "coordinate_origin_deg" not in survey.attrs


def test_given_positions_leave_the_angles_alone(make_segy, tmp_path):
    rule = tmp_path / "geometry.yaml"
    rule.write_text(
        "source_x: 0\nsource_y: 0\nreceiver_y: 0\nreceiver_x: {first: 10, per_trace: 5}"
    )
    path = angle_file(make_segy, 2, -100, arc_seconds)
    survey = read_survey(path, IngestOptions(geometry=rule, strict=True))
    np.testing.assert_array_equal(survey["receiver_x"], [10, 15, 20])
    assert "coordinate_origin_deg" not in survey.attrs
    np.testing.assert_array_equal(cdp_positions(survey)[0], [5, 7.5, 10])


def test_minutes_above_sixty_are_no_angles(make_segy):
    path = angle_file(make_segy, 4, -100, lambda angle: round(angle * 1_000_000))
    assert "reading them as lengths" not in str(scan(path))
    path = angle_file(make_segy, 4, -100, lambda angle: round(angle * 1_000_000) + 750_000)
    assert "marked as degrees, minutes and seconds" in str(scan(path))


def test_positions_that_nobody_filled_in_stay_zero(make_segy):
    latitudes = [21600000, 21610000]
    path = make_segy(
        np.ones((2, 4)),
        trace={71: ("h", -100), 73: ("i", 1800000), 77: ("i", latitudes), 89: ("h", 2)},
    )
    survey = read_survey(path)
    assert np.ptp(survey["source_y"].values) == pytest.approx(100 / 3.6 * STEP_M, rel=1e-4)
    assert not survey["receiver_x"].values.any()
    assert not survey["receiver_y"].values.any()


def test_files_of_one_survey_share_a_plane(make_segy, tmp_path):
    paths = [
        angle_file(make_segy, 2, -100, arc_seconds, f"{number}.sgy", 0.1 * number)
        for number in range(2)
    ]
    survey = read_survey(paths)
    y = survey["source_y"].values
    assert y[3] - y[0] == pytest.approx(100 * STEP_M, abs=0.5)
    lengths = make_segy(np.ones((3, 4)), trace={73: ("i", 5), 81: ("i", 9)}, name="z.sgy")
    with pytest.raises(GeometryError, match="angles in one and lengths in the other"):
        read_survey([paths[0], lengths])
