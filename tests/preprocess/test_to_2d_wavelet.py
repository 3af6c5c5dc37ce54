"""The wavelet of a survey that was turned into line-source data."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geoml.physics.wavelets import half_derivative
from geoml.preprocess.estimate_wavelet import estimate_wavelet
from geoml.preprocess.pipeline import run
from geoml.preprocess.recipe import StepSpec
from geoml.survey.schema import TRACE_VARIABLES

DT_S, N_TIME, SPEED_M_S = 0.004, 400, 2000.0
LAGS_S = np.arange(-60, 61) * DT_S
PULSE = (1 - 2 * (np.pi * 20 * LAGS_S) ** 2) * np.exp(-((np.pi * 20 * LAGS_S) ** 2))


@pytest.fixture
def survey() -> xr.Dataset:
    """A direct wave of a point source over 24 receivers, picked 0.06 s before its middle."""
    offset_m = 600 + 25.0 * np.arange(24)
    late_s = np.arange(N_TIME) * DT_S - offset_m[:, None] / SPEED_M_S
    values = {name: np.zeros(24) for name in TRACE_VARIABLES} | {"offset": offset_m}
    values |= {"field_record": np.arange(24) // 12, "first_break": offset_m / SPEED_M_S - 0.06}
    samples = np.interp(late_s, LAGS_S, PULSE, left=0, right=0) / offset_m[:, None]
    return xr.Dataset(
        {
            "amplitude": (("trace", "time"), samples.astype(np.float32)),
            **{name: ("trace", value) for name, value in values.items()},
        },
        coords={"time": np.arange(N_TIME) * DT_S},
    )


CONVERT: StepSpec = {"to_2d": {"spreading": "direct"}}
BACK: StepSpec = {"to_2d": {"spreading": "direct", "inverse": True}}


@pytest.mark.parametrize(
    ("steps", "source"),
    [
        # In 2-D, a source sends out its half integral. The recorded pulse asks for its half
        # derivative; converted data, which hold its half integral, ask for the pulse itself.
        ([], half_derivative(PULSE, DT_S)),
        ([CONVERT], PULSE),
        ([CONVERT, BACK], half_derivative(PULSE, DT_S)),
    ],
)
def test_source_for_2d_modelling_comes_out_of_data_with_and_without_conversion(
    survey: xr.Dataset, steps: list[StepSpec], source: np.ndarray
) -> None:
    found = estimate_wavelet(run(survey, steps), lead_s=0.05, length_s=0.3)
    times_s = found.start_s + np.arange(found.samples.size) * DT_S - 0.06
    expected = np.interp(times_s, LAGS_S, source, left=0, right=0)
    likeness = expected @ found.samples / np.linalg.norm(expected) / np.linalg.norm(found.samples)
    assert likeness > 0.98
