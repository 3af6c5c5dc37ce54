from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoml.errors import GeometryError, OptionError
from geoml.readers.ingest import read_survey
from geoml.survey.window_template import nearest_once
from geoml.survey.windows import (
    WindowLayout,
    line_windows,
    match_windows,
    read_window,
    reference_acquisition,
)

WAVELET = np.ones(5)


def reference(survey, layout):
    windows = line_windows(survey, layout)
    return windows, reference_acquisition(survey, layout, windows, WAVELET, -0.008, 30.0)


def test_streamer_windows_slide_by_the_step_and_reach_the_last_shot(streamer):
    windows, acquisition = reference(streamer(), WindowLayout(n_shots=3, window_step=2))
    # 8 shots, windows at shots 0, 2, 4 and the last that fits, 5.
    assert np.diff([window.origin_m for window in windows]) == pytest.approx([50, 50, 25])
    assert [window.completeness for window in windows] == [1, 1, 1, 1]
    assert [window.index for window in windows] == [0, 1, 2, 3]
    for window in windows:
        np.testing.assert_allclose(window.source_distance_m, acquisition.source_distance_m)
        np.testing.assert_allclose(window.receiver_distance_m, acquisition.receiver_distance_m)
    # The farthest receiver is 212.5 m behind the first shot and column 0 is below it.
    np.testing.assert_allclose(acquisition.source_distance_m, [212.5, 237.5, 262.5])
    np.testing.assert_allclose(acquisition.receiver_distance_m[0], 12.5 * np.arange(10))
    np.testing.assert_allclose(acquisition.source_depth_m, 6)
    np.testing.assert_allclose(acquisition.receiver_depth_m, 8)
    assert acquisition.free_surface


def test_grid_covers_every_position_and_the_margin(streamer):
    layout = WindowLayout(n_shots=2, spacing_m=20, depth_m=500, margin_m=30)
    _, acquisition = reference(streamer(), layout)
    assert acquisition.receiver_distance_m.min() == pytest.approx(30)
    # 30 + 212.5 + 25 + 30 = 297.5 m need 15 cells of 20 m, 16 columns.
    assert acquisition.n_distance == 16
    assert acquisition.n_depth == 26
    assert acquisition.source_distance_m.max() + 30 <= acquisition.distance_m[-1]


def test_offsets_step_and_count_choose_the_nearest_receivers(streamer):
    layout = WindowLayout(n_shots=1, min_offset_m=112, receiver_step=2, n_receivers=3)
    _, acquisition = reference(streamer(), layout)
    np.testing.assert_allclose(acquisition.offset_m, [[-162.5, -137.5, -112.5]])
    layout = WindowLayout(n_shots=1, max_offset_m=125)
    np.testing.assert_allclose(reference(streamer(), layout)[1].offset_m, [[-125, -112.5, -100]])


def test_window_reads_the_traces_of_its_places(streamer):
    survey = streamer()
    layout = WindowLayout(n_shots=2, shot_step=3, max_time_s=0.012)
    windows, acquisition = reference(survey, layout)
    assert acquisition.n_samples == 4
    shots, live = read_window(survey, windows[1], acquisition)
    assert shots.shape == (2, 10, 4)
    assert live.all()
    # The second window starts at shot 1; receivers run from the far one to the near one.
    expected = survey["amplitude"].values.reshape(8, 10, 6)[[1, 4], ::-1, :4]
    np.testing.assert_array_equal(shots, expected)


