"""The report: whole, self-contained, honest."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.products.report import ReportContent, write_report
from geoml.products.report_summary import verdict
from geoml.survey.acquisition import Acquisition

HEADINGS = ["Line", "Data", "Velocity", "Spread", "Physics check", "Training", "Provenance"]


class Page(HTMLParser):
    """Collects what a test asks about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open_tags: list[str] = []
        self.addresses: list[str] = []
        self.headings: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img", "br"):
            self.open_tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open_tags and self.open_tags[-1] == "h2":
            self.headings.append(data)
        if self.open_tags and self.open_tags[-1] != "style":
            self.text += data + "\n"


@pytest.fixture(scope="module")
def content(survey: xr.Dataset, prediction: xr.Dataset, checks: xr.Dataset) -> ReportContent:
    wavelet = np.sin(np.linspace(0, 6, 30)) * np.hanning(30)
    acquisition = Acquisition(
        np.array([0.0]), np.array([5.0]), np.array([[25.0]]), np.array([[5.0]]),
        0.008, 100, 10.0, 20, 30, wavelet, -0.02, 18.0, True,
    )  # fmt: skip
    return ReportContent(
        title="Line <1> & its velocity",
        prediction=prediction,
        checks=checks,
        raw=survey,
        clean=survey,
        trend_m_s=np.linspace(1700.0, 2400.0, 20),
        acquisition=acquisition,
        training={
            "curves": {"training": {"place": [0, 1, 2], "value": [0.5, 0.3, 0.2]}},
            "metrics": {"network": {"MAE [m/s]": 71.25}, "mean model": {"MAE [m/s]": 220.0}},
            "facts": {"Seed": 1},
        },
        provenance={"geoml": "0.1.0", "torch": "2.13.0"},
        warnings=["The <b>spectrum</b> lies outside."],
    )


@pytest.fixture(scope="module")
def written(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, content)
    return path.read_text("utf-8")


def test_report_has_every_section_and_closes_every_tag(written: str) -> None:
    page = Page(written)
    assert page.headings == HEADINGS
    assert page.open_tags == []


def test_report_needs_no_other_file_and_its_pictures_are_png(written: str) -> None:
    pictures = [a for a in Page(written).addresses if a.startswith("data:image/png;base64,")]
    others = [a for a in Page(written).addresses if not a.startswith("data:")]
    assert all(re.fullmatch(r"#s\d", address) for address in others)
    assert "@import" not in written
    assert "url(" not in written
    assert len(pictures) >= 9
    for picture in pictures:
        assert base64.b64decode(picture.split(",")[1]).startswith(b"\x89PNG")


def test_summary_gives_both_misfits_in_milliseconds(written: str) -> None:
    text = Page(written).text
    assert "2.0 ms RMS against 10.0 ms (80 % less)" in text
    row = text[text.index("First arrivals, RMS [ms]") :].split("\n")
    assert row[:3] == ["First arrivals, RMS [ms]", "2.0", "10.0"]
    assert "1,800 – 2,180" in text


def test_words_of_the_user_are_shown_as_written(written: str) -> None:
    text = Page(written).text
    assert "Line <1> & its velocity" in text
    assert "The <b>spectrum</b> lies outside." in text
    assert "<b>" not in written


def test_warnings_of_the_prediction_are_shown_too(written: str) -> None:
    text = Page(written).text
    assert "2 warnings" in text
    assert "Window 2 is unlike training." in text


def test_prediction_alone_makes_a_report(prediction: xr.Dataset, tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", ReportContent("Bare", prediction))
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    assert page.headings == ["Velocity", "Spread", "Provenance"]
    assert "has not been checked by re-modelling" in page.text


def test_spread_that_is_not_the_sections_own_is_told_beside_each_picture_of_it(
    prediction: xr.Dataset, tmp_path: Path
) -> None:
    note = "Spread and interval are those of the start."
    for attrs, times in (({}, 0), ({"spread_note": note}, 2)):
        write_report(tmp_path / "r.html", ReportContent("A line", prediction.assign_attrs(attrs)))
        page = Page((tmp_path / "r.html").read_text("utf-8"))
        assert page.text.count(note) == times


def test_samples_are_shown_beside_the_spread(prediction: xr.Dataset, tmp_path: Path) -> None:
    velocity = prediction["velocity"]
    drawn = np.stack([velocity.values + 50 * k for k in range(7)]).astype(np.float32)
    drawing = prediction.assign(velocity_samples=(("sample", *velocity.dims), drawn))
    pages = []
    for name, section in (("plain", prediction), ("drawn", drawing)):
        write_report(tmp_path / name, ReportContent("Line", section))
        pages.append((tmp_path / name).read_text("utf-8"))
    assert "Sections that the network draws" not in pages[0]
    assert "Sections that the network draws" in pages[1]
    assert pages[1].count("<img") == pages[0].count("<img") + 1


def test_worse_fit_is_called_worse(checks: xr.Dataset) -> None:
    worse = checks.assign(total_first_arrival_rms_s=("model", [0.0125, 0.010]))
    text, good = verdict(worse)
    assert not good
    assert "worse than the starting trend: 12.5 ms RMS against 10.0 ms" in text


def test_survey_without_picks_says_what_to_do(checks: xr.Dataset) -> None:
    text, good = verdict(checks.assign(total_first_arrival_rms_s=("model", [np.nan, np.nan])))
    assert not good
    assert "pick_first_breaks" in text


def test_same_content_gives_the_same_bytes(content: ReportContent, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write_report(tmp_path / name, content)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
