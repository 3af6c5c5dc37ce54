"""MDIO stores are read row by row of their grid, or refused in one line."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mdio_file import older_mdio, two_shots, write_mdio

from geoml.errors import StoreError
from geoml.survey.gathers import gathers
from geoml.survey.mdio import is_mdio, open_mdio
from geoml.survey.mdio_traces import GridRows
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.store import save_survey

pytestmark = pytest.mark.usefixtures("quiet_zarr")


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
        (older_mdio, r"an MDIO version 0 store \(0\.9\.5\); version 1 is needed"),
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
    assert is_mdio(older_mdio(tmp_path / "old.mdio"))
    save_survey(open_mdio(tmp_path / "line.mdio"), tmp_path / "line.zarr")
    assert not is_mdio(tmp_path / "line.zarr")
    assert not is_mdio(tmp_path / "nothing")
