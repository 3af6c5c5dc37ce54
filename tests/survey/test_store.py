from __future__ import annotations

import json

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from geoml.errors import ShapeError, StoreError
from geoml.survey.store import (
    chunk_traces,
    create_store,
    history_line,
    open_survey,
    part_path,
    save_survey,
)


@pytest.fixture
def survey(make_survey):
    made = make_survey(700, field_record=np.arange(700) // 20, source_x=np.arange(700.0))
    made = made.assign(
        live=("trace", np.arange(700) % 3 > 0),
        first_break=("trace", np.where(np.arange(700) % 2, 0.1, np.nan)),
        header_bytes=(("trace", "header_byte"), np.full((700, 240), 7, dtype=np.uint8)),
    )
    return made.assign_attrs(history=[history_line("test", {"n": np.int64(1)}, "0")], steps=[])


def test_saved_survey_comes_back(survey, tmp_path):
    save_survey(survey, tmp_path / "line.zarr")
    opened = open_survey(tmp_path / "line.zarr")
    for name in survey.variables:
        np.testing.assert_array_equal(opened[name], survey[name], err_msg=name)
        assert opened[name].dtype == survey[name].dtype
    assert opened.attrs["history"] == survey.attrs["history"]
    assert opened.attrs["complete"] is True


def test_lazy_survey_is_computed_shard_by_shard(survey, tmp_path):
    largest = []

    def work(block):
        largest.append(block.shape[0])
        return 2 * block

    lazy = da.from_array(survey["amplitude"].values, chunks=(20, -1)).map_blocks(work)
    doubled = survey.assign(amplitude=(("trace", "time"), lazy))
    steps = []
    save_survey(doubled, tmp_path / "l.zarr", progress=lambda done, total: steps.append(done))
    np.testing.assert_array_equal(
        open_survey(tmp_path / "l.zarr")["amplitude"], 2 * survey["amplitude"]
    )
    assert steps == [320, 640, 700]
    assert max(largest) <= 20


def test_opened_survey_is_lazy_with_a_block_a_gather(survey, tmp_path):
    save_survey(survey, tmp_path / "line.zarr")
    chunks = open_survey(tmp_path / "line.zarr")["amplitude"].chunks
    assert chunks[0][0] == 20


def test_unfinished_store_has_another_name_and_says_so(survey, tmp_path):
    path = tmp_path / "line.zarr"
    writer = create_store(path, survey)
    writer.write(0, survey["amplitude"].values[:320])
    assert not path.exists()
    with pytest.raises(StoreError, match="no survey store there"):
        open_survey(path.with_name("other.zarr"))
    for place in (path, part_path(path)):
        with pytest.raises(StoreError, match="the store is incomplete"):
            open_survey(place)
    partial = open_survey(path, partial=True)
    np.testing.assert_array_equal(partial["amplitude"][:320], survey["amplitude"][:320])
    with pytest.raises(StoreError, match="2 shards were not written"):
        writer.finish()


@pytest.mark.parametrize(("start", "stop"), [(0, 300), (20, 340), (640, 720), (320, 330)])
def test_part_of_a_shard_is_refused(survey, tmp_path, start, stop):
    writer = create_store(tmp_path / "line.zarr", survey)
    with pytest.raises(ShapeError, match="do not fill whole shards of 320"):
        writer.write(start, np.zeros((stop - start, 6), dtype=np.float32))


def test_shards_may_come_in_any_order(survey, tmp_path):
    writer = create_store(tmp_path / "line.zarr", survey)
    for start in (640, 0, 320):
        writer.write(start, survey["amplitude"].values[start : start + 320])
    writer.finish(note="done")
    opened = open_survey(tmp_path / "line.zarr")
    np.testing.assert_array_equal(opened["amplitude"], survey["amplitude"])
    assert opened.attrs["note"] == "done"


def test_overwriting_needs_to_be_asked_for(survey, tmp_path):
    path = tmp_path / "line.zarr"
    save_survey(survey, path)
    with pytest.raises(StoreError, match="--overwrite"):
        save_survey(survey, path)
    save_survey(survey.assign(amplitude=-survey["amplitude"]), path, overwrite=True)
    np.testing.assert_array_equal(open_survey(path)["amplitude"], -survey["amplitude"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["line.zarr"]


def test_survey_may_replace_the_store_it_is_read_from(survey, tmp_path):
    path = tmp_path / "line.zarr"
    save_survey(survey, path)
    opened = open_survey(path)
    save_survey(opened.assign(amplitude=opened["amplitude"] + 1), path, overwrite=True)
    np.testing.assert_array_equal(open_survey(path)["amplitude"], survey["amplitude"] + 1)


def test_foreign_and_older_stores_are_refused(survey, tmp_path):
    xr.Dataset({"a": ("x", [1])}).to_zarr(tmp_path / "foreign.zarr", consolidated=False)
    with pytest.raises(StoreError, match="without amplitude"):
        open_survey(tmp_path / "foreign.zarr")
    save_survey(survey, tmp_path / "old.zarr")
    place = tmp_path / "old.zarr" / "zarr.json"
    meta = json.loads(place.read_text())
    meta["attributes"]["store_version"] = "0"
    place.write_text(json.dumps(meta))
    with pytest.raises(StoreError, match="store version 0, this geoml reads 2"):
        open_survey(tmp_path / "old.zarr")


def test_template_without_trace_variables_is_refused(survey, tmp_path):
    with pytest.raises(ShapeError, match="source_x"):
        create_store(tmp_path / "line.zarr", survey.drop_vars("source_x"))


def test_chunk_is_the_commonest_gather_within_bounds():
    assert chunk_traces(np.repeat([1, 2, 3], [120, 120, 90]), 1000) == 120
    stacked = np.arange(5000)
    assert chunk_traces(stacked, 1000) == 128
    assert chunk_traces(np.zeros(10**6, dtype=np.int32), 4000) * 4000 * 4 <= 16 * 2**20
    assert chunk_traces(np.array([5]), 10) == 1
