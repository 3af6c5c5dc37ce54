from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from shot_file import write_shots

from geoml.errors import OptionError
from geoml.preprocess.plan import preprocess_plan
from geoml.preprocess.recipe import build_steps
from geoml.products.preview_figure import PreviewPanel, preview_figure
from geoml.readers.ingest import ingest
from geoml.survey.store import open_survey
from geoml.workflow.preview import preview_panels, save_preview


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    ingest(write_shots(folder / "line.sgy", n_shots=40), folder / "line.zarr")
    return folder / "line.zarr"


def test_preview_shows_the_gather_that_was_asked_for(store: Path, tmp_path: Path) -> None:
    said = save_preview(store, [{"agc": {"window_s": 0.1}}], "7", tmp_path / "a.png")
    assert said == "shot 7, 16 traces"
    save_preview(store, [{"agc": {"window_s": 0.1}}], "#7", tmp_path / "b.png")
    save_preview(store, [{"agc": {"window_s": 0.1}}], "8", tmp_path / "c.png")
    a, b, c = (imread(tmp_path / f"{name}.png") for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert a.shape != c.shape or (a != c).any()


@pytest.mark.parametrize("key", ["99", "#0", "#41", "north"])
def test_gather_that_is_not_there_is_refused(store: Path, tmp_path: Path, key: str) -> None:
    with pytest.raises(OptionError, match=r"among 40, from 1 to 40; .* #1 to #40"):
        save_preview(store, [], key, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_dipping_event_lies_on_its_line_of_the_spectrum() -> None:
    """A wave of 20 Hz and 1000 m/s has 0.02 cycles/m, on the side of its dip."""
    offset_m, time_s = 5.0 * np.arange(40), 0.004 * np.arange(100)
    phase = time_s[None, :] - offset_m[:, None] / 1000
    panel = PreviewPanel("wave", np.cos(2 * np.pi * 20 * phase), time_s)
    figure = preview_figure("t", [panel], offset_m)
    image = figure.axes[1].images[0]
    decibel = np.asarray(image.get_array())
    left, right, low, high = image.get_extent()
    row, column = np.unravel_index(decibel.argmax(), decibel.shape)
    frequency = low + (row + 0.5) / decibel.shape[0] * (high - low)
    wavenumber = left + (column + 0.5) / decibel.shape[1] * (right - left)
    assert frequency == pytest.approx(20, abs=2)
    # A wave that comes later with offset has a negative wavenumber in exp(i (kx + wt)).
    assert wavenumber == pytest.approx(-0.02, abs=0.003)


def test_difference_is_what_was_taken_away_where_the_times_are_the_same(store: Path) -> None:
    survey, traces = open_survey(store), np.arange(32, 48)
    muted = build_steps([{"mute_top": {"velocity_m_s": 1500.0, "intercept_s": 0.02}}])
    before, after, away = preview_panels(survey, traces, muted)
    np.testing.assert_array_equal(before.amplitude, survey["amplitude"][32:48])
    np.testing.assert_allclose(after.amplitude + away.amplitude, before.amplitude, atol=1e-6)
    assert away.amplitude.any()
    gained = build_steps([{"gain_time_power": {"power": 1.0}}])
    before, after, away = preview_panels(survey, traces, gained)
    assert before.title == "Before, with gains"
    np.testing.assert_array_equal(before.amplitude, after.amplitude)
    assert not away.amplitude.any()
    resampled = preview_panels(survey, traces, build_steps([{"resample": {"dt_s": 0.008}}]))
    assert [panel.title for panel in resampled] == ["Before", "After"]
    assert resampled[1].amplitude.shape == (16, 25)


def test_plan_names_every_pass(store: Path) -> None:
    (only,) = preprocess_plan(store, [{"agc": {"window_s": 0.1}}])
    assert only.n_tasks == 3
    assert only.seconds > 0
    assert str(only).startswith("agc: trace by trace, 3 tasks")
    (whole,) = preprocess_plan(store, [{"normalise": {"by": "gather"}}])
    assert whole.gathers == "shot"
