"""Geometry of a survey: numbers, table and picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.products.geometry_facts import geometry_facts
from geoml.products.geometry_figure import geometry_figure, save_geometry_qc
from geoml.readers.ingest import read_survey
from geoml.survey.schema import TRACE_VARIABLES


def line(bend_deg: float = 0.0) -> xr.Dataset:
    """Five shots 50 m apart into ten receivers 25 m apart, the line bent by an angle at 200 m."""
    source = np.repeat(50.0 * np.arange(5), 10)
    receiver = source + 100 + np.tile(25.0 * np.arange(10), 5)
    values = {name: np.zeros(50) for name in TRACE_VARIABLES}
    for who, distance in (("source", source), ("receiver", receiver)):
        after = np.clip(distance - 200, 0, None)
        values[f"{who}_x"] = 1000 + distance - after * (1 - np.cos(np.deg2rad(bend_deg)))
        values[f"{who}_y"] = 2000 + after * np.sin(np.deg2rad(bend_deg))
    values["offset"] = source - receiver
    values["field_record"] = np.repeat(np.arange(5), 10)
    values["receiver_elevation"] = 100 + 0.01 * receiver
    return xr.Dataset(
        {n: ("trace", np.asarray(values[n], k.dtype)) for n, k in TRACE_VARIABLES.items()},
        coords={"time": np.arange(3) * 0.004},
        attrs={"source_file": "made.sgy"},
    )


def rows(survey: xr.Dataset, tmp_path: Path) -> dict[str, str]:
    """The table, by name; the picture beside it is a PNG file."""
    text = save_geometry_qc(survey, tmp_path / "geometry.png")
    assert (tmp_path / "geometry.png").read_bytes().startswith(b"\x89PNG")
    return {row.split("  ")[0]: row.split("  ", 1)[1].strip() for row in text.splitlines()}


def said(survey: xr.Dataset) -> dict[str, str]:
    """Title of each panel and what is written in it."""
    return {
        axes.get_title("left"): " ".join(text.get_text() for text in axes.texts)
        for axes in geometry_figure(survey).axes
    }


def test_fold_of_a_rolling_spread_is_the_one_by_hand() -> None:
    facts = geometry_facts(line())
    # Midpoints every 12.5 m from 50 m on, each shot four bins farther: 1 1 1 1 2 2 2 2 3 3 ...
    assert facts.bin_m == 12.5
    assert facts.fold_at[0] == pytest.approx(50)
    np.testing.assert_array_equal(facts.fold[:12], [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 2, 2])
    assert facts.fold.sum() == 50


def test_receivers_a_little_off_their_stations_stay_in_their_bins() -> None:
    off = np.tile([0, 4, 0, -4, 0, 4, 0, -4, 0, 0], 5)
    facts = geometry_facts(line().assign(receiver_x=line()["receiver_x"] + off))
    np.testing.assert_array_equal(facts.fold, geometry_facts(line()).fold)


def test_cdp_numbers_are_counted_where_there_are_any() -> None:
    numbered = line().assign(cdp=("trace", np.repeat([7, 8, 11], [20, 20, 10])))
    facts = geometry_facts(numbered)
    np.testing.assert_array_equal(facts.fold_at, [7, 8, 11])
    np.testing.assert_array_equal(facts.fold, [20, 20, 10])
    assert facts.bin_m == 0


def test_table_of_a_line_says_its_numbers(tmp_path: Path) -> None:
    table = rows(line(), tmp_path)
    assert table["Shots"] == "5, 10 traces each"
    assert table["Source positions"] == "5, 50 m apart along the line"
    assert table["Receiver positions"] == "18, 25 m apart along the line"
    assert table["Line"] == "525 m, straight"
    assert table["Headers and coordinates"].startswith("agree, to 0 m")
    assert table["Source depths"] == "all 0"
    assert table["Receiver elevations"] == "101.0 to 105.2 m"


def test_offsets_that_contradict_coordinates_are_counted_and_drawn(tmp_path: Path) -> None:
    offset = line()["offset"].values
    offset[:10] *= 3.28
    offset[10] -= 1.5  # 1 % of 100 m and a metre more: rounding, no contradiction
    wrong = line().assign(offset=("trace", offset))
    assert geometry_facts(wrong).contradictory.sum() == 10
    assert "10 of 50 traces contradict, by up to 741 m" in rows(wrong, tmp_path).values()
    check = next(a for a in geometry_figure(wrong).axes if "Header" in a.get_title("left"))
    assert [text.get_text() for text in check.get_legend().get_texts()] == [
        "40 agree",
        "10 contradict",
    ]


def test_headers_without_offsets_are_no_contradiction(tmp_path: Path) -> None:
    silent = line().assign(offset=("trace", np.zeros(50)))
    assert rows(silent, tmp_path)["Offsets in headers"].startswith("all 0")
    assert "No header holds an offset." in said(silent).values()


def test_crooked_line_is_measured_along_its_legs(tmp_path: Path) -> None:
    facts = geometry_facts(line(bend_deg=60))
    assert facts.is_crooked
    both = np.concatenate([facts.source_distance_m, facts.receiver_distance_m])
    assert np.ptp(both) == pytest.approx(525, rel=0.03)
    assert "crooked" in rows(line(bend_deg=60), tmp_path)["Line"]
    assert not geometry_facts(line()).is_crooked


def test_survey_without_positions_says_so_plainly(tmp_path: Path) -> None:
    bare = line() * 0
    table = rows(bare, tmp_path)
    assert table["Geometry"] == "none: no source and no receiver has a position."
    assert "trace number" in table["What to do"]
    messages = said(bare)
    assert "No source and no receiver has a position." in messages["Map"]
    assert messages["Offsets"] == "Every offset is 0."


def test_positions_that_make_no_line_are_named(tmp_path: Path) -> None:
    lost = line().assign(source_x=("trace", np.zeros(50)), source_y=("trace", np.zeros(50)))
    far = lost.assign(receiver_y=lost["receiver_y"] + 6e6)
    table = rows(far, tmp_path)
    assert table["Line"].startswith("none: Every source coordinate is 0")
    assert "Map: positions make no line" in said(far)


def test_stacked_traces_have_steps_in_place_of_offsets(tmp_path: Path) -> None:
    stacked = line().isel(trace=slice(0, 50, 10))
    zeros = {n: stacked[n] * 0 for n in ("receiver_x", "receiver_y", "offset")}
    table = rows(stacked.assign(zeros), tmp_path)
    assert table["CDP positions"] == "5, 50 m apart along the line"
    assert "Offsets by coordinates" not in table
    assert said(stacked.assign(zeros))["Offsets"] == "Stacked traces have no offsets."


def test_long_reason_stays_inside_its_panel() -> None:
    grid = line().assign(
        {n: line()[n] * 0 for n in ("receiver_x", "receiver_y", "offset")}
        | {"inline": ("trace", np.arange(50) // 10), "crossline": ("trace", np.arange(50) % 10)}
    )
    figure = geometry_figure(grid)
    axes = next(a for a in figure.axes if a.get_title("left") == "Step from CDP to CDP")
    assert "3-D stack" in axes.texts[0].get_text()
    figure.canvas.draw()
    width = axes.texts[0].get_window_extent().width
    assert width < axes.get_window_extent().width


def test_only_trace_variables_are_read(tmp_path: Path) -> None:
    assert "amplitude" not in line()
    assert rows(line(), tmp_path)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "row", "value"),
    [
        ("viking_small.segy", "Fold", "1 to 4 (median 4) in 126 CDP numbers"),
        ("land_line_18shots.sgy", "Receiver positions", "33, 67.06 m apart along the line"),
        ("volve10r12-full-twt-arb.sgy", "Line", "2,984 m, crooked, positions up to 6 m off it"),
        ("oz/ozdata.13.su", "Geometry", "none: no source and no receiver has a position."),
    ],
)
def test_field_lines(data_dir: Path, tmp_path: Path, name: str, row: str, value: str) -> None:
    assert rows(read_survey(data_dir / "seismic" / name), tmp_path)[row] == value
