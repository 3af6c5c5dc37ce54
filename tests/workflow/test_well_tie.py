"""Laws of comparing a section with a well near its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from command import geoml

from geoml.errors import GeometryError, PhysicsError
from geoml.products.report_content import ReportContent
from geoml.products.report_wells import wells_section
from geoml.products.well_tie_figure import well_tie_figure
from geoml.survey.velocity import save_section, section
from geoml.survey.well import well_dataset
from geoml.survey.well_path import vertical_depth
from geoml.survey.wells import save_wells
from geoml.workflow.well_tie import tie_well, tie_wells

DEPTH = np.arange(0, 1500, 0.5)


def _section() -> xr.Dataset:
    rows, columns = 10.0 * np.arange(120), 10.0 * np.arange(80)
    velocity = 1800 + 0.8 * rows[:, None] + 0.5 * columns[None, :]
    # A line that runs north-east from (1000, 2000).
    along = columns / np.sqrt(2)
    return section(
        velocity,
        10.0,
        cdp_x=1000 + along,
        cdp_y=2000 + along,
        velocity_std=np.full((120, 80), 50.0),
    )


def _well(**curves: object) -> xr.Dataset:
    given = {name: np.broadcast_to(np.asarray(value), DEPTH.size) for name, value in curves.items()}
    return well_dataset("W", DEPTH, given, attrs={"x_m": 1000 + 300.0, "y_m": 2000 + 300.0})


def test_well_on_the_line_is_found_by_its_coordinates() -> None:
    distance = 300 * np.sqrt(2)
    well = _well(DTC=1e6 / (1800 + 0.8 * DEPTH + 0.5 * distance))
    found = tie_well(_section(), well)
    assert found.distance_m == pytest.approx(distance)
    assert found.offset_m == pytest.approx(0.0, abs=1e-6)
    assert found.misfit.rms_m_s < 1
    assert found.misfit.within_std == 1.0


def test_well_beside_the_line_tells_how_far() -> None:
    well = _well(DTC=400.0)
    well.attrs["x_m"] += 50 / np.sqrt(2)
    well.attrs["y_m"] -= 50 / np.sqrt(2)
    assert tie_well(_section(), well).offset_m == pytest.approx(50)


def test_deviated_well_is_followed() -> None:
    elevation = 25 - 0.8 * DEPTH
    east = 1000 + 0.2 * DEPTH
    distance = 0.2 * DEPTH * np.sqrt(2)
    sonic = 1e6 / (1800 + 0.8 * (0.8 * DEPTH - 25) + 0.5 * distance)
    well = _well(DTC=sonic, X=east, Y=east + 1000, Z=elevation)
    assert tie_well(_section(), well).misfit.rms_m_s < 1
    # On the wrong datum the misfit is the shift times the gradient.
    shifted = tie_well(_section(), well, datum_m=100.0).misfit
    assert shifted.bias_m_s == pytest.approx(80, abs=2)


def test_depth_reference_is_taken_off() -> None:
    well = _well(DTC=400.0)
    np.testing.assert_allclose(vertical_depth(well, kelly_bushing_m=25.0), DEPTH - 25)
    np.testing.assert_allclose(
        vertical_depth(_well(TVDSS=DEPTH - 30), datum_m=10.0), DEPTH - 20, atol=1e-4
    )
    holed = _well(Z=np.where((DEPTH > 100) & (DEPTH < 1000), -DEPTH, np.nan))
    np.testing.assert_allclose(vertical_depth(holed), DEPTH, atol=1e-3)


def test_picture_shows_both_curves() -> None:
    misfit = tie_well(_section(), _well(DTC=400.0)).misfit
    axes = well_tie_figure({"W": misfit}).axes[0]
    np.testing.assert_allclose(axes.lines[0].get_xdata(), 2500, rtol=1e-6)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_refusals() -> None:
    with pytest.raises(PhysicsError, match="has no sonic 'DTC'"):
        tie_well(_section(), _well(GR=1.0))
    lost = _well(DTC=400.0)
    del lost.attrs["x_m"]
    with pytest.raises(GeometryError, match="has no position; pass its distance"):
        tie_well(_section(), lost)
    with pytest.raises(GeometryError, match="does not increase along the hole"):
        tie_well(_section(), _well(DTC=400.0, Z=np.sin(DEPTH)))
    with pytest.raises(GeometryError, match="no cdp_x and cdp_y"):
        tie_well(_section().drop_vars("cdp_x"), _well(DTC=400.0))


def test_report_tells_the_misfit_beside_the_best_line() -> None:
    misfit = tie_well(_section(), _well(DTC=400.0)).misfit
    text = wells_section(ReportContent("t", _section(), wells={"W <1>": misfit}))
    assert f"RMS {misfit.rms_m_s:.0f} m/s" in text
    assert "the best straight line through the sonic has RMS 0 m/s" in text
    assert "W &lt;1&gt;" in text
    assert wells_section(ReportContent("t", _section())) == ""


def test_command_prints_a_row_a_well(tmp_path: Path) -> None:
    save_section(_section(), tmp_path / "s.zarr")
    save_wells([_well(DTC=400.0)], tmp_path / "w.zarr")
    status, out, err = geoml(
        "wells", "tie", tmp_path / "s.zarr", tmp_path / "w.zarr", "--png", tmp_path / "t.png"
    )
    assert status == 0, err
    assert out.splitlines()[1].startswith("W ")
    assert "at 424 m along the line, 0 m beside it" in out
    assert (tmp_path / "t.png").is_file()


def test_wells_far_away_or_without_sonic_are_left_out_and_told(tmp_path: Path) -> None:
    far = _well(DTC=400.0)
    far.attrs.update(name="far", x_m=50_000.0)
    mute = _well(GR=60.0)
    mute.attrs["name"] = "mute"
    save_wells([_well(DTC=400.0), far, mute], tmp_path / "w.zarr")
    found, left_out = tie_wells(_section(), tmp_path / "w.zarr")
    assert list(found) == ["W"]
    assert [line.split(":")[0] for line in left_out] == ["far", "mute"]
    assert "m from the line, over 1000 m" in left_out[0]
