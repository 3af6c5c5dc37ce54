"""MDIO version 1 stores, laid out by hand with Zarr alone as the MDIO data model describes them."""

from __future__ import annotations

import base64
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geoml.errors import StoreError
from geoml.preprocess.pipeline import preprocess_store
from geoml.products.survey_segy import write_survey_segy
from geoml.readers.ingest import read_survey
from geoml.survey.gathers import gathers
from geoml.survey.mdio import is_mdio, open_mdio
from geoml.survey.mdio_traces import GridRows
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.store import open_survey, save_survey

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "marine_line.sgy"

# Name and first byte, as in the SEG-Y reader that MDIO uses; a part of its revision 1 record.
FIELDS = {
    "orig_field_record_num": (9, "i4"),
    "trace_num_orig_record": (13, "i4"),
    "ensemble_num": (21, "i4"),
    "trace_id_code": (29, "i2"),
    "source_to_receiver_distance": (37, "i4"),
    "receiver_group_elevation": (41, "i4"),
    "source_surface_elevation": (45, "i4"),
    "source_depth_below_surface": (49, "i4"),
    "elevation_depth_scalar": (69, "i2"),
    "coordinate_scalar": (71, "i2"),
    "source_coord_x": (73, "i4"),
    "source_coord_y": (77, "i4"),
    "group_coord_x": (81, "i4"),
    "group_coord_y": (85, "i4"),
    "coordinate_unit": (89, "i2"),
    "delay_recording_time": (109, "i2"),
    "sample_interval": (117, "i2"),
    "inline": (189, "i4"),
    "crossline": (193, "i4"),
}
RECORD = np.dtype([(name, "<" + kind) for name, (_, kind) in FIELDS.items()])
LINE = "C " + 78 * " "


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.showwarning", lambda *_args, **_kept: None)
        yield


def write_mdio(
    path: Path,
    samples: np.ndarray,
    *,
    dims: tuple[str, ...] = ("shot_point", "channel", "time"),
    mask: np.ndarray | None = None,
    chunks: tuple[int, ...] | None = None,
    headers: dict[str, Any] | None = None,
    coords: dict[str, tuple[tuple[str, ...], Any]] | None = None,
    axis: Any = None,
    length: str = "m",
    raw: np.ndarray | None = None,
    file_header: dict[str, Any] | None = None,
    version: str = "1.1.3",
    zarr_format: Any = 3,
    name: str = "amplitude",
) -> Path:
    """An MDIO store; grid points outside the mask hold the fill values that MDIO leaves there."""
    grid = samples.shape[:-1]
    mask = np.ones(grid, dtype=bool) if mask is None else mask
    chunks = chunks or samples.shape
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    group.attrs.update({"apiVersion": version, "createdOn": "2026-01-01", "name": "AnyTemplate"})
    group.attrs["attributes"] = {"gatherType": "any", "defaultVariableName": name}

    def put(name: str, values: Any, names: tuple[str, ...], **kept: Any) -> Any:
        dimensions = {"dimension_names": names} if zarr_format == 3 else {}
        array = group.create_array(
            name,
            shape=np.shape(values),
            dtype=np.asarray(values).dtype,
            chunks=kept.pop("chunks", np.shape(values)),
            fill_value=kept.pop("fill_value", None),
            **dimensions,
        )
        array[...] = values
        if zarr_format == 2:
            array.attrs["_ARRAY_DIMENSIONS"] = list(names)
        array.attrs.update(kept)
        return array

    filled = np.where(mask[..., None], samples, np.nan).astype(np.float32)
    put(name, filled, dims, chunks=chunks, fill_value=np.nan)
    put("trace_mask", mask, dims[:-1], fill_value=False)
    ticks = 4 * np.arange(samples.shape[-1]) if axis is None else axis
    put(dims[-1], np.asarray(ticks, dtype=np.int32), dims[-1:])
    for coordinate, (names, values) in (coords or {}).items():
        put(coordinate, np.asarray(values), names, unitsV1={"length": length})
    if headers is not None:
        records = np.zeros(grid, dtype=RECORD)
        for field, values in headers.items():
            records[field] = np.where(mask, values, 0)
        put("headers", records, dims[:-1], chunks=chunks[:-1])
    if raw is not None:
        put("raw_headers", raw.reshape(*grid, 240).view("V240")[..., 0], dims[:-1])
    if file_header is not None:
        put("segy_file_header", np.array("", dtype="U1"), (), **file_header)
    return path


