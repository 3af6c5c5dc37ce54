"""Laws of the wells store: what goes in comes out, well by well, and plain xarray reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import geoml.survey.well_writer as well_writer
import geoml.survey.wells as wells_module
from geoml.errors import ShapeError, StoreError, UnknownNameError
from geoml.survey.well import text_values, well_dataset
from geoml.survey.wells import (
    open_wells,
    original_well,
    save_wells,
    well,
    well_attrs,
    well_curves,
    well_names,
    wells,
)


def _well(name: str, n: int, curves: tuple[str, ...] = ("GR", "RHOB"), seed: int = 0) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    values = {curve: rng.normal(size=n).astype(np.float32) for curve in curves}
    values[curves[0]][::3] = np.nan
    return well_dataset(name, 1000 + 0.5 * np.arange(n), values, attrs={"field": "Troll"})


def test_well_has_units_of_the_standard_curves() -> None:
    one = _well("A", 4)
    assert one["GR"].attrs["units"] == "gAPI"
    assert one["depth"].attrs["units"] == "m"
    assert one.attrs["step_m"] == 0.5
    assert one.attrs["well"] == "A"


def test_words_become_codes_and_come_back(tmp_path: Path) -> None:
    words = [["Brent", "", "Dunlin"], ["Cook", "Brent", "Brent"]]
    two = [
        well_dataset(str(i), [1.0, 2.0, 3.0], {"FORMATION": np.array(w)})
        for i, w in enumerate(words)
    ]
    save_wells(two, tmp_path / "w.zarr")
    back = [text_values(one["FORMATION"]).tolist() for _, one in wells(tmp_path / "w.zarr")]
    assert back == words


def test_plain_xarray_reads_the_table(tmp_path: Path) -> None:
    save_wells([_well("A", 4), _well("B", 3, ("GR", "DTC"))], tmp_path / "w.zarr")
    table = xr.open_zarr(tmp_path / "w.zarr")
    np.testing.assert_array_equal(table["well_index"], [0, 0, 0, 0, 1, 1, 1])
    assert np.isnan(table["DTC"].values[:4]).all()
    assert np.isfinite(table["DTC"].values[4:]).all()
    assert table["DTC"].attrs["units"] == "us/m"
    assert table["GR"].dtype == np.float32


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_wells_come_back_as_they_went_in(
    sizes: list[int], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    curves = ("GR", "RHOB", "DTC", "XYZ")
    made = [
        _well(f"w{i}", n, tuple(rng.permutation(curves)[: rng.integers(1, 5)]), seed + i)
        for i, n in enumerate(sizes)
    ]
    path = tmp_path_factory.mktemp("wells") / "w.zarr"
    with pytest.MonkeyPatch.context() as patch:
        # Wells then lie across the borders of chunks, and of what is written and read at once.
        patch.setattr(well_writer, "_CHUNK_ROWS", 16)
        patch.setattr(well_writer, "_BLOCK_ROWS", 32)
        patch.setattr(wells_module, "_BLOCK_ROWS", 48)
        save_wells(made, path)
        back = dict(wells(path))
        assert list(back) == [one.attrs["name"] for one in made]
        for one in made:
            xr.testing.assert_identical(back[one.attrs["name"]], one)
            xr.testing.assert_identical(well(path, one.attrs["name"]), one)


def test_chosen_wells_and_curves_only(tmp_path: Path) -> None:
    save_wells([_well(name, 5) for name in "ABC"], tmp_path / "w.zarr")
    chosen = dict(wells(tmp_path / "w.zarr", ["C", "A"], ["RHOB", "DTS"]))
    assert list(chosen) == ["A", "C"]
    assert all(list(one.data_vars) == ["RHOB"] for one in chosen.values())


def test_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    save_wells([_well("A", 3, seed=i) for i in range(3)], tmp_path / "w.zarr")
    assert well_names(tmp_path / "w.zarr") == ["A", "A (2)", "A (3)"]
    assert {attrs["well"] for attrs in well_attrs(tmp_path / "w.zarr").values()} == {"A"}


def test_curves_that_differ_in_unit_are_told_apart(tmp_path: Path) -> None:
    items = [
        well_dataset(name, [1.0, 2.0], {"FLOW": [1.0, 2.0]}, units={"FLOW": unit})
        for name, unit in (("A", "m3/s"), ("B", "ft3/s"))
    ]
    save_wells(items, tmp_path / "w.zarr")
    assert open_wells(tmp_path / "w.zarr")["FLOW"].attrs["units"] == "mixed"
    assert well_curves(tmp_path / "w.zarr")["B"]["FLOW"]["units"] == "ft3/s"
    assert well(tmp_path / "w.zarr", "B")["FLOW"].attrs["units"] == "ft3/s"


def test_original_is_kept_to_the_last_bit(tmp_path: Path) -> None:
    original = xr.Dataset(
        {"DT": ("depth", np.array([0.1, np.nan, 1 / 3]), {"units": "us/ft"})},
        coords={"depth": ("depth", [300.0, 200.0, 100.0], {"units": "ft"})},
        attrs={"null": -999.25},
    )
    save_wells([_well("A", 4), (_well("B", 5), original)], tmp_path / "w.zarr")
    xr.testing.assert_identical(original_well(tmp_path / "w.zarr", "B"), original)
    with pytest.raises(StoreError, match="'A' was stored without the curves of its file"):
        original_well(tmp_path / "w.zarr", "A")


def test_unfinished_store_has_no_name(tmp_path: Path) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield _well("A", 4)
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        save_wells(broken(), tmp_path / "w.zarr")
    assert list(tmp_path.iterdir()) == []


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no wells store there"):
        open_wells(tmp_path / "none.zarr")
    with pytest.raises(StoreError, match="no well to store"):
        save_wells([], tmp_path / "w.zarr")
    save_wells([_well("A", 4)], tmp_path / "w.zarr")
    with pytest.raises(StoreError, match="exists already"):
        save_wells([_well("A", 4)], tmp_path / "w.zarr")
    with pytest.raises(UnknownNameError, match="Unknown well 'a'"):
        well(tmp_path / "w.zarr", "a")
    with pytest.raises(ShapeError, match="not increasing by one step"):
        well_dataset("A", [1.0, 2.0, 4.0], {"GR": [1.0, 2.0, 3.0]})
    with pytest.raises(ShapeError, match="curve 'GR' has shape"):
        well_dataset("A", [1.0, 2.0], {"GR": [1.0, 2.0, 3.0]})
