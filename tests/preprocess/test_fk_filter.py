"""f-k filter step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.fk_filter import FkFilter
from geoml.preprocess.fk_zone import fan, polygon_zone, trapezoid
from geoml.preprocess.pipeline import run
from geoml.preprocess.replay import replay
from geoml.readers.ingest import read_survey
from geoml.survey.acquisition import Acquisition

DT_S, SPACING_M = 0.004, 5.0
TIME_S = np.arange(500) * DT_S
OFFSET_M = SPACING_M * np.arange(-30, 31)
FAN = {"velocities_m_s": (0, 0, 1000, 1500)}


def ricker(time_s: np.ndarray, peak_hz: float = 15.0) -> np.ndarray:
    argument = (np.pi * peak_hz * time_s) ** 2
    return (1 - 2 * argument) * np.exp(-argument)


def event(velocity_m_s: float, offset_m: np.ndarray = OFFSET_M, peak_hz: float = 15.0):  # type: ignore[no-untyped-def]
    """A straight event that comes later at larger offset, shape (trace, time)."""
    return ricker(TIME_S - 1 - offset_m[:, None] / velocity_m_s, peak_hz)


def gather(samples: np.ndarray, offset_m: np.ndarray = OFFSET_M) -> xr.DataArray:
    return xr.DataArray(
        samples.astype(np.float32),
        dims=("trace", "time"),
        coords={"time": TIME_S[: samples.shape[1]], "offset": ("trace", offset_m)},
    )


def energy_left(out: np.ndarray, before: np.ndarray) -> float:
    """Away from the ends of the spread, where a plane wave is cut."""
    return float(np.sum(out[15:-15] ** 2) / np.sum(before[15:-15] ** 2))


@pytest.mark.parametrize("velocity_m_s", [400.0, 700.0, -700.0])
def test_slow_event_is_taken_out(velocity_m_s: float) -> None:
    slow = event(velocity_m_s)
    assert energy_left(FkFilter(**FAN)(gather(slow)).values, slow) < 2e-3
    only = FkFilter(**FAN, mode="pass")(gather(slow)).values
    assert energy_left(only - slow, slow) < 2e-3


@pytest.mark.parametrize("velocity_m_s", [2500.0, -4000.0, 1e9])
def test_fast_event_is_kept(velocity_m_s: float) -> None:
    fast = event(velocity_m_s)
    assert energy_left(FkFilter(**FAN)(gather(fast)).values - fast, fast) < 2e-3


def test_fan_without_an_upper_end_keeps_flat_events() -> None:
    flat, slow = event(1e9), event(700.0)
    out = FkFilter(velocities_m_s=(1000, 1500), mode="pass")(gather(flat + slow)).values
    assert energy_left(out - flat, flat) < 0.01


def test_one_sided_filter_takes_the_dip_that_it_names_on_both_sides_of_the_spread() -> None:
    away, back = event(700.0, np.abs(OFFSET_M)), event(-700.0, np.abs(OFFSET_M))
    both = gather(away + back)
    inner = np.r_[8:23, 38:53]  # the ends of each side see a plane wave cut
    for dips, gone, kept in (("outward", away, back), ("inward", back, away)):
        out = FkFilter(**FAN, dips=dips)(both).values[inner]
        assert np.sum((out - kept[inner]) ** 2) < 0.02 * np.sum(kept[inner] ** 2), dips
        assert np.sum(out * gone[inner]) < 0.05 * np.sum(gone[inner] ** 2)


def test_answer_to_a_spike_lies_in_its_dips() -> None:
    spike = np.zeros((61, 500))
    spike[:, 0] = 1e-9  # or the others would be dead
    spike[22, 180] = 1
    offset_m = OFFSET_M + 2000
    step = FkFilter(velocities_m_s=(300, 400, 1000, 1500), dips="outward", mode="pass")
    power = step(gather(spike, offset_m)).values ** 2
    assert np.unravel_index(np.argmax(power), power.shape) == (22, 180)
    later, earlier = power[23:, 181:].sum(), power[23:, :180].sum()
    assert later > 5 * earlier
    assert power[:22, :180].sum() > 5 * power[:22, 181:].sum()


@pytest.mark.parametrize(
    "options",
    [
        FAN,
        {**FAN, "dips": "outward"},
        {**FAN, "band_hz": (0, 0, 20, 30)},
        {"velocities_m_s": (500, 700, 900, 1200), "n_aliases": 2},
        {"polygon": ((0.0, 2.0), (0.02, 5.0), (0.01, 60.0))},
    ],
    ids=str,
)
def test_filter_is_its_own_adjoint(options: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    holes = np.delete(np.arange(61), [7, 30, 31])
    x, y = rng.normal(size=(2, 58, 300))
    step = FkFilter(**options)
    ax, ay = (step(gather(samples, OFFSET_M[holes])).values.astype(float) for samples in (x, y))
    np.testing.assert_allclose(np.sum(ax * y), np.sum(x * ay), rtol=1e-4)


def test_filter_over_splines_is_linear() -> None:
    offset_m = OFFSET_M + np.random.default_rng(3).uniform(-1.5, 1.5, 61)
    x, y = np.random.default_rng(4).normal(size=(2, 61, 300))
    step = FkFilter(**FAN, interpolate=True)
    ax, ay, both = (step(gather(s, offset_m)).values for s in (x, y, 2 * x - 3 * y))
    np.testing.assert_allclose(both, 2 * ax - 3 * ay, atol=2e-5)


def test_event_too_slow_for_the_spacing_is_found_where_it_folds_to() -> None:
    # At 40 Hz and 260 m/s there are 154 cycles a kilometre; the spacing shows 100 of them.
    slow = event(260.0, peak_hz=40)
    options = {"velocities_m_s": (220, 240, 280, 300), "band_hz": (5, 10, 100, 110)}
    assert energy_left(FkFilter(**options)(gather(slow)).values, slow) > 0.5
    assert energy_left(FkFilter(**options, n_aliases=2)(gather(slow)).values, slow) < 0.05


def test_frequencies_outside_the_band_are_left() -> None:
    slow = event(400.0, peak_hz=10)
    step = FkFilter(**FAN, band_hz=(40, 50, 100, 110))
    assert energy_left(step(gather(slow)).values - slow, slow) < 1e-3


def test_irregular_gather_is_refused_with_the_numbers_or_put_on_stations() -> None:
    rng = np.random.default_rng(2)
    offset_m = OFFSET_M + rng.uniform(-1.7, 1.7, 61)
    slow, fast = event(700.0, offset_m), event(3000.0, offset_m)
    both = gather(slow + fast, offset_m)
    with pytest.raises(GeometryError, match=r"goes from .* to .* m and .* Set interpolate: true"):
        FkFilter(**FAN)(both)
    out = FkFilter(**FAN, interpolate=True)(both).values
    assert energy_left(out - fast, slow) < 0.05


def test_dead_traces_are_bridged_on_request() -> None:
    fast = event(3000.0)
    fast[[20, 35]] = 0
    live = np.delete(np.arange(15, 41), [5, 20])
    hurt = []
    for interpolate in (False, True):
        out = FkFilter(**FAN, interpolate=interpolate)(gather(fast)).values
        assert not out[[20, 35]].any()
        hurt.append(np.sum((out - fast)[live] ** 2))
    assert hurt[1] < 0.5 * hurt[0]


def test_traces_without_positions_need_a_spacing() -> None:
    numbered = (
        gather(event(700.0))
        .drop_vars("offset")
        .assign_coords(trace_in_record=("trace", np.arange(61)))
    )
    with pytest.raises(GeometryError, match="they have no positions; give spacing_m"):
        FkFilter(**FAN)(numbered)
    out = FkFilter(**FAN, spacing_m=SPACING_M)(numbered).values
    np.testing.assert_allclose(out, FkFilter(**FAN)(gather(event(700.0))).values, atol=1e-5)


def test_two_traces_at_one_place_are_refused() -> None:
    offset_m = OFFSET_M.copy()
    offset_m[5] = offset_m[4]
    with pytest.raises(GeometryError, match="two traces at -130 m in one gather"):
        FkFilter(**FAN, interpolate=True)(gather(event(700.0), offset_m))


def test_single_trace_stays() -> None:
    one = gather(event(700.0)[:1], OFFSET_M[:1])
    np.testing.assert_array_equal(FkFilter(**FAN)(one).values, one.values)


def test_polygon_of_a_triangle_is_a_fan() -> None:
    frequency_hz, wavenumber = np.linspace(0, 125, 251), np.fft.fftfreq(64, SPACING_M)
    nyquist = 0.5 / SPACING_M
    triangle = ((0.0, 0.0), (2 * nyquist, 0.0), (2 * nyquist, 2 * nyquist * 1000.0))
    drawn = polygon_zone(frequency_hz, wavenumber, triangle, 0.0)
    by_velocity = fan(frequency_hz, wavenumber, (0, 0, 1000, 1000), 0)
    # Points on the line itself may fall to either side.
    on_line = np.isclose(frequency_hz, 1000 * np.abs(wavenumber)[:, None])
    edge = (frequency_hz == 0)[None, :] | on_line | (wavenumber == 0)[:, None]
    np.testing.assert_array_equal(np.where(edge, 0, drawn), np.where(edge, 0, by_velocity))
    assert 0.05 < drawn.mean() < 0.8


def test_polygon_fades_out_over_its_taper() -> None:
    frequency_hz, wavenumber = np.linspace(0, 100, 101), np.array([0.005, 0.025])
    square = ((0.0, 20.0), (0.02, 20.0), (0.02, 60.0), (0.0, 60.0))
    zone = polygon_zone(frequency_hz, wavenumber, square, 0.1)[0]
    np.testing.assert_allclose(zone[[9, 10, 15, 20, 40, 60, 65, 70]], [0, 0, 0.5, 1, 1, 1, 0.5, 0])


def test_trapezoid_by_hand() -> None:
    value = np.array([0.0, 1, 2, 3, 4, 5, 6, 7])
    np.testing.assert_allclose(trapezoid(value, (1, 3, 4, 6)), [0, 0, 0.5, 1, 1, 0.5, 0, 0])
    np.testing.assert_allclose(trapezoid(value, (0, 0, 4, 6)), [1, 1, 1, 1, 1, 0.5, 0, 0])
    np.testing.assert_allclose(trapezoid(value, (1, 3)), [0, 0, 0.5, 1, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs velocities_m_s or a polygon"),
        ({"velocities_m_s": (0, 900, 800, 1000)}, "0, 900, 800, 1000 must be four numbers"),
        ({"velocities_m_s": (0, 0, 800, np.inf)}, "four numbers, or two for no upper end"),
        ({"velocities_m_s": (0, 800, 1000)}, "0, 800, 1000 must be four numbers"),
        ({"velocities_m_s": (0, 0, 800, np.nan)}, "must be four numbers"),
        ({**FAN, "band_hz": (-1, 0, 8, 9)}, "band_hz -1, 0, 8, 9 must be four"),
        ({"polygon": ((0.0, 1.0), (0.1, 1.0))}, "three or more corners"),
        ({"polygon": ((0.0, 1.0), (0.1, 1.0), (-0.1, 5.0))}, "none under 0"),
        ({**FAN, "n_aliases": -1}, "n_aliases -1 at least 0"),
        ({**FAN, "spacing_m": 0}, "spacing_m is 0 m"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        FkFilter(**options)


def test_simulated_gathers_are_filtered_as_those_of_the_field() -> None:
    receiver_m = np.stack([OFFSET_M + 500, OFFSET_M + 600])
    acquisition = Acquisition(
        source_distance_m=np.array([500.0, 600.0]),
        source_depth_m=np.zeros(2),
        receiver_distance_m=receiver_m,
        receiver_depth_m=np.zeros((2, 61)),
        dt_s=DT_S,
        n_samples=500,
        spacing_m=5.0,
        n_depth=10,
        n_distance=300,
        wavelet=np.zeros(9),
        wavelet_start_s=-0.016,
        max_frequency_hz=40.0,
        free_surface=True,
    )
    shots = np.stack([event(700.0, np.abs(OFFSET_M)), event(-700.0)]).astype(np.float32)
    step = FkFilter(**FAN, dips="outward")
    replayed = replay([step], shots, acquisition)
    for shot, samples in zip(replayed, shots, strict=True):
        np.testing.assert_allclose(shot, step(gather(samples)).values, atol=1e-6)


@pytest.mark.data
def test_land_line_loses_what_is_slow_and_keeps_its_reflections(data_dir: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "land_line_18shots.sgy")
    survey = survey.isel(trace=survey["field_record"].values == 9).load()
    steps = ["kill", {"gain_time_power": {"power": 1.5}}]
    fk = {"velocities_m_s": (0, 0, 2000, 3000), "interpolate": True}
    before = run(survey, steps)["amplitude"].values
    after = run(survey, [*steps, {"fk_filter": fk}])["amplitude"].values
    # 8 to 14 Hz: above, the 67 m between stations do not tell slow from fast.
    wavenumber = np.abs(np.fft.fftfreq(128, 67.056))
    frequency_hz = np.fft.rfftfreq(3000, 0.002)
    band = (frequency_hz > 8) & (frequency_hz < 14)
    power = [
        np.abs(np.fft.fft(np.fft.rfft(x, 3000, axis=1)[:, band], 128, axis=0)) ** 2
        for x in (before, after)
    ]
    velocity = frequency_hz[band] / np.maximum(wavenumber[:, None], 1e-9)
    slow, fast = velocity < 1500, velocity > 4000
    assert power[1][slow].sum() < 0.02 * power[0][slow].sum()
    assert power[1][fast].sum() > 0.9 * power[0][fast].sum()


@pytest.mark.data
def test_gather_without_geometry_needs_its_spacing(data_dir: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "oz" / "ozdata.25.su")
    with pytest.raises(GeometryError, match="give spacing_m, or the survey a geometry"):
        run(survey, [{"fk_filter": FAN}])
    out = run(survey, [{"fk_filter": {**FAN, "spacing_m": 25.0}}])["amplitude"].values
    assert 0.1 < out.std() / survey["amplitude"].values.std() < 1
