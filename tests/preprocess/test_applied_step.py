"""Steps of a history that preprocessing knows by name and never runs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from geoml.errors import CheckpointError, OptionError
from geoml.prediction.invert import check_steps
from geoml.preprocess import ALIASES, STEPS
from geoml.preprocess.applied_step import APPLIED_ELSEWHERE
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import build_steps, step_specs
from geoml.preprocess.replay import replayed_steps

HISTORY = [
    {"gain_time_power": {"power": 1.0}},
    {"denoise": {"gather": "shot", "checkpoint": "geoml:denoiser"}},
]


def test_history_with_a_network_in_it_is_listed_as_it_was_stored() -> None:
    specs = step_specs(build_steps(HISTORY))
    assert specs == json.loads(json.dumps(HISTORY))
    assert step_specs(build_steps(specs)) == specs


def test_denoising_is_not_replayed_on_simulated_gathers() -> None:
    assert step_specs(replayed_steps(HISTORY)) == [HISTORY[0]]


def test_denoised_survey_fits_a_network_trained_for_its_other_steps() -> None:
    check_steps(HISTORY, HISTORY[:1])
    with pytest.raises(CheckpointError, match="went through steps"):
        check_steps(HISTORY[1:], HISTORY[:1])


@pytest.mark.parametrize("name", APPLIED_ELSEWHERE)
def test_name_is_no_preprocessing_step_and_running_it_says_what_to_do(name: str) -> None:
    assert name not in STEPS
    assert name not in ALIASES
    survey = xr.Dataset({"amplitude": (("trace", "time"), np.zeros((1, 2), np.float32))})
    with pytest.raises(OptionError, match=f"'{name}' is no preprocessing step; run 'geoml "):
        run(survey, [{name: {}}])
