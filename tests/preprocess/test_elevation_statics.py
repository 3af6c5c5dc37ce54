"""Elevation statics step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.typing import ArrayLike

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.elevation_statics import ElevationStatics
from geoml.preprocess.pipeline import preprocess_store, run
from geoml.readers.ingest import read_survey
from geoml.survey.schema import TRACE_VARIABLES
from geoml.survey.store import open_survey, save_survey
from geoml.survey.uphole import with_uphole_times

DT_S = 0.004


def gather(**values: ArrayLike) -> xr.DataArray:
    """A 20 Hz Ricker wavelet at 1 s on every trace, with these trace variables."""
    time_s = np.arange(500) * DT_S
    phase = (np.pi * 20 * (time_s - 1.0)) ** 2
    trace = ((1 - 2 * phase) * np.exp(-phase)).astype(np.float32)
    n_traces = len(next(iter(values.values())))
    return xr.DataArray(
        np.tile(trace, (n_traces, 1)),
        dims=("trace", "time"),
        coords={"time": time_s, **{name: ("trace", np.array(v)) for name, v in values.items()}},
    )


def arrival_s(gathers: xr.DataArray) -> np.ndarray:
    """Where the wavelet's peak is, by the phase of its spectrum [s]."""
    frequency = np.fft.rfftfreq(500, DT_S)
    band = (frequency > 15) & (frequency < 25)
    spectrum = np.fft.rfft(gathers.values.astype(float), axis=1)[:, band]
    turned = np.unwrap(np.angle(spectrum * np.exp(2j * np.pi * frequency[band])), axis=1)
    return 1.0 - turned.mean(axis=1) / (2 * np.pi * frequency[band].mean())


def test_source_and_receiver_come_down_to_the_datum() -> None:
    hill = gather(
        source_elevation=[140.0, 100.0, 90.0],
        source_depth=[10.0, 0.0, 0.0],
        receiver_elevation=[120.0, 100.0, 80.0],
    )
    step = ElevationStatics(datum_m=100.0, velocity_m_s=2000.0)
    # By hand: (30 + 20) / 2000 earlier; nothing; (10 + 20) / 2000 later.
    np.testing.assert_allclose(step.static_s(hill), [-0.025, 0, 0.015], atol=1e-12)
    np.testing.assert_allclose(arrival_s(step(hill)), [0.975, 1.0, 1.015], atol=1e-5)


def test_flat_reflector_under_hills_becomes_flat() -> None:
    # Vertical paths through rock of one velocity to a reflector at 0 m: t = (es + er) / v.
    rng = np.random.default_rng(0)
    source, receiver = rng.uniform(900, 1100, (2, 30))
    hills = gather(source_elevation=source, source_depth=np.zeros(30), receiver_elevation=receiver)
    frequency = np.fft.rfftfreq(500, DT_S)
    late_s = (source + receiver) / 2000 - 1.0
    spectrum = np.fft.rfft(hills.values) * np.exp(-2j * np.pi * frequency * late_s[:, None])
    hills.values[:] = np.fft.irfft(spectrum, 500)
    flat = ElevationStatics(datum_m=1000.0, velocity_m_s=2000.0)(hills)
    np.testing.assert_allclose(arrival_s(flat), 1.0, atol=1e-5)


def test_uphole_time_takes_the_weathering_off() -> None:
    # Weathering of 800 m/s and 12 m on rock of 2400 m/s, a hole of 18 m: 15 + 2.5 ms up it.
    up_s = 12 / 800 + 6 / 2400
    line = gather(
        source_elevation=[210.0],
        source_depth=[18.0],
        receiver_elevation=[230.0],
        uphole_time=[up_s],
        uphole_depth=[18.0],
    )
    static = ElevationStatics(datum_m=150.0, velocity_m_s=2400.0, uphole=True).static_s(line)
    # From the reflector the wave comes to the base of the weathering at 218 m and needs 15 ms on.
    expected = -(192 - 150) / 2400 - (218 - 150) / 2400 - 12 / 800
    assert static[0] == pytest.approx(expected)


def test_picks_move_along(gathers: xr.DataArray) -> None:
    step = ElevationStatics(datum_m=300.0, velocity_m_s=2000.0)
    moved = step(gathers)["first_break"] - gathers["first_break"]
    np.testing.assert_allclose(moved, step.static_s(gathers))


