from __future__ import annotations

import numpy as np
import pytest
import zarr
from shot_file import write_shots

from geoml.errors import FileFormatError, OptionError, StoreError
from geoml.readers.ingest import ingest, read_survey
from geoml.samples.gather_loader import gather_loader
from geoml.survey.gathers import gather_index
from geoml.workflow.streaming import gather_dataset


@pytest.fixture
def line(tmp_path):
    path = write_shots(tmp_path / "line.sgy", n_shots=20)
    ingest(path, tmp_path / "line.zarr")
    return path


@pytest.mark.parametrize("kind", ["shot", "receiver", "cdp", "offset"])
def test_store_and_file_give_the_same_gathers(line, kind):
    survey = read_survey(line)
    index = gather_index(survey, kind)
    from_file = gather_dataset(line, kind)
    from_store = gather_dataset(line.with_suffix(".zarr"), kind)
    assert len(from_file) == len(from_store) == len(index)
    for place in range(0, len(index), 3):
        truth = survey["amplitude"].values[index.traces(place)]
        for dataset in (from_file, from_store):
            np.testing.assert_array_equal(dataset[place]["samples"], truth)
            np.testing.assert_array_equal(dataset[place]["key"], index.keys[place])


def test_store_of_receivers_gives_the_same_receiver_gathers(line, tmp_path):
    store = tmp_path / "receivers.zarr"
    ingest(line, store, layout="receiver")
    from_file, from_store = gather_dataset(line, "receiver"), gather_dataset(store, "receiver")
    assert len(from_file) == len(from_store)
    for left, right in zip(from_file, from_store, strict=True):
        np.testing.assert_array_equal(left["samples"], right["samples"])


def test_several_files_stream_as_one_survey(tmp_path):
    paths = [write_shots(tmp_path / f"{n}.sgy", n_shots=3, seed=n) for n in range(3)]
    dataset = gather_dataset(paths)
    seen = [batch["samples"].numpy() for batch in gather_loader(dataset, 4, shuffle=False)]
    truth = read_survey(paths)["amplitude"].values.reshape(9, 16, -1)
    np.testing.assert_array_equal(np.concatenate(seen), truth)


def test_mdio_store_streams_its_live_traces(tmp_path):
    samples = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    group = zarr.open_group(tmp_path / "x.mdio", mode="w")
    group.attrs.update({"apiVersion": "1.1.3", "name": "PostStack2DTime"})
    kept = {"cdp": ("cdp", np.arange(3, dtype="i4")), "trace_mask": ("cdp", np.array([1, 0, 1]))}
    for name, (dim, values) in kept.items():
        group.create_array(name, data=values, dimension_names=(dim,))
    group.create_array("amplitude", data=samples, dimension_names=("cdp", "time"))
    dataset = gather_dataset(tmp_path / "x.mdio", "cdp")
    assert [gather["key"].item() for gather in dataset] == [0, 2]
    for batch in gather_loader(dataset, 2, shuffle=False, workers=1):
        np.testing.assert_array_equal(batch["samples"][:, 0], samples[[0, 2]])


def test_path_of_nothing_is_refused(tmp_path):
    with pytest.raises(StoreError, match="no survey store there"):
        gather_dataset(tmp_path / "nothing")
    with pytest.raises(FileFormatError, match="no such file"):
        gather_dataset(tmp_path / "nothing.sgy")
    with pytest.raises(OptionError, match="Did you mean 'shot'"):
        gather_dataset(tmp_path / "nothing", "shots")
