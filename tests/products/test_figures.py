"""Pictures of surveys, gathers, sections and curves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from geoml.errors import ShapeError, StoreError
from geoml.products.curve_figure import amplitude_spectrum, misfit_figure, reduction_velocity
from geoml.products.figures import save_survey_figures, shown_shots, survey_figures
from geoml.products.gather_figure import ArrivalCurve, GatherPanel, gathers_figure
from geoml.products.line_figure import fold_figure, receiver_interval
from geoml.products.section_figure import (
    EXAGGERATIONS,
    velocity_figure,
    velocity_limits,
    vertical_exaggeration,
)
from geoml.products.style import png_bytes, write_whole
from geoml.survey.velocity import section


def pixels(figure: Figure) -> np.ndarray:
    figure.set_dpi(50)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]


def panel(amplitude: np.ndarray, **more: object) -> GatherPanel:
    n_traces, n_time = amplitude.shape
    options = {"offset_m": 10.0 * np.arange(n_traces), **more}
    return GatherPanel("gather", amplitude, 0.004 * np.arange(n_time), **options)  # type: ignore[arg-type]


def test_drawing_needs_neither_pyplot_nor_torch() -> None:
    program = (
        "import sys, geoml.products.report, geoml.products.figures\n"
        "sys.exit(any(name in sys.modules for name in ('matplotlib.pyplot', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_survey_has_gathers_spectrum_map_and_fold(survey: xr.Dataset) -> None:
    assert set(survey_figures(survey)) == {"gathers", "spectrum", "map", "fold"}


def test_survey_without_geometry_is_drawn_without_map_and_fold(survey: xr.Dataset) -> None:
    names = ("source_x", "source_y", "receiver_x", "receiver_y")
    bare = survey.assign({name: survey[name] * 0 for name in names})
    assert set(survey_figures(bare)) == {"gathers", "spectrum"}


def test_survey_pictures_are_written_as_png_and_again_as_the_same_bytes(
    survey: xr.Dataset, tmp_path: Path
) -> None:
    first = {path: path.read_bytes() for path in save_survey_figures(survey, tmp_path)}
    second = {path: path.read_bytes() for path in save_survey_figures(survey, tmp_path)}
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.name for p in first)
    assert all(content.startswith(b"\x89PNG") for content in first.values())


def test_only_the_shots_that_are_drawn_are_read(survey: xr.Dataset) -> None:
    shots = shown_shots(survey, 2)
    assert list(shots) == ["11", "13"]
    assert shots["13"].tolist() == list(range(16, 24))


def test_dead_trace_is_drawn_as_a_straight_line() -> None:
    amplitude = np.random.default_rng(0).normal(size=(3, 50))
    amplitude[1] = 0
    figure = gathers_figure([[panel(amplitude)]])
    lines = [line.get_xdata() for line in figure.axes[0].lines]
    assert np.ptp(lines[1]) == 0
    assert lines[1][0] == 1
    assert np.ptp(lines[0]) > 0


@given(scale=st.floats(1e-12, 1e12))
def test_wiggles_do_not_depend_on_the_unit_of_amplitude(scale: float) -> None:
    amplitude = np.random.default_rng(0).normal(size=(2, 20))
    one, other = (
        gathers_figure([[panel(values)]]).axes[0].lines[0].get_xdata()
        for values in (amplitude, amplitude * scale)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_traces_and_their_picks_are_drawn_in_order_of_offset() -> None:
    offset = np.array([300.0, 100.0, 200.0])
    curve = ArrivalCurve("picked", offset / 1000, "red", "o")
    figure = gathers_figure([[panel(np.ones((3, 100)), offset_m=offset, curves=(curve,))]])
    drawn = figure.axes[0].lines[-1]
    np.testing.assert_allclose(drawn.get_xdata(), [0, 1, 2])
    np.testing.assert_allclose(drawn.get_ydata(), [0.1, 0.2, 0.3])


def test_gather_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"has shape \(3, 4\).*\(trace, time\) = \(3, 5\)"):
        GatherPanel("gather", np.ones((3, 4)), np.arange(5.0), np.arange(3.0))


def test_large_gather_with_nan_is_drawn() -> None:
    amplitude = np.random.default_rng(0).normal(size=(200, 60))
    amplitude[7, 3] = np.nan
    image = pixels(gathers_figure([[panel(amplitude)]]))
    assert image.std() > 10


def test_sections_share_colour_scale_and_state_their_true_exaggeration(
    prediction: xr.Dataset,
) -> None:
    figure = velocity_figure(prediction, np.linspace(1700.0, 2400.0, 20))
    drawn, trend = figure.axes[:2]
    assert drawn.images[0].get_clim() == trend.images[0].get_clim() == (1700, 2400)
    figure.canvas.draw()
    box = drawn.get_window_extent()
    metres_x, metres_y = np.ptp(drawn.get_xlim()), np.ptp(drawn.get_ylim())
    ratio = (box.height / metres_y) / (box.width / metres_x)
    stated = 1.0 if "equal axes" in drawn.get_title("left") else np.nan
    assert ratio == pytest.approx(stated, rel=0.12)


def test_long_shallow_line_is_in_kilometres_and_states_its_exaggeration() -> None:
    axes = velocity_figure(section(np.full((20, 1002), 2000.0), 10.0)).axes[0]
    assert "vertical exaggeration 10" in axes.get_title("left")
    assert "[km]" in axes.get_xlabel()
    length_m = 1000 * np.ptp(axes.get_xlim())
    assert length_m == pytest.approx(10_020)
    axes.figure.canvas.draw()
    box = axes.get_window_extent()
    ratio = (box.height / np.ptp(axes.get_ylim())) / (box.width / length_m)
    assert ratio == pytest.approx(10, rel=0.12)


@given(
    length_m=st.floats(100, 1e6),
    depth_m=st.floats(50, 5e3),
    width_in=st.floats(2, 12),
)
def test_exaggeration_is_the_least_that_is_readable(
    length_m: float, depth_m: float, width_in: float
) -> None:
    factor = vertical_exaggeration(length_m, depth_m, width_in)
    height = width_in * depth_m / length_m
    assert height * factor >= 1.6 or factor == EXAGGERATIONS[-1]
    smaller = [value for value in EXAGGERATIONS if value < factor]
    assert not smaller or height * smaller[-1] < 1.6


def test_colour_limits_hold_section_and_trend_and_ignore_gaps() -> None:
    velocity = np.array([[1520.0, np.nan], [2310.0, 1900.0]])
    assert velocity_limits(velocity, np.array([1490.0, 2600.0])) == (1400, 2600)
    wide = np.full((100, 1000), 2000.0)
    assert velocity_limits(wide, np.array([1490.0, 2600.0])) == (1400, 2600)


def test_fold_by_hand() -> None:
    # Midpoints 0, 12.5, 25 and 12.5, 25, 37.5 m in bins of 12.5 m.
    figure = fold_figure(np.array([0.0, 0, 0, 25, 25, 25]), np.array([0.0, 25, 50, 0, 25, 50]))
    heights = figure.axes[0].patches[0].get_data().values  # type: ignore[attr-defined]
    assert heights.tolist() == [1, 2, 2, 1]


def test_receiver_interval_ignores_the_rounding_of_coordinates() -> None:
    assert receiver_interval(np.array([0, 0.3, 25.1, 25.0, 50.2, 74.9])) == pytest.approx(
        25, abs=0.5
    )


def test_spectrum_of_a_sine_peaks_at_its_frequency_and_ignores_dead_traces() -> None:
    time_s = 0.004 * np.arange(500)
    trace = np.sin(2 * np.pi * 20 * time_s)
    frequency, amplitude = amplitude_spectrum(np.stack([trace, np.zeros(500), 1e6 * trace]), 0.004)
    assert frequency[amplitude.argmax()] == pytest.approx(20, abs=0.3)


def test_reduction_velocity_is_that_of_the_far_arrivals() -> None:
    offset = np.linspace(0, 3000, 50)
    assert reduction_velocity(offset, offset / 2140) == 2100
    assert reduction_velocity(offset, np.full(50, np.nan)) == 2000


def test_misfit_of_many_shots_is_drawn_as_lines() -> None:
    values = {"prediction": np.full(200, 0.1), "trend": np.full(200, 0.3)}
    names = [str(number) for number in range(200)]
    figure = misfit_figure(names, values, values)
    assert len(figure.axes[0].lines) == 2
    assert len(figure.axes[0].get_xticks()) <= 12


def test_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_whole(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_same_figure_gives_the_same_bytes(prediction: xr.Dataset) -> None:
    assert png_bytes(velocity_figure(prediction)) == png_bytes(velocity_figure(prediction))


def test_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for path in (tmp_path / "file" / "a.png", tmp_path):
        with pytest.raises(StoreError, match="cannot be written"):
            write_whole(path, b"bytes")