def empty_survey() -> xr.Dataset:
    return xr.Dataset({name: ("trace", np.zeros(4)) for name in TRACE_VARIABLES})


def test_survey_without_elevations_or_upholes_is_refused() -> None:
    with pytest.raises(GeometryError, match="needs elevations, and every one is 0"):
        ElevationStatics(0.0, 2000.0).check(empty_survey())
    high = empty_survey().assign(receiver_elevation=("trace", np.ones(4)))
    ElevationStatics(0.0, 2000.0).check(high)
    with pytest.raises(GeometryError, match="does not hold the headers"):
        ElevationStatics(0.0, 2000.0, uphole=True).check(high)
    ElevationStatics(0.0, 2000.0, uphole=True).check(high.assign(uphole_time=("trace", [0.0] * 4)))


def test_shift_out_of_the_recording_is_refused(gathers: xr.DataArray) -> None:
    with pytest.raises(OptionError, match=r"move 36 of 36 traces out of their recording of 1.2 s"):
        ElevationStatics(datum_m=-9000.0, velocity_m_s=2000.0)(gathers)
    with pytest.raises(OptionError, match="velocity_m_s 0 above 0"):
        ElevationStatics(datum_m=0.0, velocity_m_s=0.0)


@pytest.mark.data
def test_first_breaks_of_the_land_line_scatter_less(data_dir: Path) -> None:
    survey = with_uphole_times(read_survey(data_dir / "seismic" / "land_line_18shots.sgy"))
    up_s, depth_m = survey["uphole_time"].values, survey["uphole_depth"].values
    assert 0.019 < up_s.min() < up_s.max() < 0.036
    assert 24.3 < depth_m.min() < depth_m.max() < 30.5
    # Seconds over metres: the weathering is slow, 800 to 1400 m/s.
    assert 700 < (depth_m / up_s).min() < (depth_m / up_s).max() < 1600
    step = {"elevation_statics": {"datum_m": 50.0, "velocity_m_s": 1900.0, "uphole": True}}
    picked = run(survey, ["pick_first_breaks"]).compute()
    scatter = [_scatter_s(picked)]
    for uphole in (False, True):
        step = {"elevation_statics": {"datum_m": 50.0, "velocity_m_s": 1900.0, "uphole": uphole}}
        scatter.append(_scatter_s(run(picked, [step])))
    # Measured 5.8, 4.9 and 4.0 ms.
    assert scatter[1] < 0.9 * scatter[0]
    assert scatter[2] < 0.75 * scatter[0]


def _scatter_s(survey: xr.Dataset) -> float:
    """Median misfit of the first breaks to one smooth curve over offset [s]."""
    offset, picks = np.abs(survey["offset"].values), survey["first_break"].values
    used = (offset > 300) & np.isfinite(picks)
    curve = np.polynomial.Polynomial.fit(offset[used], picks[used], 3)
    return float(np.median(np.abs(picks[used] - curve(offset[used]))))


@pytest.mark.data
def test_store_gets_its_upholes_from_its_own_headers(data_dir: Path, tmp_path: Path) -> None:
    survey = read_survey(data_dir / "seismic" / "land_line_18shots.sgy")
    save_survey(survey, tmp_path / "in.zarr")
    step = {"elevation_statics": {"datum_m": 50.0, "velocity_m_s": 1900.0, "uphole": True}}
    preprocess_store(tmp_path / "in.zarr", tmp_path / "out.zarr", [step])
    stored, given = open_survey(tmp_path / "out.zarr"), with_uphole_times(survey)
    np.testing.assert_array_equal(stored["amplitude"], run(given, [step])["amplitude"])
    np.testing.assert_array_equal(stored["uphole_time"], given["uphole_time"])
    np.testing.assert_array_equal(run(survey, [step])["amplitude"], stored["amplitude"])
    silent = survey["header_bytes"].values.copy()
    silent[:, 94:96] = 0
    bare = survey.assign(header_bytes=(("trace", "header_byte"), silent))
    with pytest.raises(GeometryError, match="Every uphole time in the trace headers is 0"):
        run(bare, [step])
