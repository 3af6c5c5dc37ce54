"""What the headers and coordinates of an MDIO store say of positions, times and units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mdio_file import two_shots, write_mdio

from geoml.readers.ingest import read_survey
from geoml.survey.mdio import open_mdio

pytestmark = pytest.mark.usefixtures("quiet_zarr")


def test_each_trace_is_scaled_by_its_own_scalar(tmp_path: Path) -> None:
    # MDIO itself scales all by the first trace's, so its coordinate is ten times too small here.
    path = two_shots(
        tmp_path / "x.mdio",
        headers={"coordinate_scalar": np.array([[-100], [-10]])},
        coords={"source_coord_x": (("shot_point",), [10.0, 20.0])},
    )
    assert open_mdio(path)["source_x"].values.tolist() == [10, 10, 10, 200, 200]


def test_coordinates_serve_where_there_are_no_headers(tmp_path: Path) -> None:
    path = write_mdio(
        tmp_path / "x.mdio",
        np.ones((2, 3, 4)),
        coords={
            "shot_point": (("shot_point",), np.array([7, 9], dtype=np.int32)),
            "channel": (("channel",), np.array([1, 2, 3], dtype=np.int32)),
            "source_coord_x": (("shot_point",), [100.0, 200.0]),
            "group_coord_x": (("shot_point", "channel"), [[1.0, 2, 3], [4, 5, np.nan]]),
        },
        length="ft",
    )
    survey = open_mdio(path)
    np.testing.assert_allclose(survey["source_x"], 0.3048 * np.repeat([100, 200], 3))
    np.testing.assert_allclose(survey["receiver_x"], 0.3048 * np.array([1, 2, 3, 4, 5, 0]))
    assert survey["field_record"].values.tolist() == [7, 7, 7, 9, 9, 9]
    assert survey["trace_in_record"].values.tolist() == [1, 2, 3, 1, 2, 3]
    assert survey.attrs["findings"] == ["x.mdio: lengths are in ft; given in metres."]
    assert survey.attrs["coordinate_factor_m"] == 0.3048


def test_axes_that_the_writer_chose_outrank_the_standard_place(tmp_path: Path) -> None:
    samples = np.arange(24.0).reshape(2, 3, 4)
    path = write_mdio(
        tmp_path / "x.mdio",
        samples,
        dims=("inline", "crossline", "time"),
        headers={"inline": 0, "crossline": 0, "ensemble_num": 5},
        coords={
            "inline": (("inline",), np.array([11, 12], dtype=np.int32)),
            "crossline": (("crossline",), np.array([21, 23, 25], dtype=np.int32)),
        },
    )
    survey = open_mdio(path)
    assert survey["inline"].values.tolist() == [11, 11, 11, 12, 12, 12]
    assert survey["crossline"].values.tolist() == [21, 23, 25, 21, 23, 25]
    assert survey["cdp"].values.tolist() == 6 * [5]


@pytest.mark.parametrize(("interval_us", "axis"), [(500, [0, 0, 1, 1]), (250, [0, 0, 0, 0])])
def test_time_axis_cut_to_milliseconds_is_mended_from_the_headers(
    tmp_path: Path, interval_us: int, axis: list[int]
) -> None:
    headers = {"sample_interval": interval_us, "delay_recording_time": 100}
    survey = open_mdio(two_shots(tmp_path / "x.mdio", axis=axis, headers=headers))
    np.testing.assert_allclose(survey["time"], 0.1 + 1e-6 * interval_us * np.arange(4), atol=1e-12)
    assert survey.attrs["findings"] == [
        "x.mdio: the time axis is cut to whole milliseconds; reading the trace headers' "
        f"{interval_us / 1000:g} ms."
    ]


def test_depth_is_told(tmp_path: Path) -> None:
    path = write_mdio(
        tmp_path / "x.mdio",
        np.ones((3, 4)),
        dims=("cdp", "depth"),
        axis=20 * np.arange(4),
        coords={"cdp": (("cdp",), np.array([4, 5, 6], dtype=np.int32))},
    )
    survey = open_mdio(path)
    assert survey.attrs["vertical_axis"] == "depth"
    assert "a metre stands as a millisecond" in survey.attrs["findings"][0]
    np.testing.assert_allclose(survey["time"], 0.02 * np.arange(4), atol=1e-12)
    assert survey["cdp"].values.tolist() == [4, 5, 6]


def test_angles_are_put_on_the_plane_of_the_segy(tmp_path: Path) -> None:
    # Seconds of arc near 10.5 E, 60 N, scaled by 100; traces 20 s apart.
    fields = {71: ("i2", -100), 89: ("i2", 2)}
    fields |= {73: ("i4", 3_780_000 + 2000 * np.arange(6)), 77: ("i4", 21_600_000)}
    fields |= {81: ("i4", 3_780_500 + 2000 * np.arange(6)), 85: ("i4", 21_600_000)}
    raw = np.zeros((6, 240), dtype=np.uint8)
    for byte, (kind, values) in fields.items():
        width = int(kind[1])
        stored = np.broadcast_to(values, 6).astype(">" + kind)
        raw[:, byte - 1 : byte - 1 + width] = stored.view(np.uint8).reshape(6, width)
    binary = bytearray(400)
    for byte, value in {3217: 4000, 3221: 4, 3225: 5}.items():
        binary[byte - 3201 : byte - 3199] = value.to_bytes(2, "big")
    traces = np.hstack([raw, np.zeros((6, 16), dtype=np.uint8)])
    (tmp_path / "line.sgy").write_bytes(b"\x40" * 3200 + bytes(binary) + traces.tobytes())
    headers = {
        "coordinate_scalar": -100,
        "coordinate_unit": 2,
        "source_coord_x": fields[73][1],
        "source_coord_y": fields[77][1],
        "group_coord_x": fields[81][1],
        "group_coord_y": fields[85][1],
    }
    path = write_mdio(tmp_path / "x.mdio", np.ones((6, 4)), dims=("cdp", "time"), headers=headers)
    survey, expected = open_mdio(path), read_survey(tmp_path / "line.sgy")
    for name in ("source_x", "source_y", "receiver_x", "receiver_y"):
        np.testing.assert_array_equal(survey[name], expected[name], err_msg=name)
    assert 1500 < np.ptp(survey["source_x"].values) < 1600  # 100 s of arc at 60 degrees north
    for name in ("coordinate_origin_deg", "coordinate_units"):
        assert survey.attrs[name] == expected.attrs[name]
    assert "coordinates are angles (units code 2)" in survey.attrs["findings"][0]


def test_impossible_angles_are_read_as_lengths(tmp_path: Path) -> None:
    headers = {"coordinate_unit": 3, "source_coord_x": np.array([[10_000], [20_000]])}
    survey = open_mdio(two_shots(tmp_path / "x.mdio", headers=headers))
    assert survey["source_x"].values.tolist() == [1000, 1000, 1000, 2000, 2000]
    assert "reach 2000 and 0 degrees; reading them as lengths" in survey.attrs["findings"][0]