def test_dead_and_missing_traces_read_as_zeros(streamer):
    survey = streamer()
    _, acquisition = reference(survey, WindowLayout(n_shots=2))
    survey["amplitude"][0] = np.nan
    survey["trace_kind"][1] = 2
    survey["amplitude"][2] = 0
    survey = survey.assign(live=("trace", np.arange(80) != 3))
    without_far = survey.isel(trace=np.arange(80) != 9)
    window = match_windows(without_far, WindowLayout(n_shots=2), acquisition)[0]
    shots, live = read_window(without_far, window, acquisition)
    # Receivers run from far to near: the far one is missing, the four nearest are dead.
    np.testing.assert_array_equal(live[0], [0, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    assert live[1].all()
    assert not shots[~live].any()
    assert shots[live].any(axis=1).all()
    assert window.trace_index[0, 0] == -1
    assert window.completeness == pytest.approx(19 / 20)


def test_matching_a_line_with_its_own_acquisition_gives_its_own_windows(streamer, fixed_spread):
    for survey, layout in (
        (streamer(), WindowLayout(n_shots=3, receiver_step=2)),
        (fixed_spread(), WindowLayout(n_shots=5)),
    ):
        windows, acquisition = reference(survey, layout)
        again = match_windows(survey, layout, acquisition)
        assert len(again) == len(windows)
        for one, other in zip(windows, again, strict=True):
            np.testing.assert_array_equal(one.trace_index, other.trace_index)
            assert one.origin_m == pytest.approx(other.origin_m)


def test_another_line_matches_within_half_an_interval(streamer):
    layout = WindowLayout(n_shots=2)
    _, acquisition = reference(streamer(), layout)
    shifted = match_windows(streamer(near_m=104.0), layout, acquisition)
    assert [window.completeness for window in shifted] == [1] * 7
    # Positions are the line's own, not the template's.
    np.testing.assert_allclose(
        shifted[0].receiver_distance_m, acquisition.receiver_distance_m - 4.0
    )
    moved_a_station = match_windows(streamer(near_m=100 + 12.5), layout, acquisition)
    assert moved_a_station[0].completeness == pytest.approx(0.9)


def test_line_that_does_not_fit_is_refused_with_the_numbers(streamer, fixed_spread):
    layout = WindowLayout(n_shots=2)
    _, acquisition = reference(streamer(), layout)
    with pytest.raises(GeometryError, match=r"offsets -212\.5 to -100 m are needed; .* 5 shots"):
        match_windows(fixed_spread(), layout, acquisition)
    with pytest.raises(GeometryError, match="No window of the survey fits"):
        match_windows(streamer(near_m=400.0), layout, acquisition)


def test_trace_is_never_used_twice():
    there = np.array([0.0, 10.0, 50.0])
    wanted = np.array([1.0, 4.0, 9.0, 30.0])
    np.testing.assert_array_equal(nearest_once(there, wanted, 6.0), [0, -1, 1, -1])


def test_fixed_spread_is_one_window_of_all_its_shots(fixed_spread):
    windows, acquisition = reference(fixed_spread(), WindowLayout(n_shots=5, spacing_m=25))
    assert len(windows) == 1
    assert acquisition.n_receivers == 12
    # The last receiver is at 550 m, beyond the last shot: 22 cells of 25 m.
    assert acquisition.n_distance == 23
    assert not acquisition.free_surface
    np.testing.assert_allclose(acquisition.source_distance_m, [0, 50, 200, 250, 450])
    np.testing.assert_allclose(acquisition.receiver_distance_m[3], 50 * np.arange(12))
    # The highest station is the last receiver, at 222 m.
    np.testing.assert_allclose(acquisition.receiver_depth_m[0], 22 - 2 * np.arange(12))
    np.testing.assert_allclose(acquisition.source_depth_m, 10 + 22 - 2 * np.arange(5))


def test_template_has_no_missing_receiver(fixed_spread):
    _, acquisition = reference(fixed_spread(), WindowLayout(n_shots=3, max_offset_m=160))
    assert np.isfinite(acquisition.receiver_distance_m).all()
    assert (np.abs(acquisition.offset_m) <= 160).all()
    # At 150 m either side a shot in the middle of the spread has 7 receivers; the poorest decides.
    assert 4 <= acquisition.n_receivers <= 7


def test_time_axis_that_does_not_fit_is_refused(streamer):
    survey = streamer()
    windows, acquisition = reference(survey, WindowLayout(n_shots=2))
    late = survey.assign_coords(time=survey["time"] + 0.1)
    with pytest.raises(GeometryError, match=r"first sample is at 0\.1 s; .*resample"):
        reference_acquisition(late, WindowLayout(n_shots=2), windows, WAVELET, 0.0, 30.0)
    coarse = survey.assign_coords(time=2 * survey["time"])
    with pytest.raises(GeometryError, match=r"0\.008 s, the acquisition's 0\.004 s.*resample"):
        read_window(coarse, windows[0], acquisition)
    with pytest.raises(GeometryError, match="4 samples, the acquisition needs 6"):
        read_window(survey.isel(time=slice(0, 4)), windows[0], acquisition)


def test_layout_that_the_line_cannot_fill_is_refused(streamer):
    with pytest.raises(GeometryError, match="8 shots; a window of 9 shots with a step of 1"):
        line_windows(streamer(), WindowLayout(n_shots=9))
    with pytest.raises(GeometryError, match=r"at most 10 receivers .* 11 are needed"):
        line_windows(streamer(), WindowLayout(n_shots=2, n_receivers=11))
    with pytest.raises(GeometryError, match="at most 0 receivers"):
        line_windows(streamer(), WindowLayout(n_shots=2, min_offset_m=5000))


def test_source_on_a_free_surface_is_refused(streamer):
    survey = streamer()
    survey["source_depth"][:] = 0
    with pytest.raises(GeometryError, match="0 m below a free surface"):
        reference(survey, WindowLayout(n_shots=2))
    _, acquisition = reference(survey, WindowLayout(n_shots=2, free_surface=False))
    assert not acquisition.free_surface


@pytest.mark.parametrize(
    "options",
    [
        {"n_shots": 0},
        {"n_shots": 1, "receiver_step": 0},
        {"n_shots": 1, "n_receivers": 0},
        {"n_shots": 1, "spacing_m": 0},
        {"n_shots": 1, "depth_m": 5, "spacing_m": 10},
        {"n_shots": 1, "min_offset_m": 10, "max_offset_m": 5},
    ],
)
def test_senseless_layout_is_refused(options):
    with pytest.raises(OptionError):
        WindowLayout(**options)


@pytest.mark.data
def test_viking_window_sees_the_streamer_behind_the_shots(data_dir: Path):
    survey = read_survey(data_dir / "seismic" / "viking_small.segy")
    layout = WindowLayout(n_shots=4, receiver_step=2, n_receivers=48)
    windows, acquisition = reference(survey, layout)
    assert len(windows) == 1
    assert acquisition.free_surface
    assert acquisition.offset_m.max() == -262
    np.testing.assert_allclose(np.diff(acquisition.source_distance_m), 25)


@pytest.mark.data
def test_land_line_is_one_window_with_depths_below_its_highest_station(data_dir: Path):
    survey = read_survey(data_dir / "seismic" / "land_line_18shots.sgy")
    windows, acquisition = reference(survey, WindowLayout(n_shots=18))
    assert len(windows) == 1
    assert windows[0].completeness == 1
    assert acquisition.n_receivers == 33
    assert acquisition.receiver_depth_m.min() == 0
    assert 24 < acquisition.source_depth_m.min() < acquisition.source_depth_m.max() < 45
