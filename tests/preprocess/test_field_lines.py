"""The steps on two field lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geoml.preprocess.pipeline import run
from geoml.readers.ingest import read_survey

pytestmark = pytest.mark.data

RECIPE = [
    "pick_first_breaks",
    {"bandpass": {"low_hz": 4, "high_hz": 18}},
    {"kill": {"noisy_ratio": 3.0}},
    {"resample": {"dt_s": 0.008}},
    {"mute_top": {"velocity_m_s": 3000, "taper_s": 0.1}},
    {"gain_time_power": {"power": 1}},
    {"normalise": {"by": "gather"}},
]


def clean(path: Path) -> xr.Dataset:
    return run(read_survey(path), RECIPE).compute()


def picks_near(survey: xr.Dataset, offset_m: float) -> np.ndarray:
    near = np.abs(np.abs(survey["offset"].values) - offset_m) < 20
    return survey["first_break"].values[near]


def test_marine_line(data_dir: Path) -> None:
    survey = clean(data_dir / "seismic" / "viking_small.segy")
    assert dict(survey["amplitude"].sizes) == {"trace": 480, "time": 300}
    assert survey["live"].values.all()
    assert np.isfinite(survey["first_break"].values).mean() > 0.9
    # The near trace sees the direct wave through water of about 1500 m/s.
    np.testing.assert_allclose(picks_near(survey, 262), 262 / 1500, atol=0.012)
    rms = np.sqrt(np.mean(survey["amplitude"].values.reshape(4, -1) ** 2, axis=1))
    np.testing.assert_allclose(rms, 1, rtol=1e-4)


def test_land_line(data_dir: Path) -> None:
    survey = clean(data_dir / "seismic" / "land_line_18shots.sgy")
    assert dict(survey["amplitude"].sizes) == {"trace": 594, "time": 376}
    assert np.isfinite(survey["amplitude"].values).all()
    dead = ~survey["live"].values
    # Two traces at the shot point ring at over 30 times the level of their gather, and so does
    # the geophone of channel 11 wherever it is close.
    killed = set(
        zip(
            survey["field_record"].values[dead], survey["trace_in_record"].values[dead], strict=True
        )
    )
    assert {(16, 31), (12, 22), (3, 11), (2, 11)} <= killed
    assert dead.mean() < 0.05
    assert not survey["amplitude"].values[dead].any()
    far = picks_near(survey, 2145)
    assert np.nanmin(far) > 1.0
    assert np.nanmax(far) < 1.3