def two_shots(path: Path, **kept: Any) -> Path:
    """Shots 7 and 9 of three channels, the second one dead in shot 9; all traces different."""
    samples = np.arange(24.0).reshape(2, 3, 4)
    mask = np.array([[True, True, True], [True, False, True]])
    headers = {
        "orig_field_record_num": np.array([[7], [9]]),
        "trace_num_orig_record": np.array([[1, 2, 3]]),
        "coordinate_scalar": -10,
        "source_coord_x": np.array([[1000], [2000]]),
        "group_coord_x": np.array([[10, 20, 30], [40, 50, 60]]),
        "sample_interval": 4000,
        **kept.pop("headers", {}),
    }
    return write_mdio(path, samples, mask=mask, headers=headers, **kept)


def test_live_traces_become_rows_in_the_order_of_the_grid(tmp_path: Path) -> None:
    survey = open_mdio(two_shots(tmp_path / "line.mdio"))
    rows = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15], [20, 21, 22, 23]]
    np.testing.assert_array_equal(survey["amplitude"], np.array(rows, dtype=np.float32))
    assert survey["amplitude"].dtype == np.float32
    assert survey["field_record"].values.tolist() == [7, 7, 7, 9, 9]
    assert survey["trace_in_record"].values.tolist() == [1, 2, 3, 1, 3]
    assert survey["source_x"].values.tolist() == [100, 100, 100, 200, 200]
    assert survey["receiver_x"].values.tolist() == [1, 2, 3, 4, 6]
    np.testing.assert_allclose(survey["time"], [0, 0.004, 0.008, 0.012], atol=1e-15)
    assert [gather.sizes["trace"] for _, gather in gathers(survey)] == [3, 2]
    assert survey.attrs["findings"] == []
    assert set(TRACE_VARIABLES) <= set(survey.variables)


