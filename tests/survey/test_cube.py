from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import segyio
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from geoml.errors import GeometryError, OptionError
from geoml.readers.ingest import ingest, read_survey
from geoml.survey.cube import crossline, cube, inline
from geoml.survey.store import open_survey

CUBES = ["segy_cases/f3.sgy", "segy_cases/f3-lsb.sgy", "volve10-migvel-depth-sub3d.sgy"]


def stack(make_survey, numbers) -> xr.Dataset:
    inlines, crosslines = np.array(numbers).T
    return make_survey(
        len(numbers),
        inline=inlines,
        crossline=crosslines,
        source_x=10.0 * crosslines,
        source_y=20.0 * inlines,
    )


def test_traces_lie_in_their_bins_and_the_others_are_nan(make_survey):
    survey = stack(make_survey, [(7, 102), (5, 100), (5, 102)])
    dense = cube(survey)
    assert dense.dims == ("inline", "crossline", "time")
    np.testing.assert_array_equal(dense["inline"], [5, 7])
    np.testing.assert_array_equal(dense["crossline"], [100, 102])
    amplitude = survey["amplitude"].values
    np.testing.assert_array_equal(dense.sel(inline=7, crossline=102), amplitude[0])
    np.testing.assert_array_equal(dense.sel(inline=5), amplitude[1:])
    assert np.isnan(dense.sel(inline=7, crossline=100)).all()
    np.testing.assert_array_equal(dense["cdp_x"], [[1000, 1020], [np.nan, 1020]])
    np.testing.assert_array_equal(dense["cdp_y"], [[100, 100], [np.nan, 140]])


@given(
    st.lists(
        st.tuples(st.integers(-3, 4), st.integers(90, 96)), min_size=1, max_size=20, unique=True
    ).filter(lambda numbers: any(a or b for a, b in numbers))
)
def test_every_trace_comes_back_by_its_numbers(numbers):
    amplitude = np.random.default_rng(len(numbers)).normal(size=(len(numbers), 3))
    zeros = np.zeros(len(numbers))
    inlines, crosslines = np.array(numbers).T
    positions = ("source_x", "source_y", "receiver_x", "receiver_y", "offset")
    survey = xr.Dataset(
        {
            "amplitude": (("trace", "time"), amplitude),
            "inline": ("trace", inlines),
            "crossline": ("trace", crosslines),
            **dict.fromkeys(positions, ("trace", zeros)),
        },
        coords={"time": [0.0, 0.1, 0.2]},
    )
    dense = cube(survey).compute()
    for trace, (i, x) in enumerate(numbers):
        np.testing.assert_array_equal(dense.sel(inline=i, crossline=x), amplitude[trace])
    assert int(dense.notnull().all("time").sum()) == len(numbers)
    xr.testing.assert_identical(
        inline(survey, numbers[0][0]).compute(), dense.sel(inline=numbers[0][0])
    )
    xr.testing.assert_identical(
        crossline(survey, numbers[0][1]).compute(), dense.sel(crossline=numbers[0][1])
    )


def test_section_reads_its_own_traces_only(make_survey):
    survey = stack(make_survey, [(i, x) for i in range(1, 4) for x in range(1, 5)])
    read = []

    def noted(block, block_info=None):
        read.append(block_info[0]["array-location"][0])
        return block

    chunked = da.from_array(survey["amplitude"].values, chunks=(4, -1))
    survey["amplitude"] = (("trace", "time"), da.map_blocks(noted, chunked, dtype=chunked.dtype))
    read.clear()
    cube(survey).sel(inline=2).compute()
    inline(survey, 2).compute()
    assert read == [(4, 8), (4, 8)]


def test_shared_bins_are_refused_with_their_traces(make_survey):
    survey = stack(make_survey, [(1, 1), (1, 2), (2, 2), (1, 2)])
    with pytest.raises(GeometryError, match="inline 1, crossline 2 with traces 1 and 3"):
        cube(survey)


def test_what_is_no_cube_is_refused(make_survey):
    with pytest.raises(GeometryError, match="Every 'inline' and 'crossline' number is 0"):
        cube(make_survey(3))
    with pytest.raises(GeometryError, match=r"fill 0\.33 % of 300 inlines x 300"):
        cube(stack(make_survey, [(n, n) for n in range(300)]))
    with pytest.raises(OptionError, match="Did you mean 'inline'"):
        cube(make_survey(3), inline="inlin")
    with pytest.raises(OptionError, match="no crossline 4; they go from 1 to 3, the nearest is 3"):
        crossline(stack(make_survey, [(1, 1), (1, 3)]), 4)


def test_older_files_keep_the_numbers_elsewhere(make_survey):
    survey = make_survey(4, field_record=[1, 1, 2, 2], cdp=[8, 9, 8, 9], source_x=1.0)
    dense = cube(survey, inline="field_record", crossline="cdp")
    np.testing.assert_array_equal(dense.sel(inline=2, crossline=8), survey["amplitude"][2])


@pytest.mark.data
@pytest.mark.parametrize("name", CUBES)
def test_real_cube_equals_segyio(data_dir: Path, name: str):
    path = data_dir / "seismic" / name
    dense = cube(read_survey(path))
    endian = "little" if "lsb" in name else "big"
    with segyio.open(path, endian=endian) as file:
        np.testing.assert_array_equal(dense, segyio.tools.cube(file))
        np.testing.assert_array_equal(dense["inline"], file.ilines)
        np.testing.assert_array_equal(dense["crossline"], file.xlines)
        scale = abs(file.header[0][segyio.TraceField.SourceGroupScalar])
        x = file.attributes(segyio.TraceField.CDP_X)[:] / scale
        np.testing.assert_allclose(dense["cdp_x"].values.ravel(), x)


@pytest.mark.data
def test_stored_cube_is_lazy_and_the_same(data_dir: Path, tmp_path: Path):
    path = data_dir / "seismic" / "volve10-migvel-depth-sub3d.sgy"
    ingest(path, tmp_path / "volve.zarr")
    stored = open_survey(tmp_path / "volve.zarr")
    dense = cube(stored)
    assert isinstance(dense.data, da.Array)
    xr.testing.assert_equal(dense.compute(), cube(read_survey(path)).compute())
    assert crossline(stored, 2352).sizes == {"inline": 18, "time": 226}
