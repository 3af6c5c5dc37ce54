"""Laws of every kind of section file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import segyio
import xarray as xr

from geoml.errors import OptionError, ShapeError
from geoml.products import PRODUCTS, product_for
from geoml.registry import build
from geoml.survey.velocity import open_section


@pytest.mark.parametrize("name", PRODUCTS)
def test_product_is_built_by_name_and_found_by_suffix(name: str) -> None:
    product = build(PRODUCTS, name, "product")
    for suffix in product.suffixes:
        assert product_for(f"velocity{suffix}") == product
        assert product_for(f"VELOCITY{suffix.upper()}") == product


@pytest.mark.parametrize("name", PRODUCTS)
def test_product_writes_one_whole_file_and_replaces_it(
    name: str, prediction: xr.Dataset, tmp_path: Path
) -> None:
    product = build(PRODUCTS, name, "product")
    path = tmp_path / f"velocity{product.suffixes[0]}"
    for _ in range(2):
        product(prediction, path)
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", PRODUCTS)
def test_refused_section_leaves_the_old_file_alone(
    name: str, prediction: xr.Dataset, tmp_path: Path
) -> None:
    product = build(PRODUCTS, name, "product")
    path = tmp_path / f"velocity{product.suffixes[0]}"
    product(prediction, path)
    before = sorted(file.stat().st_mtime_ns for file in [path, *path.rglob("*")])
    with pytest.raises(ShapeError, match="'velocity' of dims"):
        product(prediction.drop_vars("velocity"), path)
    assert sorted(file.stat().st_mtime_ns for file in [path, *path.rglob("*")]) == before
    assert list(tmp_path.iterdir()) == [path]


def test_zarr_and_segy_hold_the_velocity(prediction: xr.Dataset, tmp_path: Path) -> None:
    for name in ("velocity.zarr", "velocity.sgy"):
        product_for(name)(prediction, tmp_path / name)
    stored = open_section(tmp_path / "velocity.zarr")
    xr.testing.assert_allclose(stored["velocity"], prediction["velocity"])
    with segyio.open(tmp_path / "velocity.sgy", ignore_geometry=True) as file:
        traces = file.trace.raw[:]
    covered = np.isfinite(prediction["velocity"].values).all(axis=0)
    np.testing.assert_array_equal(traces.T[:, covered], prediction["velocity"].values[:, covered])


def test_every_option_of_segy_matters(prediction: xr.Dataset, tmp_path: Path) -> None:
    written = {}
    for number, options in enumerate([{}, {"variable": "velocity_std"}, {"first_cdp": 7}]):
        path = tmp_path / f"{number}.sgy"
        build(PRODUCTS, {"segy": options}, "product")(prediction, path)
        written[number] = path.read_bytes()
    assert len(set(written.values())) == 3


def test_unknown_suffix_is_refused_with_those_there_are() -> None:
    with pytest.raises(OptionError, match=r"velocity\.txt: .* \.zarr, \.sgy, \.segy, \.png"):
        product_for("velocity.txt")