@st.composite
def grids(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Samples over 1 to 4 axes and time, a mask with at least one live trace, and chunks."""
    grid = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    shape = (*grid, draw(st.integers(2, 5)))
    samples = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    mask = draw(arrays(bool, grid).filter(np.any))
    return samples, mask, tuple(draw(st.integers(1, size)) for size in shape)


@settings(max_examples=25, deadline=None)
@given(made=grids(), data=st.data(), block_bytes=st.sampled_from([1, 100, 2**25]))
def test_every_selection_equals_the_masked_grid(
    tmp_path_factory: pytest.TempPathFactory, made: Any, data: Any, block_bytes: int
) -> None:
    samples, mask, chunks = made
    folder = tmp_path_factory.mktemp("grid")
    dims = (*"abcd"[: mask.ndim], "time")
    path = write_mdio(folder / "x.mdio", samples, dims=dims, mask=mask, chunks=chunks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geoml.survey.mdio_traces._LARGEST_BLOCK_BYTES", block_bytes)
        amplitude = open_mdio(path)["amplitude"]
    table = samples[mask]
    assert sum(amplitude.chunksizes["trace"]) == len(table)
    np.testing.assert_array_equal(amplitude, table)
    start = data.draw(st.integers(0, len(table) - 1))
    run = slice(start, data.draw(st.integers(start, len(table))), data.draw(st.integers(1, 2)))
    picked = data.draw(st.lists(st.integers(0, len(table) - 1), max_size=6))
    times = slice(data.draw(st.integers(0, 2)), None, data.draw(st.integers(1, 3)))
    np.testing.assert_array_equal(amplitude[run, times], table[run, times])
    np.testing.assert_array_equal(amplitude[picked], table[picked])
    np.testing.assert_array_equal(amplitude[start], table[start])


def test_a_block_of_traces_reads_only_its_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.arange(6 * 4 * 5.0).reshape(6, 4, 5)
    path = write_mdio(tmp_path / "x.mdio", samples, chunks=(2, 2, 5))
    boxes: list[Any] = []
    read = GridRows._box

    def watched(self: GridRows, box: Any) -> Any:
        boxes.append(box)
        return read(self, box)

    monkeypatch.setattr(GridRows, "_box", watched)
    survey = open_mdio(path)
    assert survey["amplitude"].chunksizes["trace"] == (8, 8, 8)
    survey["amplitude"][4:8].compute()
    assert boxes == [(slice(0, 2), slice(0, 4))]


def marine_mdio(path: Path, **kept: Any) -> Path:
    """The sample line in MDIO's layout, its header records and raw headers taken from the bytes."""
    survey = read_survey(SAMPLE)
    raw = survey["header_bytes"].values
    headers = {}
    for name, (byte, kind) in FIELDS.items():
        width = int(kind[1])
        column = np.ascontiguousarray(raw[:, byte - 1 : byte - 1 + width]).view(">" + kind)
        headers[name] = column.reshape(40, 48)
    text = survey.attrs["text_header"].splitlines()
    file_header = {
        "textHeader": "\n".join(line.ljust(80) for line in text),
        "binaryHeader": {"measurement_system_code": 1, "segy_revision_major": 1},
        "rawBinaryHeader": base64.b64encode(bytes.fromhex(survey.attrs["binary_header"])).decode(),
    }
    return write_mdio(
        path,
        survey["amplitude"].values.reshape(40, 48, 500),
        chunks=(16, 32, 500),
        headers=headers,
        raw=raw,
        file_header=file_header,
        **kept,
    )


def test_sample_line_equals_its_segy(tmp_path: Path) -> None:
    expected = read_survey(SAMPLE)
    survey = open_mdio(marine_mdio(tmp_path / "line.mdio"))
    for name in (*TRACE_VARIABLES, "amplitude", "header_bytes"):
        np.testing.assert_array_equal(survey[name], expected[name], err_msg=name)
    np.testing.assert_allclose(survey["time"], expected["time"], atol=1e-12)
    assert survey.attrs["traces_per_gather"] == expected.attrs["traces_per_gather"]


def test_kept_header_bytes_export_the_same_segy(tmp_path: Path) -> None:
    survey = open_mdio(marine_mdio(tmp_path / "line.mdio"))
    write_survey_segy(survey, tmp_path / "again.sgy")
    assert (tmp_path / "again.sgy").read_bytes() == SAMPLE.read_bytes()


@pytest.mark.parametrize(
    "scheduler", ["threads", pytest.param("processes", marks=pytest.mark.slow)]
)
def test_processed_mdio_store_equals_the_processed_survey(tmp_path: Path, scheduler: str) -> None:
    steps = [{"agc": {"window_s": 0.1}}]
    save_survey(read_survey(SAMPLE), tmp_path / "line.zarr")
    preprocess_store(tmp_path / "line.zarr", tmp_path / "expected.zarr", steps)
    path = marine_mdio(tmp_path / "line.mdio")
    preprocess_store(path, tmp_path / "clean.zarr", steps, scheduler=scheduler)
    clean, expected = open_survey(tmp_path / "clean.zarr"), open_survey(tmp_path / "expected.zarr")
    for name in (*TRACE_VARIABLES, "amplitude", "header_bytes"):
        np.testing.assert_array_equal(clean[name], expected[name], err_msg=name)


def test_saved_survey_equals_the_open_one(tmp_path: Path) -> None:
    survey = open_mdio(two_shots(tmp_path / "line.mdio"))
    save_survey(survey, tmp_path / "line.zarr")
    again = open_survey(tmp_path / "line.zarr")
    for name in (*TRACE_VARIABLES, "amplitude", "time"):
        np.testing.assert_array_equal(again[name], survey[name], err_msg=name)


def test_stores_of_both_kinds_open_alike(tmp_path: Path) -> None:
    path = two_shots(tmp_path / "line.mdio")
    assert open_survey(path).identical(open_mdio(path))
    with pytest.raises(StoreError, match="MDIO version 0"):
        open_survey(_older(tmp_path / "old.mdio"))


def test_format_2_of_zarr_is_read_alike(tmp_path: Path) -> None:
    expected = open_mdio(two_shots(tmp_path / "three.mdio"))
    survey = open_mdio(two_shots(tmp_path / "two.mdio", zarr_format=2))
    for name in (*TRACE_VARIABLES, "amplitude", "time"):
        np.testing.assert_array_equal(survey[name], expected[name], err_msg=name)


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


def test_traces_that_an_unfinished_ingest_left_out_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    samples = np.arange(6 * 4 * 5.0).reshape(6, 4, 5)
    mask = np.ones((6, 4), dtype=bool)
    mask[3] = False
    path = write_mdio(tmp_path / "x.mdio", samples, mask=mask, chunks=(2, 2, 3))
    assert open_mdio(path).attrs["findings"] == []
    (path / "amplitude" / "c" / "1" / "0" / "1").unlink()
    shutil.rmtree(path / "amplitude" / "c" / "2")
    survey = open_mdio(path)
    assert survey.attrs["findings"] == [
        "x.mdio: 10 of 20 live traces lack samples, which read as NaN: the ingest into MDIO did "
        "not finish. Ingest the SEG-Y itself."
    ]
    assert "10 of 20 live traces" in caplog.text
    broken = np.isnan(survey["amplitude"].values).any(axis=1)
    assert broken.tolist() == 8 * [False] + 2 * [True] + 2 * [False] + 8 * [True]


def test_rows_are_read_alike_after_a_pickle(tmp_path: Path) -> None:
    path = two_shots(tmp_path / "x.mdio")
    rows = GridRows(path / "amplitude", np.array([0, 2, 5]), (2, 3), 4, np.float32)
    expected = rows[0:3, :]
    again = pickle.loads(pickle.dumps(rows))
    np.testing.assert_array_equal(again[0:3, :], expected)
    assert again.__getstate__()["_array"] is None


NO_INTERVAL = {"sample_interval": 0}


def _older(path: Path) -> Path:
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.attrs.update({"api_version": "0.9.5", "created": "2024", "trace_count": 9})
    return path


def _damaged(path: Path) -> Path:
    file = two_shots(path) / "amplitude" / "zarr.json"
    meta = json.loads(file.read_text())
    meta["data_type"] = "float17"
    file.write_text(json.dumps(meta))
    return path


def _dead(path: Path) -> Path:
    return write_mdio(path, np.ones((2, 3, 4)), mask=np.zeros((2, 3), dtype=bool))


def _complex_plane(path: Path) -> Path:
    return write_mdio(path, np.ones((2, 3, 4)), dims=("shot_point", "channel", "frequency"))


def _without_samples(path: Path) -> Path:
    shutil.rmtree(two_shots(path) / "amplitude")
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_older, r"an MDIO version 0 store \(0\.9\.5\); version 1 is needed"),
        (lambda path: two_shots(path, version="2.0.0"), "MDIO version 2.0.0; this geoml reads"),
        (_damaged, "a damaged MDIO store"),
        (_dead, "without a single live trace"),
        (lambda path: two_shots(path, axis=[0] * 4, headers=NO_INTERVAL), "hold no interval"),
        (_complex_plane, r"axes \(shot_point, channel, frequency\) of float32; a grid and then"),
        (_without_samples, "without its samples, the array 'amplitude'"),
        (lambda path: path, "no MDIO store there"),
    ],
)
def test_what_is_no_survey_is_refused_in_one_line(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    path = make(tmp_path / "x.mdio")
    with pytest.raises(StoreError, match=words) as refusal:
        open_mdio(path)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith(f"{path}: ")


def test_only_mdio_is_taken_for_mdio(tmp_path: Path) -> None:
    assert is_mdio(two_shots(tmp_path / "line.mdio"))
    assert is_mdio(_older(tmp_path / "old.mdio"))
    save_survey(open_mdio(tmp_path / "line.mdio"), tmp_path / "line.zarr")
    assert not is_mdio(tmp_path / "line.zarr")
    assert not is_mdio(tmp_path / "nothing")


def test_store_that_mdio_wrote_equals_the_segy(tmp_path: Path) -> None:
    mdio = pytest.importorskip("mdio", reason="the package multidimio is not installed")
    from mdio.builder.template_registry import get_template
    from segy.schema import HeaderField
    from segy.standards import get_segy_standard

    names = {"shot_point": 9, "channel": 13, "source_coord_x": 73, "source_coord_y": 77}
    names |= {"group_coord_x": 81, "group_coord_y": 85}
    fields = [HeaderField(name=name, byte=byte, format="int32") for name, byte in names.items()]
    mdio.segy_to_mdio(
        segy_spec=get_segy_standard(1.0).customize(trace_header_fields=fields),
        mdio_template=get_template("StreamerShotGathers2D"),
        input_path=SAMPLE,
        output_path=tmp_path / "line.mdio",
    )
    expected, survey = read_survey(SAMPLE), open_mdio(tmp_path / "line.mdio")
    for name in (*TRACE_VARIABLES, "amplitude"):
        np.testing.assert_array_equal(survey[name], expected[name], err_msg=name)
