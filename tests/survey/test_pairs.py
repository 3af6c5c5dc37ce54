from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import ShapeError, StoreError
from geoml.survey.acquisition import Acquisition
from geoml.survey.pairs import create_pairs, open_pairs, pair_modelling, resume_pairs
from geoml.survey.store import part_path

COUNT = 11


@pytest.fixture
def acquisition() -> Acquisition:
    return Acquisition(
        source_distance_m=[10.0, 30.0],
        source_depth_m=[5.0, 5.0],
        receiver_distance_m=[[0.0, 20.0, 40.0]] * 2,
        receiver_depth_m=np.zeros((2, 3)),
        dt_s=0.004,
        n_samples=7,
        spacing_m=10.0,
        n_depth=4,
        n_distance=5,
        wavelet=[0.0, 1.0, 0.0],
        wavelet_start_s=-0.004,
        max_frequency_hz=30.0,
        free_surface=False,
    )


@pytest.fixture
def content() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "amplitude": rng.normal(size=(COUNT, 2, 3, 7)).astype(np.float32),
        "velocity": rng.uniform(1500, 4000, size=(COUNT, 4, 5)).astype(np.float32),
        "family": rng.integers(0, 2, COUNT).astype(np.int32),
    }


def begin(path, acquisition, **options):
    attrs = {"steps": [{"agc": {"window_s": 0.5}}], "families": ["flat", "curved"]}
    return create_pairs(
        path, acquisition, COUNT, attrs, shard_samples=4, chunk_samples=2, **options
    )


def write(writer, content, *starts):
    for start in starts:
        part = {name: block[start : start + 4] for name, block in content.items()}
        writer.write(start, part["amplitude"], part["velocity"], part["family"])


def test_pairs_come_back_with_their_acquisition(acquisition, content, tmp_path):
    writer = begin(tmp_path / "pairs.zarr", acquisition)
    write(writer, content, 0, 4, 8)
    writer.finish(seconds=1.5)
    pairs = open_pairs(tmp_path / "pairs.zarr")
    for name, block in content.items():
        np.testing.assert_array_equal(pairs[name], block)
    np.testing.assert_array_equal(pairs["seed_index"], np.arange(COUNT))
    np.testing.assert_allclose(pairs["depth"], acquisition.depth_m)
    np.testing.assert_allclose(pairs["time"], acquisition.time_s)
    assert pairs["amplitude"].dims == ("sample", "shot", "receiver", "time")
    again = Acquisition.from_dict(pairs.attrs["acquisition"])
    assert again.to_json() == acquisition.to_json()
    assert pairs.attrs["steps"] == [{"agc": {"window_s": 0.5}}]
    assert pairs.attrs["seconds"] == 1.5


def test_interrupted_store_resumes_to_the_same_bytes(acquisition, content, tmp_path):
    whole, halted = tmp_path / "whole.zarr", tmp_path / "halted.zarr"
    writer = begin(whole, acquisition)
    write(writer, content, 0, 4, 8)
    writer.finish()
    write(begin(halted, acquisition), content, 0)
    resumed = resume_pairs(halted)
    assert resumed.n_done == 4
    write(resumed, content, 4, 8)
    resumed.finish()

    def files(root):
        return {f.relative_to(root): f.read_bytes() for f in root.rglob("*") if f.is_file()}

    assert files(whole) == files(halted)


def test_unfinished_store_is_refused_or_cut_to_what_it_holds(acquisition, content, tmp_path):
    path = tmp_path / "pairs.zarr"
    writer = begin(path, acquisition)
    write(writer, content, 0, 4)
    with pytest.raises(StoreError, match="again to resume"):
        open_pairs(path)
    partial = open_pairs(path, partial=True)
    np.testing.assert_array_equal(partial["velocity"], content["velocity"][:8])
    with pytest.raises(StoreError, match="8 of 11 pairs are there"):
        writer.finish()


def test_gap_part_of_a_shard_and_wrong_shape_are_refused(acquisition, content, tmp_path):
    writer = begin(tmp_path / "pairs.zarr", acquisition)
    with pytest.raises(ShapeError, match="Pairs 4 to 8 do not follow the 0 stored"):
        write(writer, content, 4)
    with pytest.raises(ShapeError, match="shards of 4"):
        writer.write(*(0, *(content[name][:3] for name in ("amplitude", "velocity", "family"))))
    swapped = content["amplitude"][:4].transpose(0, 1, 3, 2)
    with pytest.raises(ShapeError, match=r"'amplitude' has shape \(4, 2, 7, 3\)"):
        writer.write(0, swapped, content["velocity"][:4], content["family"][:4])
    assert writer.n_done == 0


def test_existing_store_and_nothing_to_resume_are_refused(acquisition, content, tmp_path):
    path = tmp_path / "pairs.zarr"
    with pytest.raises(StoreError, match="was never begun"):
        resume_pairs(path)
    writer = begin(path, acquisition)
    write(writer, content, 0, 4, 8)
    writer.finish()
    with pytest.raises(StoreError, match="exists already"):
        begin(path, acquisition)
    with pytest.raises(StoreError, match="is complete"):
        resume_pairs(path)
    begin(path, acquisition, overwrite=True)
    assert part_path(path).exists()
    assert open_pairs(path).sizes["sample"] == COUNT


def test_other_zarr_groups_are_refused(tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        open_pairs(tmp_path / "none.zarr")
    xr.Dataset({"a": ("x", [1])}).to_zarr(tmp_path / "other.zarr", consolidated=False)
    with pytest.raises(StoreError, match="not a pair store"):
        open_pairs(tmp_path / "other.zarr")


def test_modelling_is_told_where_it_left_its_mark() -> None:
    coarse = {"accuracy": 4, "simulation_spacing_m": 10.0}
    recipe = {**coarse, "seed": 3}
    section = {"acquisition": {"spacing_m": 10.0}}
    assert pair_modelling({**section, "recipe": recipe}) == coarse
    assert pair_modelling({**section, "modelling": coarse}) == coarse
    # Cells finer than the section's were chosen to carry the band.
    assert pair_modelling({**section, "recipe": {**recipe, "simulation_spacing_m": 5.0}}) == {}
    assert pair_modelling(section) == pair_modelling({**section, "recipe": {"seed": 3}}) == {}
