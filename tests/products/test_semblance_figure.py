"""Picture of a velocity spectrum."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import ShapeError
from geoml.products.gather_figure import GatherPanel
from geoml.products.semblance_figure import semblance_figure
from geoml.products.style import png_bytes


def spectrum() -> xr.DataArray:
    values = np.random.default_rng(0).uniform(0, 0.2, (50, 12))
    values[20:24, 5] = 0.9
    coords = {"time": 0.02 * np.arange(50), "velocity": 1500 + 100.0 * np.arange(12)}
    return xr.DataArray(values, dims=("time", "velocity"), coords=coords)


def test_time_runs_down_and_the_peak_is_the_brightest_place() -> None:
    axes = semblance_figure(spectrum()).axes[0]
    assert axes.get_ylim() == (0.98, 0.0)
    colours = np.ma.getdata(axes.collections[0].get_array()).reshape(50, 12)
    assert np.unravel_index(colours.argmax(), colours.shape)[1] == 5
    assert axes.collections[0].get_clim()[1] > 0.3


def test_picks_and_gathers_are_drawn_beside_it() -> None:
    panel = GatherPanel("gather", np.ones((3, 50)), 0.02 * np.arange(50), np.arange(3.0))
    figure = semblance_figure(spectrum(), [panel, panel], [(0.2, 1600.0), (0.8, 2400.0)])
    line = figure.axes[0].lines[0]
    np.testing.assert_array_equal(line.get_xydata(), [[1600, 0.2], [2400, 0.8]])
    assert [axes.get_title("left") for axes in figure.axes[1:3]] == ["gather", "gather"]
    assert png_bytes(figure, 40).startswith(b"\x89PNG")


def test_spectrum_of_other_dimensions_is_refused() -> None:
    with pytest.raises(ShapeError, match="velocity"):
        semblance_figure(spectrum().T)
