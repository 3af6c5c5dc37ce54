"""Ladder and guard in the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from geoml.products.guard_figure import guard_figure
from geoml.products.ladder_figure import ladder_figure, rung_name
from geoml.products.misfit_curve_figure import misfit_curves, misfit_curves_figure
from geoml.products.report_content import ReportContent
from geoml.products.report_ladder import COLUMNS, curve_section, guard_section, ladder_section
from geoml.products.section_figure import sections_figure


def row(rung: str, misfit: float, verdict: str, kept: bool, late_s: float | None) -> dict:
    return {
        "rung": rung,
        "first_arrival_rms_s": late_s,
        "held_out_first_arrival_rms_s": None if late_s is None else 1.1 * late_s,
        "data_misfit": misfit,
        "held_out_data_misfit": 1.02 * misfit,
        "seconds": 12.34,
        "cpu_seconds": 11.11,
        "windows": 30,
        "solves": 160,
        "check_solves": 20,
        "note": "round 1 of 4.",
        "curve": [0.8, 0.7],
        "options": {},
        "verdict": verdict,
        "kept": kept,
    }


def panel(measure: str, outside: int, n_parts: int = 8) -> dict:
    training = np.linspace(-20, -2, 5)[:, None] - np.arange(n_parts)
    return {
        "measure": measure,
        "title": measure.split("_")[0],
        "unit": "dB",
        "axis": "Frequency [Hz]",
        "places": list(np.arange(n_parts, dtype=float)),
        "windows": 30,
        "outside": outside,
        "training": training.tolist(),
        "field": (training[1:4] + 1).tolist(),
        "distance": {"training": [0.1, 0.2, 0.4, 0.8, 1.1], "field": [0.3, 0.5, 7.0]},
    }


@pytest.fixture
def content(prediction: xr.Dataset) -> ReportContent:
    rows = [
        row("network", 0.8, "start", False, 0.0187),
        row("consistency", 0.7, "better", True, 0.0152),
        row("fwi", 0.9, "worse", False, None),
    ]
    beside = {
        f"velocity_{one['rung']}": prediction["velocity"] * (1 + place / 50)
        for place, one in enumerate(rows)
    }
    attrs = {
        "ladder": rows,
        "ladder_rule": "Judged by the waveform misfit on the held-out traces; the best is kept.",
        "guard": [panel("spectrum_db", 3), panel("time_db", 0)],
    }
    return ReportContent("Line", prediction.assign(beside).assign_attrs(attrs))


def test_table_holds_every_rung_with_its_figures(content: ReportContent) -> None:
    text = ladder_section(content)
    for expected in ("18.7", "20.6", "0.800", "0.816", "11.1", "160", "better, kept", "worse"):
        assert expected in text, expected
    assert "Judged by the waveform misfit on the held-out traces" in text
    assert "same 20 shots" in text
    assert text.count("<img") == 2
    assert "FWI: round 1 of 4.</p>" in text  # one full stop, whoever wrote the note
    heads, cells = text.count("<th"), text.count("<td")
    assert (heads, cells) == (len(COLUMNS) + 3 + 1, 3 * (len(COLUMNS) - 1))  # and one <thead>


def test_table_shows_the_score_where_there_is_one(content: ReportContent) -> None:
    scored = [{**one, "score": 0.7654} for one in content.prediction.attrs["ladder"]]
    other = replace(content, prediction=content.prediction.assign_attrs(ladder=scored))
    assert "0.765" in ladder_section(other)
    assert "0.765" not in ladder_section(content)


def test_report_without_ladder_or_guard_leaves_them_out(prediction: xr.Dataset) -> None:
    plain = ReportContent("Line", prediction)
    assert ladder_section(plain) == guard_section(plain) == ""


def test_guard_says_which_measures_are_outside(content: ReportContent) -> None:
    assert "spectrum (3 of 30)" in guard_section(content)
    inside = content.prediction.assign_attrs(guard=[panel("spectrum_db", 0)])
    assert "Every window lies inside" in guard_section(replace(content, prediction=inside))


def test_misfits_are_drawn_at_their_values(content: ReportContent) -> None:
    left, right = ladder_figure(content.prediction.attrs["ladder"]).axes
    fitted = right.lines[0].get_ydata()
    np.testing.assert_allclose(fitted, [0.8, 0.7, 0.9])
    np.testing.assert_allclose(left.lines[0].get_ydata()[:2], [18.7, 15.2])
    [kept] = (line for line in right.lines if line.get_label() == "Kept")
    assert (kept.get_xdata()[0], kept.get_ydata()[0]) == (1, 0.7)
    for axes, highest in ((left, 1.1 * 18.7), (right, 1.02 * 0.9)):
        assert axes.get_ylim()[0] == 0
        assert axes.get_ylim()[1] > 1.05 * highest  # a ring around it is whole


def test_line_without_picks_has_waveforms_alone(content: ReportContent) -> None:
    rows = [{**one, "first_arrival_rms_s": None} for one in content.prediction.attrs["ladder"]]
    assert len(ladder_figure(rows).axes) == 1


def test_guard_draws_a_panel_a_measure_and_the_distances(content: ReportContent) -> None:
    axes = guard_figure(content.prediction.attrs["guard"]).axes
    assert [one.get_title(loc="left") for one in axes] == [
        "Spectrum",
        "Time",
        "Distance from training",
    ]


def test_every_fit_has_its_misfit_curve_and_every_band_its_line(content: ReportContent) -> None:
    rows = [dict(one) for one in content.prediction.attrs["ladder"]]
    rows[0]["curve"] = []
    rows[2] |= {"curve": [0.9, 0.4, 0.7, 0.5, 0.3], "curve_part": [0, 0, 1, 1, 1]}
    attrs = {"ladder": rows, "fwi": {"curve_misfit": [9.0, 9.0], "curve_band": [0, 0]}}
    drawn = [axes for axes in misfit_curves_figure(misfit_curves(attrs)).axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in drawn] == ["Consistency", "FWI"]
    lines = [[list(xy) for xy in line.get_xydata()] for line in drawn[1].lines]
    assert lines == [[[0, 0.9], [1, 0.4]], [[2, 0.7], [3, 0.5], [4, 0.3]]]
    late = misfit_curves_figure(misfit_curves({"ladder": [rows[1] | {"rung": "first_arrivals"}]}))
    np.testing.assert_allclose(late.axes[0].lines[0].get_ydata(), [800, 700])  # s to ms


def test_waveform_inversion_without_a_ladder_has_its_curve_too(content: ReportContent) -> None:
    attrs = {"fwi": {"curve_misfit": [0.5, 0.2], "curve_band": [0, 0]}}
    alone = replace(content, prediction=content.prediction.drop_attrs().assign_attrs(attrs))
    assert ladder_section(alone) == ""
    assert curve_section(alone).count("<img") == 1
    assert curve_section(replace(alone, prediction=alone.prediction.drop_attrs())) == ""


def test_sections_share_one_colour_scale(prediction: xr.Dataset) -> None:
    velocity = prediction["velocity"].to_numpy()
    figure = sections_figure(
        {"one": velocity, "two": 1.1 * velocity, "three": velocity},
        prediction["depth"].to_numpy(),
        prediction["distance"].to_numpy(),
    )
    images = [image for axes in figure.axes for image in axes.get_images()]
    assert len(images) == 3
    assert len({image.get_clim() for image in images}) == 1
    assert images[0].get_clim()[1] >= 1.1 * np.nanmax(velocity) * 0.99


@pytest.mark.parametrize(
    ("name", "shown"), [("fwi", "FWI"), ("fwi_2", "FWI 2"), ("first_arrivals", "First arrivals")]
)
def test_rungs_have_names_for_readers(name: str, shown: str) -> None:
    assert rung_name(name) == shown


def test_ladder_that_nothing_could_judge_is_drawn(content: ReportContent) -> None:
    rows = content.prediction.attrs["ladder"][:1]
    empty = {name: None for name in rows[0] if name.endswith(("misfit", "rms_s"))}
    figure = ladder_figure([{**rows[0], **empty, "kept": True}])
    assert figure.axes[0].get_ylim()[0] == 0
