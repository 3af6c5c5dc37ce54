from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.errors import ShapeError, StoreError
from geoml.survey.velocity import open_section, save_section, section

VELOCITY = np.linspace(1500, 3000, 12).reshape(3, 4)


def test_section_has_named_axes_in_metres():
    ds = section(VELOCITY, 20.0, first_distance_m=100.0, cdp_x=np.arange(4.0))
    np.testing.assert_allclose(ds["depth"], [0, 20, 40])
    np.testing.assert_allclose(ds["distance"], [100, 120, 140, 160])
    assert ds["velocity"].attrs["units"] == "m/s"
    assert ds["cdp_x"].dims == ("distance",)
    np.testing.assert_allclose(ds["velocity"].sel(depth=20, distance=140), VELOCITY[1, 2])


def test_saved_section_comes_back(tmp_path):
    ds = section(VELOCITY, 20.0, velocity_std=VELOCITY / 10, attrs={"n": np.int64(3)})
    save_section(ds, tmp_path / "v.zarr")
    again = open_section(tmp_path / "v.zarr")
    xr.testing.assert_equal(again, ds)
    assert again.attrs == {"spacing_m": 20.0, "n": 3}
    assert [entry.name for entry in tmp_path.iterdir()] == ["v.zarr"]


def test_what_is_no_section_is_refused(tmp_path):
    with pytest.raises(ShapeError, match=r"shape \(depth, distance\), found \(12,\)"):
        section(VELOCITY.ravel(), 20.0)
    with pytest.raises(ShapeError, match=r"'edges' has shape \(4, 3\)"):
        section(VELOCITY, 20.0, edges=VELOCITY.T)
    with pytest.raises(ShapeError, match="needs a variable 'velocity'"):
        save_section(xr.Dataset(), tmp_path / "v.zarr")
    with pytest.raises(StoreError, match="no velocity section there"):
        open_section(tmp_path / "v.zarr")
    save_section(section(VELOCITY, 20.0), tmp_path / "v.zarr")
    with pytest.raises(StoreError, match="exists already"):
        save_section(section(VELOCITY, 20.0), tmp_path / "v.zarr")


def test_section_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    made = section(np.full((2, 3), 2000.0), 10.0)
    with pytest.raises(StoreError, match=r"v\.zarr: cannot be written"):
        save_section(made, tmp_path / "file" / "v.zarr")
