"""Balance of traces, and of the shots and receivers of a survey."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.errors import GeometryError, OptionError
from geoml.preprocess.balance import Balance
from geoml.preprocess.surface_balance import surface_balance, surface_terms

N_SHOTS, N_RECEIVERS, N_TIME = 12, 20, 200


def rms(samples: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(samples.astype(np.float64) ** 2, axis=-1))


def test_traces_come_to_the_median_of_their_gather(gathers: xr.DataArray) -> None:
    out = Balance(max_ratio=1e9)(gathers).values
    for shot in range(3):
        members = np.delete(np.arange(12), 5) if shot == 0 else np.arange(12)
        level = np.median(rms(gathers.values[12 * shot : 12 * shot + 12][members]))
        np.testing.assert_allclose(rms(out[12 * shot : 12 * shot + 12][members]), level, rtol=1e-5)


def test_local_level_keeps_the_trend_and_mends_the_odd_trace(gathers: xr.DataArray) -> None:
    trend = np.geomspace(1, 0.1, 12)
    samples = np.random.default_rng(0).choice([-1.0, 1.0], (36, 300)) * np.tile(trend, 3)[:, None]
    samples[17] *= 7
    out = Balance(n_traces=2)(gathers.copy(data=samples.astype(np.float32)))
    np.testing.assert_allclose(rms(out.values[12:24])[2:-2], trend[2:-2], rtol=0.25)
    far = np.setdiff1d(np.arange(14, 22), np.arange(15, 20))
    np.testing.assert_allclose(rms(out.values)[far], np.tile(trend, 3)[far], rtol=1e-5)


def test_factor_has_a_limit(gathers: xr.DataArray) -> None:
    gathers.values[1] *= 1e-6
    out = Balance(max_ratio=4)(gathers).values
    np.testing.assert_allclose(out[1], 4 * gathers.values[1], rtol=1e-6)


def test_only_the_window_counts(gathers: xr.DataArray) -> None:
    loud = gathers.copy(deep=True)
    loud.values[:, :100] *= np.random.default_rng(0).uniform(1, 9, (36, 1)).astype(np.float32)
    one, other = (Balance(start_s=0.4)(data).values[:, 100:] for data in (gathers, loud))
    np.testing.assert_array_equal(one, other)


def test_impossible_options_are_refused(gathers: xr.DataArray) -> None:
    with pytest.raises(OptionError, match="max_ratio is 1; it must be above 1"):
        Balance(max_ratio=1)
    with pytest.raises(OptionError, match="n_traces is 0"):
        Balance(n_traces=0)
    with pytest.raises(OptionError, match="starts at 2 s and ends at 1 s"):
        Balance(start_s=2, end_s=1)
    with pytest.raises(OptionError, match=r"from 5 to inf s holds no sample .* 0 to 1\.196 s"):
        Balance(start_s=5)(gathers)


def test_traces_without_what_tells_gathers_apart_are_refused(gathers: xr.DataArray) -> None:
    with pytest.raises(GeometryError, match="'balance' needs 'receiver_x' of every trace"):
        Balance(gather="receiver")(gathers.drop_vars("receiver_x"))


@pytest.fixture
def line() -> tuple[xr.Dataset, np.ndarray, np.ndarray, np.ndarray]:
    """A rolling line of stations every 50 m: survey, log factors of shots and receivers, decay."""
    rng = np.random.default_rng(3)
    shot = np.repeat(np.arange(N_SHOTS), N_RECEIVERS)
    station = shot + np.tile(np.arange(N_RECEIVERS), N_SHOTS)
    offset = 100.0 + 50 * np.tile(np.arange(N_RECEIVERS), N_SHOTS)
    shot_log = rng.normal(size=N_SHOTS) * 0.7
    receiver_log = rng.normal(size=station.max() + 1) * 0.5
    spreading = (100 / offset) ** 1.3
    samples = rng.choice([-1.0, 1.0], (shot.size, N_TIME)) * spreading[:, None]
    samples *= np.exp(shot_log[shot] + receiver_log[station])[:, None]
    survey = xr.Dataset(
        {
            "amplitude": (("trace", "time"), samples.astype(np.float32), {"units": "1"}),
            "field_record": ("trace", (shot + 1).astype(np.int32)),
            "trace_in_record": ("trace", np.zeros(shot.size, dtype=np.int32)),
            "source_x": ("trace", 50.0 * shot),
            "source_y": ("trace", np.zeros(shot.size)),
            "receiver_x": ("trace", 100 + 50.0 * station),
            "receiver_y": ("trace", np.zeros(shot.size)),
            "offset": ("trace", offset),
        },
        coords={"time": np.arange(N_TIME) * 0.004},
        attrs={"history": ["made"]},
    )
    return survey, shot_log, receiver_log, spreading


Line = tuple[xr.Dataset, np.ndarray, np.ndarray, np.ndarray]


def test_factors_of_shots_and_receivers_are_found(line: Line) -> None:
    survey, shot_log, receiver_log, _ = line
    terms = surface_terms(survey, offset_class_m=50)
    assert terms.unexplained < 1e-6
    # They take nothing from the level of the survey.
    assert abs(terms.trace.mean()) < 1e-9
    # A gain that grows along the line is the same as one of shots, receivers and offset that
    # grow against each other: only what is left beside a straight line can be told.
    for found, planted in ((terms.shot, shot_log), (terms.receiver, receiver_log)):
        place = np.arange(planted.size)
        error = found - planted
        np.testing.assert_allclose(error, np.polyval(np.polyfit(place, error, 1), place), atol=1e-4)


def test_balanced_traces_of_one_offset_are_level(line: Line) -> None:
    survey, _, _, _ = line
    out = surface_balance(survey, offset_class_m=50)
    level = rms(out["amplitude"].values).reshape(N_SHOTS, N_RECEIVERS)
    assert level.std(axis=0).max() < 0.35 * level.mean()
    assert out["amplitude"].dtype == np.float32
    assert out["amplitude"].attrs == {"units": "1"}
    assert "surface_balance" in out.attrs["history"][-1]
    again = surface_terms(out, offset_class_m=50)
    assert max(np.abs(again.shot).max(), np.abs(again.receiver).max()) < 1e-4
    # Spreading along offset is no fault of the surface, and stays.
    decay = np.log(level.mean(axis=0))
    np.testing.assert_allclose(
        np.polyfit(np.log(100 + 50 * np.arange(20)), decay, 1)[0], -1.3, atol=0.3
    )


def test_dead_traces_do_not_count_and_lazy_is_the_same(line: Line) -> None:
    survey, _, _, _ = line
    survey["amplitude"].values[[3, 77]] = 0
    survey["amplitude"].values[100] *= 1e4
    survey["live"] = ("trace", np.arange(survey.sizes["trace"]) != 100)
    terms = surface_terms(survey, offset_class_m=50)
    assert terms.unexplained < 1e-6
    lazy = surface_terms(survey.chunk(trace=33, time=70), offset_class_m=50)
    np.testing.assert_allclose(lazy.trace, terms.trace, atol=1e-6)


def test_survey_of_one_shot_is_refused(line: Line) -> None:
    survey, _, _, _ = line
    with pytest.raises(GeometryError, match="1 shots and 20 live traces; surface terms need two"):
        surface_terms(survey.isel(trace=slice(0, N_RECEIVERS)))
    with pytest.raises(OptionError, match="offset_class_m is 0 m"):
        surface_terms(survey, offset_class_m=0)
