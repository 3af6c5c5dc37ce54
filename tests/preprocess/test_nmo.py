"""Normal moveout step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geoml.errors import FileFormatError, GeometryError, OptionError
from geoml.preprocess.nmo import Nmo
from geoml.preprocess.recipe import build_steps
from geoml.survey.schema import TRACE_VARIABLES

DT_S, N_TIME = 0.004, 500
TIME_S = np.arange(N_TIME) * DT_S
OFFSET_M = np.linspace(-1200.0, 1500.0, 25)


def ricker(late_s: np.ndarray, peak_hz: float = 25.0) -> np.ndarray:
    phase = (np.pi * peak_hz * late_s) ** 2
    return (1 - 2 * phase) * np.exp(-phase)


def cmp_gather(arrivals_s: np.ndarray, offset_m: np.ndarray = OFFSET_M) -> xr.DataArray:
    """A wavelet at each arrival time, shape of arrivals (event, trace)."""
    samples = np.zeros((offset_m.size, N_TIME))
    for row in arrivals_s:
        samples += ricker(TIME_S - row[:, None])
    return xr.DataArray(
        np.asarray(samples, dtype=np.float32),
        dims=("trace", "time"),
        coords={"time": TIME_S, "offset": ("trace", offset_m)},
    )


def test_hyperbola_of_the_velocity_becomes_flat() -> None:
    gather = cmp_gather(np.sqrt(1.2**2 + (OFFSET_M / 2300) ** 2)[None])
    flat = Nmo(velocity_m_s=2300)(gather).values
    # By hand: a peak of amplitude 1 at 1.2 s, sample 300, on every trace.
    np.testing.assert_array_equal(flat.argmax(axis=1), 300)
    np.testing.assert_allclose(flat.max(axis=1), 1, atol=5e-3)


def test_wavelet_is_the_analytic_one_drawn_out() -> None:
    arrival = np.sqrt(1.2**2 + (OFFSET_M / 2300) ** 2)
    flat = Nmo(velocity_m_s=2300)(cmp_gather(arrival[None])).values
    read_s = np.sqrt(TIME_S**2 + (OFFSET_M[:, None] / 2300) ** 2)
    kept = slice(250, 400)
    expected = ricker(read_s - arrival[:, None])
    np.testing.assert_allclose(flat[:, kept], expected[:, kept], atol=4e-3)


def test_velocity_is_linear_in_time_and_cdp() -> None:
    table = {10: ((0.0, 1600.0), (1.0, 2000.0)), 20: ((0.5, 2400.0), (1.5, 3000.0))}
    offset = np.full(3, 900.0)
    # By hand, at 0.8 s: 1920 m/s at CDP 10, 2580 at 20, so 2118 at 13; beyond 20 as at 20.
    velocity = np.array([1920.0, 2118.0, 2580.0])
    gather = cmp_gather(np.sqrt(0.8**2 + (900 / velocity) ** 2)[None], offset)
    gather = gather.assign_coords(cdp=("trace", np.array([5, 13, 44])))
    flat = Nmo(velocity_m_s=table, max_stretch=np.inf)(gather).values
    assert (np.abs(flat.argmax(axis=1) - 200) <= 1).all()


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 999),
    top_m_s=st.floats(1500, 2500),
    rise_m_s=st.floats(0, 1500),
    max_stretch=st.floats(0.2, 0.8),
)
def test_inverse_restores_what_the_mute_left(
    seed: int, top_m_s: float, rise_m_s: float, max_stretch: float
) -> None:
    velocity = ((0.0, top_m_s), (2.0, top_m_s + rise_m_s))
    rng = np.random.default_rng(seed)
    noise = np.fft.rfft(rng.normal(size=(OFFSET_M.size, N_TIME)))
    noise[:, np.fft.rfftfreq(N_TIME, DT_S) > 45] = 0
    samples = np.fft.irfft(noise, N_TIME).astype(np.float32)
    gather = cmp_gather(np.empty((0, OFFSET_M.size))) + samples
    forward = Nmo(velocity, max_stretch, taper_s=0.0)
    back = Nmo(velocity, max_stretch, taper_s=0.0, inverse=True)(forward(gather))
    # Where the mute ends in recorded time: the moveout of the first sample that is left.
    for i, offset in enumerate(OFFSET_M):
        left = np.flatnonzero(forward(gather).values[i])
        t0 = TIME_S[left[0]]
        until = np.hypot(t0, offset / np.interp(t0, *np.transpose(velocity)))
        safe = (until + 0.05 < TIME_S) & (TIME_S[-1] - 0.05 > TIME_S)
        assert safe.sum() > 20
        error = (back.values - samples)[i, safe]
        assert np.sqrt(np.mean(error**2)) < 0.01 * samples.std()


def test_muted_samples_are_those_that_stretch_too_much() -> None:
    ones = cmp_gather(np.empty((0, OFFSET_M.size))) + np.float32(1)
    kept = Nmo(velocity_m_s=2000, max_stretch=0.4, taper_s=0)(ones).values != 0
    time_s = np.hypot(TIME_S, OFFSET_M[:, None] / 2000)
    with np.errstate(divide="ignore"):
        stretch = time_s / TIME_S - 1  # of a constant velocity, in closed form
    inside = time_s < TIME_S[-1]
    np.testing.assert_array_equal(kept[inside & (stretch < 0.39)], True)
    np.testing.assert_array_equal(kept[stretch > 0.41], False)


def test_offset_zero_is_left_as_it_is_also_before_the_shot() -> None:
    gather = cmp_gather(np.array([[0.7]]), np.zeros(1))
    early = gather.assign_coords(time=TIME_S - 0.1)
    np.testing.assert_allclose(Nmo(velocity_m_s=2000)(early).values, early.values, atol=1e-6)


def test_time_before_the_shot_is_muted_at_an_offset() -> None:
    early = (cmp_gather(np.empty((0, 25))) + np.float32(1)).assign_coords(time=TIME_S - 0.1)
    flat = Nmo(velocity_m_s=2000, max_stretch=np.inf)(early).values
    assert not flat[:, :25].any()
    assert flat[:, 60:250].all()


def test_picks_move_with_their_event() -> None:
    arrival = np.sqrt(1.2**2 + (OFFSET_M / 2300) ** 2)
    gather = cmp_gather(arrival[None]).assign_coords(first_break=("trace", arrival))
    flat = Nmo(velocity_m_s=2300)(gather)
    np.testing.assert_allclose(flat["first_break"].values, 1.2, atol=1e-3)
    back = Nmo(velocity_m_s=2300, inverse=True)(flat)
    np.testing.assert_allclose(back["first_break"].values, arrival, atol=1e-3)


def test_table_file_is_read_and_kept_in_the_history(tmp_path: Path) -> None:
    path = tmp_path / "velocity.csv"
    path.write_text("cdp,time_s,velocity_m_s\n7,0,1500\n7,1,2000\n9,0,1800\n")
    step = build_steps([{"nmo": {"velocity_m_s": str(path)}}])[0]
    assert step == Nmo({7: ((0.0, 1500.0), (1.0, 2000.0)), 9: ((0.0, 1800.0),)})
    path.write_text("time_s,velocity_m_s\n0,1500\n1,2000\n")
    assert Nmo(str(path)) == Nmo(((0.0, 1500.0), (1.0, 2000.0)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("time_s,velocity_m_s\n", "no rows"),
        ("time_s,speed\n0,1\n", "lines of numbers"),
        ("time_s,velocity_m_s\n0,fast\n", "lines of numbers"),
        ("time_s,velocity_m_s\n0\n", "lines of numbers"),
    ],
)
def test_file_that_is_no_table_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "velocity.csv"
    path.write_text(content)
    with pytest.raises(FileFormatError, match=message):
        Nmo(str(path))
    with pytest.raises(FileFormatError, match="cannot be read"):
        Nmo(str(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"velocity_m_s": 0.0}, "is 0 m/s; it must be above 0"),
        ({"velocity_m_s": ((0.5, 2000.0), (0.5, 2100.0))}, "times rise"),
        ({"velocity_m_s": ()}, "rows"),
        ({"velocity_m_s": {}}, "names no CDP"),
        ({"velocity_m_s": 2000.0, "max_stretch": 0.0}, "max_stretch 0 must be above 0"),
    ],
)
def test_impossible_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Nmo(**options)


def test_survey_without_offsets_or_cdps_is_refused_before_it_is_read() -> None:
    survey = xr.Dataset({name: ("trace", np.zeros(4)) for name in TRACE_VARIABLES})
    with pytest.raises(GeometryError, match="every trace has offset 0"):
        Nmo(velocity_m_s=2000).check(survey)
    stacked = survey.assign(source_x=("trace", np.arange(4.0)))
    with pytest.raises(GeometryError, match="before the stack"):
        Nmo(velocity_m_s=2000).check(stacked)
    with pytest.raises(GeometryError, match="every CDP number is 0"):
        Nmo({3: ((0.0, 2000.0),)}).check(survey.assign(offset=("trace", np.ones(4))))
    Nmo(velocity_m_s=2000).check(survey.assign(offset=("trace", np.ones(4))))
