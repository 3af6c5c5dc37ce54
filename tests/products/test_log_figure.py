"""Laws of the composite log: every curve on its scale, beds as they are, bands in their place."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geoml.errors import ShapeError
from geoml.products.log_figure import log_figure, save_log_figures
from geoml.products.log_scale import curve_on_scale
from geoml.products.log_track import beds
from geoml.survey.well import well_dataset
from geoml.survey.wells import save_wells


def _well(**curves: object) -> xr.Dataset:
    depth = 1000 + 0.5 * np.arange(40)
    given = {name: np.broadcast_to(np.asarray(value), 40) for name, value in curves.items()}
    return well_dataset("A", depth, given)


@pytest.mark.parametrize(
    ("curve", "value", "place"),
    [
        ("GR", 75.0, 0.5),
        ("RDEP", 20.0, 0.5),
        ("RHOB", 2.45, 0.5),
        ("NPHI", 0.45, 0.0),
        ("NPHI", 0.15, 0.5),
        ("DTC", 90 / 0.3048, 0.5),
        ("CALI", 11.0, 0.5),
    ],
)
def test_value_lies_where_the_custom_puts_it(curve: str, value: float, place: float) -> None:
    drawn = curve_on_scale(_well(**{curve: value}), curve)
    np.testing.assert_allclose(drawn.place(drawn.values), place, atol=1e-6)


def test_soft_rock_gets_a_wider_scale_that_still_overlays() -> None:
    well = _well(RHOB=1.8, NPHI=0.5, DTC=180 / 0.3048)
    assert curve_on_scale(well, "DTC").left == 240
    density, neutron = (curve_on_scale(well, name) for name in ("RHOB", "NPHI"))
    assert (density.left, neutron.left) == (1.70, 0.60)
    # Limestone full of water: 2.71 g/cm3 of rock and 1 g/cm3 of water.
    porosity = np.linspace(0, 0.4, 5)
    rock = density.place(2.71 - 1.71 * porosity)
    np.testing.assert_allclose(rock, neutron.place(porosity), atol=0.06)


@given(codes=arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([1.0, 2.0, np.nan])))
def test_beds_cover_every_row_that_has_a_class(codes: np.ndarray) -> None:
    again = np.full(codes.size, np.nan)
    found = beds(codes)
    for start, stop, code in found:
        again[start:stop] = code
    np.testing.assert_array_equal(again, codes)
    assert all(a[2] != b[2] or a[1] < b[0] for a, b in pairwise(found))


def test_prediction_is_drawn_over_the_truth_with_its_band() -> None:
    value = 300.0
    well = _well(GR=50.0, DTC=value)
    for name, curve in (("DTC_PRED", 310.0), ("DTC_LOW", 280.0), ("DTC_HIGH", 340.0)):
        well[name] = ("depth", np.full(40, curve, np.float32), {"units": "us/m"})
    track = log_figure(well).axes[-1]
    truth, predicted = (line.get_xdata() for line in track.lines)
    np.testing.assert_allclose(predicted - truth, -(310 - value) * 0.3048 / 100, atol=1e-6)
    band = track.collections[0].get_paths()[0].vertices[:, 0]
    np.testing.assert_allclose(band.max() - band.min(), 60 * 0.3048 / 100, atol=1e-6)


def test_fill_is_drawn_in_the_gaps_alone_and_on_the_scale_of_its_curve() -> None:
    well = _well(GR=50.0, DTC=300.0)
    flag = np.zeros(40, np.float32)
    flag[10:20], flag[20:22] = 1, 2
    well["DTC"] = well["DTC"].where(flag == 0)
    filled = np.where(flag == 1, 320.0, np.where(flag == 2, np.nan, 300.0))
    for name, curve in (("DTC_PRED", 310.0), ("DTC_FILLED", filled), ("DTC_FILLED_FLAG", flag)):
        values = np.broadcast_to(np.asarray(curve, np.float32), (40,))
        well[name] = ("depth", values, {"units": "" if "FLAG" in name else "us/m"})
    truth, predicted, fill = (line.get_xdata() for line in log_figure(well).axes[-1].lines)
    assert np.flatnonzero(np.isfinite(fill)).tolist() == list(range(10, 20))
    assert np.isnan(truth[10:22]).all()
    np.testing.assert_allclose(fill[10] - predicted[10], -10 * 0.3048 / 100, atol=1e-6)


def test_depth_increases_downwards_and_can_be_cut() -> None:
    figure = log_figure(_well(GR=50.0), depth_m=(1005.0, 1010.0))
    assert figure.axes[-1].get_ylim() == (1010.0, 1005.0)


def test_every_known_curve_has_a_track() -> None:
    well = _well(
        GR=60.0, SP=-20.0, CALI=9.0, BS=8.5, RDEP=5.0, RMED=4.0, RSHA=3.0, RXO=2.0, RHOB=2.4,
        NPHI=0.2, PEF=3.0, DTC=300.0, DTS=500.0, FACIES=[*[1.0] * 20, *[5.0] * 20],
        FORMATION=np.array(["A"] * 20 + ["B"] * 20),
    )  # fmt: skip
    figure = log_figure(well)
    labels = {text.get_text().split()[0] for axes in figure.axes for text in axes.texts}
    assert {"GR", "SP", "CALI", "BS", "RDEP", "RHOB", "NPHI", "PEF", "DTC", "DTS"} <= labels
    assert {"Facies", "Formation", "A", "B"} <= labels
    named = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert named == ["nonmarine sandstone", "mudstone"]


def test_files_are_written_by_the_name_of_the_well(tmp_path: Path) -> None:
    save_wells([_well(GR=60.0)], tmp_path / "w.zarr")
    (path,) = save_log_figures(tmp_path / "w.zarr", tmp_path)
    assert path.name == "A.png"
    assert path.read_bytes().startswith(b"\x89PNG")


def test_well_without_anything_to_draw_is_refused() -> None:
    with pytest.raises(ShapeError, match="Well 'A' has no curve that has a track"):
        log_figure(_well(XYZ=1.0))
    with pytest.raises(ShapeError, match="0 depths to draw"):
        log_figure(_well(GR=1.0), depth_m=(0.0, 10.0))
