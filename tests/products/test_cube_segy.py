from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import segyio
import xarray as xr
from segyio import TraceField

from geoml.errors import FileFormatError, ShapeError
from geoml.products.segy import NULL, write_cube_segy
from geoml.readers.ingest import read_survey
from geoml.survey.cube import cube as cube_of


def velocity_cube(down="depth", step=20.0, first=100.0, **attrs) -> xr.DataArray:
    values = np.random.default_rng(2).uniform(1500, 4500, (3, 4, 6)).astype(np.float32)
    inlines, crosslines = np.array([10, 12, 14]), np.array([205, 206, 207, 208])
    # A grid of 25 x 12.5 m bins turned by 30 degrees.
    across, along = np.meshgrid(25.0 * np.arange(3), 12.5 * np.arange(4), indexing="ij")
    angle = np.radians(30)
    x = 431000 + along * np.cos(angle) - across * np.sin(angle)
    y = 6477000 + along * np.sin(angle) + across * np.cos(angle)
    return xr.DataArray(
        values,
        dims=("inline", "crossline", down),
        coords={
            "inline": inlines,
            "crossline": crosslines,
            down: first + step * np.arange(6),
            "cdp_x": (("inline", "crossline"), x),
            "cdp_y": (("inline", "crossline"), y),
        },
        name="velocity",
        attrs={"units": "m/s", **attrs},
    )


def test_segyio_reads_the_cube_with_its_numbers_and_positions(tmp_path):
    cube = velocity_cube(datum_elevation_m=30.5)
    write_cube_segy(cube, tmp_path / "v.sgy")
    with segyio.open(tmp_path / "v.sgy") as file:
        np.testing.assert_array_equal(segyio.tools.cube(file), cube)
        np.testing.assert_array_equal(file.ilines, cube["inline"])
        np.testing.assert_array_equal(file.xlines, cube["crossline"])
        np.testing.assert_allclose(file.samples, cube["depth"])
        x, y = (file.attributes(field)[:] / 100 for field in (TraceField.CDP_X, TraceField.CDP_Y))
        np.testing.assert_allclose(x, cube["cdp_x"].values.ravel(), atol=0.005)
        np.testing.assert_allclose(y, cube["cdp_y"].values.ravel(), atol=0.005)
        assert (file.attributes(TraceField.SourceGroupScalar)[:] == -100).all()
        np.testing.assert_array_equal(file.attributes(TraceField.SourceDatumElevation)[:], 3050)
        assert file.bin[segyio.BinField.Interval] == 20000
        assert b"INLINE 10 TO 14 BYTES 189 AND 9" in bytes(file.text[0])
    assert (tmp_path / "v.sgy").read_bytes()[3500:3502] == b"\x01\x00"


def test_written_cube_comes_back_through_our_own_reader(tmp_path):
    cube = velocity_cube("time", step=0.004, first=-0.02)
    write_cube_segy(cube, tmp_path / "v.sgy")
    again = cube_of(read_survey(tmp_path / "v.sgy"))
    np.testing.assert_array_equal(again, cube)
    for name in ("inline", "crossline"):
        np.testing.assert_array_equal(again[name], cube[name])
    for name in ("time", "cdp_x", "cdp_y"):
        np.testing.assert_allclose(again[name], cube[name], atol=0.005)


def test_empty_bins_get_no_trace_and_single_gaps_the_null(tmp_path):
    cube = velocity_cube("time", step=0.004, first=0.0)
    cube[0, 1] = np.nan
    cube["cdp_x"][0, 1] = np.nan
    cube[2, 3, 4] = np.nan
    write_cube_segy(cube, tmp_path / "v.sgy")
    again = cube_of(read_survey(tmp_path / "v.sgy")).compute()
    assert np.isnan(again[0, 1]).all()
    assert again[2, 3, 4] == np.float32(NULL)
    np.testing.assert_array_equal(again.where(again != np.float32(NULL)), cube)


def test_lazy_cube_in_any_axis_order_gives_the_same_file(tmp_path, monkeypatch):
    cube = velocity_cube()
    write_cube_segy(cube, tmp_path / "whole.sgy")
    monkeypatch.setattr("geoml.products.cube_segy._BLOCK_BYTES", 100)
    done = []
    lazy = cube.copy(data=da.from_array(cube.values, chunks=(3, 2, 6)))
    write_cube_segy(
        lazy.transpose("depth", "crossline", "inline"),
        tmp_path / "lazy.sgy",
        progress=lambda *counts: done.append(counts),
    )
    assert (tmp_path / "lazy.sgy").read_bytes() == (tmp_path / "whole.sgy").read_bytes()
    assert done == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.data
def test_real_cube_is_written_and_read_the_same(data_dir: Path, tmp_path: Path):
    survey = read_survey(data_dir / "seismic" / "volve10-migvel-depth-sub3d.sgy")
    # The file keeps 20 m of depth where milliseconds stand.
    cube = cube_of(survey).rename(time="depth").assign_coords(depth=20.0 * np.arange(226))
    write_cube_segy(cube, tmp_path / "volve.sgy")
    with segyio.open(tmp_path / "volve.sgy") as file:
        np.testing.assert_array_equal(segyio.tools.cube(file), cube)
    again = cube_of(read_survey(tmp_path / "volve.sgy"))
    np.testing.assert_array_equal(again, cube)
    np.testing.assert_allclose(again["cdp_x"], cube["cdp_x"])
    np.testing.assert_allclose(again["cdp_y"], cube["cdp_y"])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda cube: cube.isel(depth=0), ShapeError, "depth or time"),
        (lambda cube: cube.drop_vars("cdp_x"), ShapeError, "coordinate 'cdp_x'"),
        (lambda cube: cube.where(False), ShapeError, "nothing to write"),
        (lambda cube: cube.assign_coords(inline=[1, 1, 2]), ShapeError, "all different"),
        (lambda cube: cube.assign_coords(inline=[1, 2.5, 3]), ShapeError, "whole"),
        (
            lambda cube: cube.assign_coords(cdp_x=cube["cdp_x"].where(cube["crossline"] < 208)),
            ShapeError,
            "Inline 10, crossline 208 has values but no",
        ),
        (
            lambda cube: cube.assign_coords(depth=0.3 + 20 * np.arange(6)),
            FileFormatError,
            r"first depth is 0\.3 m",
        ),
        (
            lambda cube: cube.assign_coords(inline=[1, 2, 2**31]),
            FileFormatError,
            "'field_record' holds",
        ),
    ],
)
def test_cube_that_does_not_fit_is_refused_and_nothing_is_written(tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        write_cube_segy(change(velocity_cube()), tmp_path / "v.sgy")
    assert not list(tmp_path.iterdir())
